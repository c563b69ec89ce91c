"""Quantities where users have seats, the billing takes the money itself, a price was agreed, or the vendor refuses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from integration.users.conftest import NOW, Office, side_by_side
from integration.users.conftest import VENDORS as PHONES
from isp_addons.billing.base import Funds
from isp_addons.billing.remote import RemoteBilling
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.problem import Problem, Refused
from isp_addons.domain.quantity_change import Changed, Effect, When, Wish
from isp_addons.domain.subscription import Plan
from isp_addons.services import (
    cancel,
    charge,
    order,
    period_begin,
    products,
    quantity_change,
    reactivate,
    refund,
    stop,
    tariff,
)
from isp_addons.services.context import Context
from isp_addons.store.engine import Store
from isp_addons.store.tables import Charge, LedgerAccount, Licence, QuantityChange, Subscription
from isp_addons.vendor_api import Capabilities, SuspendKind

APRIL, MAY = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
VENDORS = {
    **PHONES,
    "seats": Capabilities(suspends=SuspendKind.STATE, counts_seats=True, endless=True),
    "whole": Capabilities(suspends=SuspendKind.STATE, endless=True),
}


def wish(office: Office, subscription: int, quantity: int, when: When = When.NEXT) -> Changed:
    asked = Wish(subscription=subscription, quantity=quantity, when=when)
    return quantity_change.change(office.context, office.cause("changed"), asked)


def of(store: Store, subscription: int) -> Subscription:
    with store.read() as session:
        return session.scalars(select(Subscription).where(Subscription.id == subscription)).one()


@pytest.mark.acceptance("X24")
def test_no_fewer_units_than_users_with_a_seat(office: Office) -> None:
    subscription = office.orders("assist", 5)
    office.gives(subscription, "anna", "bo", "cleo")

    with pytest.raises(Refused, match="take 2 back first") as refused:
        wish(office, subscription, 1)

    assert refused.value.code == "seats_in_use"
    assert wish(office, subscription, 3).effect is Effect.PENDING


def test_while_less_is_to_come_no_more_seats_are_given_than_there_will_be(office: Office) -> None:
    subscription = office.orders("assist", 5)
    office.gives(subscription, "anna", "bo")
    wish(office, subscription, 2)

    with pytest.raises(Refused) as refused:
        office.gives(subscription, "cleo")
    assert refused.value.code == "no_free_licence"
    assert office.pool(subscription) == (5, 2, 3)
    assert quantity_change.withdraw(office.context, office.cause(), subscription_id=subscription)
    assert office.gives(subscription, "cleo") == [True]


def test_more_now_makes_room_for_more_users_at_once(office: Office) -> None:
    subscription = office.orders("assist", 1)
    wish(office, subscription, 3, When.NOW)

    assert office.gives(subscription, "anna", "bo", "cleo") == [True, True, True]
    assert office.licence(subscription).wanted_quantity == 3


def test_of_many_who_ask_at_once_one_change_is_pending(office: Office) -> None:
    subscription = office.orders("assist", 5)

    answers = side_by_side([lambda number=number: wish(office, subscription, number) for number in (2, 3, 4)])  # type: ignore[misc]

    assert all(isinstance(each, Changed) or (isinstance(each, Problem) and each.exit_code == 75) for each in answers)
    with office.store.read() as session:
        pending = QuantityChange.cancelled_at.is_(None) & QuantityChange.applied_at.is_(None)
        (standing,) = session.scalars(select(QuantityChange).where(pending)).all()
    assert of(office.store, subscription).price == 100 * standing.quantity


def test_what_is_for_the_whole_account_has_no_quantity(office: Office) -> None:
    subscription = office.orders("analytics")

    with pytest.raises(Refused) as refused:
        wish(office, subscription, 2, When.NOW)
    assert refused.value.code == "quantity_fixed"


def test_a_price_that_was_agreed_is_that_of_each_unit(office: Office) -> None:
    subscription = office.orders("assist", 5)
    with office.store.write() as session:
        session.execute(update(Subscription).values(own_price=True, price=5 * 70))

    assert wish(office, subscription, 3).next_price == 210
    assert wish(office, subscription, 2).next_price == 140
    assert wish(office, subscription, 5).next_price == 350
    assert wish(office, subscription, 6, When.NOW).next_price == 420


def test_who_comes_with_the_tariff_has_no_change_to_come(office: Office) -> None:
    subscription = office.orders("assist")
    wish(office, subscription, 3)
    tariff.include(office.context, office.cause(), tariff="Home", product_code="assist")
    with office.store.write() as session:
        session.execute(update(LedgerAccount).values(tariff="Home"))
        office.context.billing.fill(session, office.context.billing.gather(["42"], at=NOW))
        tariff.settle(office.context, session, office.cause("has the tariff"))

    assert (of(office.store, subscription).plan, of(office.store, subscription).price) == ("bundled", 0)
    assert not quantity_change.withdraw(office.context, office.cause(), subscription_id=subscription)
    with pytest.raises(Refused) as refused:
        wish(office, subscription, 3)
    assert refused.value.code == "quantity_fixed"


@dataclass
class Reader:
    """A billing elsewhere: one account, with so much money, in a period that it tells."""

    funds_now: Funds

    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> Iterator[Funds]:  # noqa: ARG002
        if refs is None or self.funds_now.ref in refs:
            yield self.funds_now

    def never_existed(self, refs: Sequence[str]) -> list[str]:
        return [ref for ref in refs if ref != self.funds_now.ref]

    def check(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """Nothing to let go of."""


@dataclass
class Shop:
    """An ISP whose billing takes the money itself."""

    store: Store
    reader: Reader
    now: datetime = NOW

    @property
    def context(self) -> Context:
        return Context(store=self.store, billing=RemoteBilling(self.reader), capabilities=VENDORS.__getitem__)

    def cause(self) -> Cause:
        return Cause(actor="tester", source=Source.ADMIN, at=self.now, why="the test says so")

    def orders(self, vendor: str, quantity: int = 1) -> int:
        new = products.NewProduct(code=vendor, name=vendor, vendor=vendor, price=1000)
        products.add(self.context, self.cause(), new)
        wanted = order.Order(account="7", product=vendor, plan=Plan.RECURRING, key=vendor, quantity=quantity)
        return order.place(self.context, self.cause(), wanted)

    def changes(self, subscription: int, quantity: int, when: When) -> Changed:
        asked = Wish(subscription=subscription, quantity=quantity, when=when)
        return quantity_change.change(self.context, self.cause(), asked)

    def wanted(self, subscription: int) -> list[str]:
        """What is wanted of each seat."""
        with self.store.read() as session:
            theirs = select(Licence.wanted_state).where(Licence.subscription_id == subscription)
            return list(session.scalars(theirs.order_by(Licence.seat)))


@pytest.fixture
def shop(store: Store) -> Shop:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    funds = Funds(
        ref="7",
        currency="EUR",
        period_start=march,
        period_end=APRIL,
        balance=3000,
        available=3000,
        dues=0,
        blocked=False,
        unlimited=False,
    )
    return Shop(store, Reader(funds))


def test_a_billing_that_takes_the_money_itself_is_only_asked_whether_it_reaches(shop: Shop) -> None:
    subscription = shop.orders("seats", 2)
    done = shop.changes(subscription, 4, When.NOW)

    assert (done.charged, done.next_price) == (0, 4000)
    assert shop.wanted(subscription) == ["active"] * 4
    shop.reader.funds_now = replace(shop.reader.funds_now, available=100)
    with pytest.raises(Refused) as refused:
        shop.changes(subscription, 9, When.NOW)
    assert refused.value.code == "insufficient_funds"


def test_there_too_less_counts_when_its_next_period_has_begun(shop: Shop) -> None:
    subscription = shop.orders("seats", 3)
    assert shop.changes(subscription, 2, When.NEXT).from_at == APRIL
    period_begin.apply(shop.context, shop.cause())
    assert shop.wanted(subscription) == ["active"] * 3

    shop.now = APRIL
    shop.reader.funds_now = replace(shop.reader.funds_now, period_start=APRIL, period_end=MAY)
    period_begin.apply(shop.context, shop.cause())

    assert shop.wanted(subscription) == ["active", "active", "ended"]
    found = of(shop.store, subscription)
    assert (found.quantity, found.price, found.paid_until) == (2, 2000, MAY)


def test_what_is_blocked_in_the_billing_is_not_changed(shop: Shop) -> None:
    subscription = shop.orders("seats", 2)
    shop.reader.funds_now = replace(shop.reader.funds_now, blocked=True)
    with pytest.raises(Refused) as refused:
        shop.changes(subscription, 1, When.NEXT)
    assert refused.value.code == "account_blocked"


def test_a_vendor_that_knows_no_other_quantity_is_not_told_one(shop: Shop) -> None:
    subscription = shop.orders("whole")
    with pytest.raises(Refused, match="cannot change the quantity") as refused:
        shop.changes(subscription, 2, When.NEXT)
    assert refused.value.code == "quantity_fixed"


def test_a_seat_that_is_refused_later_does_not_undo_the_whole_order(office: Office) -> None:
    context = replace(office.context, capabilities=VENDORS.__getitem__)
    products.add(context, office.cause(), products.NewProduct(code="av", name="av", vendor="seats", price=1000))
    wanted = order.Order(account="42", product="av", plan=Plan.RECURRING, key="av", quantity=2)
    subscription = order.place(context, office.cause(), wanted)
    with office.store.write() as session:
        session.execute(update(Licence).values(seen_state="active", reference=Licence.key))
    quantity_change.change(context, office.cause(), Wish(subscription=subscription, quantity=3, when=When.NOW))
    with office.store.write() as session:
        refused = Licence.seat == 3
        session.execute(update(Licence).where(refused).values(given_up_at=NOW, failure="rejected"))

    assert refund.reverse_refused(context, office.cause()) == 0
    assert of(office.store, subscription).status == "running"
    with office.store.read() as session:
        assert len(session.scalars(select(Charge).where(Charge.reversed_at.is_(None))).all()) == 2
    assert cancel.cancel(context, office.cause(), subscription_id=subscription).value == "ending"


def test_a_cancelled_term_that_was_renewed_with_more_has_what_was_paid(office: Office) -> None:
    context = replace(office.context, capabilities=VENDORS.__getitem__)
    products.add(context, office.cause(), products.NewProduct(code="av", name="av", vendor="seats", price=1000))
    wanted = order.Order(account="42", product="av", plan=Plan.ONE_OFF, key="av", quantity=2)
    subscription = order.place(context, office.cause(), wanted)
    first_end = of(office.store, subscription).paid_until
    assert first_end is not None
    charge.renew(context, office.cause(), subscription_id=subscription, quantity=3)
    cancel.cancel(context, office.cause(), subscription_id=subscription)

    later = replace(office.cause(), at=first_end)
    cancel.finish(context, later)
    period_begin.apply(context, later)

    found = of(office.store, subscription)
    assert (found.status, found.quantity, found.price) == ("ending", 3, 3000)


def test_what_is_over_has_nothing_to_come_and_the_price_of_what_there_was(office: Office) -> None:
    for number, ends in enumerate(("cancelled", "at once", "stopped")):
        subscription = office.orders("assist", 5)
        before = of(office.store, subscription).price
        wish(office, subscription, 3)
        assert of(office.store, subscription).price != before
        if ends == "stopped":
            stop.stop_now(office.context, office.cause(), subscription_id=subscription)
        else:
            cancel.cancel(office.context, office.cause(), subscription_id=subscription, at_once=ends == "at once")
        cancel.finish(office.context, replace(office.cause(), at=MAY))

        found = of(office.store, subscription)
        assert (found.status, found.quantity, found.price) == ("ended", 5, before), ends
        with office.store.read() as session:
            dropped = session.scalars(select(QuantityChange).where(QuantityChange.cancelled_at.is_not(None))).all()
        assert len(dropped) == number + 1


def test_of_many_who_stop_at_once_the_money_goes_back_once(office: Office) -> None:
    subscription = office.orders("assist", 2)
    with office.store.read() as session:
        paid = session.scalars(select(func.sum(LedgerAccount.balance))).one()

    def ask() -> stop.Stopped:
        return stop.stop_now(office.context, office.cause(), subscription_id=subscription)

    answers = side_by_side([ask, ask, ask])

    done = [each for each in answers if isinstance(each, stop.Stopped)]
    assert len(done) == 1
    assert all(each in done or (isinstance(each, Problem) and each.code in _LATE) for each in answers)
    with office.store.read() as session:
        assert session.scalars(select(func.sum(LedgerAccount.balance))).one() == paid + done[0].refunded


_LATE = ("no_active_subscription", "busy", "conflict")


def test_a_billing_that_takes_the_money_itself_gives_it_back_itself(shop: Shop) -> None:
    subscription = shop.orders("seats", 2)
    done = stop.stop_now(shop.context, shop.cause(), subscription_id=subscription)
    assert (done.refunded, shop.wanted(subscription)) == (0, ["ended", "ended"])
    again = reactivate.reactivate(shop.context, shop.cause(), subscription_id=subscription, quantity=1)
    assert (again.charged, again.effect, shop.wanted(subscription)) == (0, Effect.REACTIVATED, ["active", "ended"])
    stop.stop_now(shop.context, shop.cause(), subscription_id=subscription)
    shop.reader.funds_now = replace(shop.reader.funds_now, available=100)
    with pytest.raises(Refused) as refused:
        reactivate.reactivate(shop.context, shop.cause(), subscription_id=subscription, quantity=1)
    assert refused.value.code == "insufficient_funds"
