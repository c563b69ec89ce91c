"""A key pays its own units and nothing else, and one that cannot be ended does not stop the others."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from sqlalchemy import select, update

from integration.project_keys.desk import CAN, Desk
from isp_addons.domain.event import Event, Word
from isp_addons.domain.money import half_up
from isp_addons.domain.problem import ConfigProblem
from isp_addons.domain.quantity_change import Wish
from isp_addons.domain.subscription import Plan
from isp_addons.services import inbox, order, period_begin, project_key_end, project_key_redeem, quantity_change
from isp_addons.services.project_key_redeem import Redeem
from isp_addons.store.tables import Account, Charge, LedgerAccount, Licence, Product, ProjectKey, Subscription
from isp_addons.vendor_api import Capabilities


def runs(desk: Desk, ref: str = "a0") -> int:
    """The account has ten by period."""
    wanted = order.Order(account=ref, product="scan", plan=Plan.RECURRING, quantity=10)
    return order.place(desk.context, desk.cause, wanted)


def test_what_was_to_come_does_not_change_what_a_key_pays(desk: Desk) -> None:
    (customer,) = desk.customers(1)
    number = runs(desk)
    quantity_change.change(desk.context, desk.cause, Wish(subscription=number, quantity=20))
    desk.imports("KEY-0001")
    desk.redeems(customer, "KEY-0001")
    desk.now += timedelta(days=32)
    period_begin.apply(desk.context, desk.cause)
    with desk.store.read() as session:
        assert session.get_one(Subscription, number).quantity == 10


def test_a_key_whose_vendor_is_gone_does_not_stop_the_others(desk: Desk) -> None:
    first, second = desk.customers(2)
    for ref in ("a0", "a1"):
        runs(desk, ref)
    desk.imports("KEY-0001", "KEY-0002", term=1)
    desk.redeems(first, "KEY-0001")
    desk.redeems(second, "KEY-0002")
    with desk.store.write() as session:
        theirs = session.scalars(select(Subscription).join(Account).where(Account.ref == "a0")).one()
        theirs.product_id = session.scalars(select(Product.id).where(Product.code == "guard")).one()
        session.get_one(ProjectKey, 1).product_id = theirs.product_id
        session.execute(update(Licence).where(Licence.subscription_id == theirs.id).values(vendor="guard"))

    def capabilities(vendor: str) -> Capabilities:
        if vendor == "guard":
            raise ConfigProblem("There is no vendor guard.")
        return CAN

    desk.now += timedelta(days=80)
    period_begin.apply(desk.context, desk.cause)
    assert project_key_end.finish(replace(desk.context, capabilities=capabilities), desk.cause) == 1
    with desk.store.read() as session:
        assert [each.ended_at is not None for each in session.scalars(select(ProjectKey).order_by(ProjectKey.id))] == [
            False,
            True,
        ]


def test_money_that_comes_after_a_key_ended_pays_only_what_the_key_did_not(desk: Desk) -> None:
    (customer,) = desk.customers(1)
    number = runs(desk)
    desk.imports("KEY-0001", term=1)
    desk.now += timedelta(days=10)
    wish = Redeem(customer=customer, code="KEY-0001", selling_price="0.00", instantly=True)
    project_key_redeem.redeem(desk.context, desk.cause, wish)
    with desk.store.read() as session:
        over = session.scalars(select(ProjectKey.until)).one()
        start = session.scalars(select(LedgerAccount.period_end)).one()
    assert over is not None
    assert over > start, "the key pays the first part of the next period"
    desk.now = start
    period_begin.apply(desk.context, desk.cause)
    with desk.store.write() as session:
        session.execute(update(LedgerAccount).values(balance=0))
        end = session.scalars(select(LedgerAccount.period_end)).one()
    desk.now = over
    assert desk.ends_keys() == 1
    desk.now += timedelta(days=2)
    event = Event(key="e", word=Word.PAID, account="a0", source="billing", details={"amount": "1000.00"})
    inbox.handle_now(desk.context, desk.cause, event)
    seconds = [int((moment - start).total_seconds()) for moment in (over, end)]
    due = half_up(Fraction(10 * 200 * (seconds[1] - seconds[0]), seconds[1]))
    with desk.store.read() as session:
        last = session.scalars(select(Charge).order_by(Charge.id.desc())).first()
        assert last is not None
        assert (last.amount, last.period_start, last.period_end) == (due, over, end)
        assert session.scalars(select(LedgerAccount.balance)).one() == 100_000 - due
        assert session.get_one(Subscription, number).paid_until == end
