"""No purchase waits behind others, none is paid that could not be delivered, and none is mistaken for another."""

import pytest
from sqlalchemy import select, update

from integration.money.till import APRIL, DAY, Till
from isp_addons.domain.catalogue import TrialEnd
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.subscription import Plan
from isp_addons.payments.base import Declined, RefundOutcome
from isp_addons.payments.sandbox import SandboxCards
from isp_addons.services import card_payment, card_refunds, card_renewal, order, period_begin, products, purchases, stop
from isp_addons.store.tables import Customer, Hold, LedgerAccount, Purchase, Subscription

MAY = APRIL + 30 * DAY


def buys(till: Till, ref: str, card: str | None = None) -> int:
    made = purchases.create(till.context, till.cause(), till.purchase(ref, f"key-{ref}"))
    if card is not None:
        card_payment.pay(till.context, till.cause(), purchase_id=made, card=card)
    return made


def states(till: Till) -> list[str]:
    with till.store.read() as session:
        return list(session.scalars(select(Purchase.status).order_by(Purchase.id)))


def test_what_is_not_confirmed_does_not_stand_in_the_way_of_what_is(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_payment, "_PAGE", 2)
    for number in range(5):
        till.opens(f"a{number}")
        buys(till, f"a{number}", "card_action")
    with till.store.read() as session:
        last = session.scalars(select(Purchase.gateway_key).order_by(Purchase.id.desc())).first()
    SandboxCards(till.folder / "cards.db").answer(key=str(last), approve=True)
    assert card_payment.settle(till.context, till.cause()) == 1
    assert states(till) == ["action_required"] * 4 + ["active"]


def test_what_cannot_be_delivered_does_not_stand_in_the_way_of_what_can(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_payment, "_PAGE", 2)
    for number in range(5):
        till.opens(f"a{number}", balance=0 if number < 4 else 6000)
        buys(till, f"a{number}")
    with till.store.write() as session:
        session.execute(update(Purchase).values(status="paid", paid_at=till.now))
    assert card_payment.settle(till.context, till.cause()) == 1
    assert states(till) == ["paid"] * 4 + ["active"]


def test_everything_that_nobody_paid_in_time_expires_at_once(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_payment, "_PAGE", 2)
    for number in range(5):
        till.opens(f"a{number}")
        buys(till, f"a{number}")
    till.now += 30 * DAY
    assert card_payment.settle(till.context, till.cause()) == 5
    assert states(till) == ["expired"] * 5


def test_a_paid_purchase_that_cannot_be_delivered_does_not_stop_the_saved_card(till: Till) -> None:
    till.opens("42", balance=3000)
    till.orders("42")
    buys(till, "42")
    with till.store.write() as session:
        session.execute(update(Purchase).values(status="paid", paid_at=till.now))
    card_renewal.save(till.context, till.cause(), account="42", card="card_ok")
    till.now = MAY - DAY
    assert card_renewal.run(till.context, till.cause()) == 1
    assert till.balance("42") == 3000


def test_a_payment_that_is_under_way_still_stops_the_saved_card(till: Till) -> None:
    till.opens("42", balance=3000)
    till.orders("42")
    buys(till, "42", "card_action")
    card_renewal.save(till.context, till.cause(), account="42", card="card_ok")
    till.now = MAY - DAY
    assert card_renewal.run(till.context, till.cause()) == 0


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"balance": -500}, "overdrawn by 5.00 EUR; that is paid first"),
        ({"blocked": True}, "blocked in the billing"),
        ({"balance": -500, "credit": 100}, "overdrawn by 4.00 EUR"),
    ],
)
def test_who_is_overdrawn_or_blocked_pays_for_nothing_that_he_cannot_have(
    till: Till, values: dict[str, int], told: str
) -> None:
    account = till.opens("42", balance=0)
    with till.store.write() as session:
        session.execute(update(LedgerAccount).where(LedgerAccount.account_id == account).values(**values))
    with pytest.raises(Refused, match=told) as refused:
        buys(till, "42")
    assert refused.value.code == "account_blocked"
    assert states(till) == []


def held(till: Till) -> list[int]:
    with till.store.read() as session:
        running = select(Hold.subscription_id).join(Subscription, Subscription.id == Hold.subscription_id)
        return list(session.scalars(running.where(Hold.lifted_at.is_(None), Subscription.status == "running")))


class RefundsNothing(SandboxCards):
    """Takes money and gives none back, whatever the card."""

    def refund(self, *, key: str, reference: str, amount: int) -> RefundOutcome:  # noqa: ARG002
        return Declined("The bank takes nothing back.")


def test_money_that_the_card_did_not_take_back_pays_for_what_is_held(till: Till) -> None:
    till.opens("42", balance=3000)
    kept = till.orders("42")
    purchase = buys(till, "42", "card_ok")
    with till.store.read() as session:
        bought = session.get_one(Purchase, purchase).subscription_id
    assert bought is not None
    till.gateway = lambda: RefundsNothing(till.folder / "cards.db")
    stop.stop_now(till.context, till.cause(), subscription_id=bought)
    assert till.balance("42") == 0
    till.now = MAY
    period_begin.apply(till.context, till.cause())
    assert held(till) == [kept], "there is no money for May"
    assert card_refunds.deliver(till.context, till.cause()) == 0
    assert held(till) == []
    assert till.balance("42") == 0, "the refund that was refused paid for May"


@pytest.mark.parametrize("key", ["purchase:1", "trial:1", "price:42", "project-key:1"])
def test_a_key_that_the_product_may_use_itself_is_nobodys(till: Till, key: str) -> None:
    till.opens("42")
    wanted = order.Order(account="42", product="addon", plan=Plan.RECURRING, key=key)
    with pytest.raises(BadInput) as told:
        order.place(till.context, till.cause(), wanted)
    assert told.value.code == "bad_key"
    assert till.balance("42") == 6000


def test_a_purchase_has_no_key_of_a_days_renewal(till: Till) -> None:
    till.opens("42")
    with pytest.raises(BadInput) as told:
        purchases.create(till.context, till.cause(), till.purchase("42", f"renewal:1:{MAY:%Y-%m-%d}"))
    assert told.value.code == "bad_key"


@pytest.mark.parametrize(("by_customer", "price"), [(True, 1000), (False, 750)])
def test_a_trial_that_becomes_a_subscription_costs_what_whoever_began_it_would_pay(
    till: Till, *, by_customer: bool, price: int
) -> None:
    new = products.NewProduct(code="tried", name="tried", vendor=None, price=1000, trial_days=14, trial_then=TrialEnd.CHARGE)
    products.add(till.context, till.cause(), new)
    reseller, _ = till.customer("Reseller", till.opens("reseller"), role="reseller")
    _, person = till.customer("Company", till.opens("42"), reseller=reseller, role="owner")
    with till.store.write() as session:
        session.get_one(Customer, reseller).discount = 2500
    wanted = order.Order(account="42", product="tried", plan=Plan.TRIAL)
    order.place(till.context, till.cause(person if by_customer else None), wanted)
    till.now += 14 * DAY
    till.runs()
    with till.store.read() as session:
        found = session.scalars(select(Subscription).where(Subscription.plan == "recurring")).one()
        assert (found.price, found.by_customer) == (price, by_customer)
