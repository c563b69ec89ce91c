"""A key is that of who used it, and a lost answer of a gateway is never taken for no payment."""

import pytest
from sqlalchemy import func, select

from integration.money.till import Till
from isp_addons.domain.event import Event, Word
from isp_addons.domain.problem import Refused
from isp_addons.domain.purchase import State
from isp_addons.domain.quantity_change import When, Wish
from isp_addons.payments.base import GatewayError, Outcome
from isp_addons.payments.sandbox import SandboxCards
from isp_addons.services import card_payment, inbox, purchases, quantity_change, resale
from isp_addons.store.tables import Hold, LedgerAccount, Person, Purchase, Subscription


def test_a_key_of_a_purchase_is_for_one_account(till: Till) -> None:
    for ref in ("42", "43"):
        till.opens(ref)
    first = purchases.create(till.context, till.cause(), till.purchase("42", "k"))
    assert purchases.create(till.context, till.cause(), till.purchase("42", "k")) == first
    with pytest.raises(Refused) as told:
        purchases.create(till.context, till.cause(), till.purchase("43", "k"))
    assert told.value.code == "key_used"


def test_two_persons_may_use_the_same_key(till: Till) -> None:
    made = []
    for ref in ("42", "43"):
        _, person = till.customer(f"Company {ref}", till.opens(ref))
        made.append(purchases.create(till.context, till.cause(person), till.purchase(ref, "k")))
    assert len(set(made)) == 2
    with till.store.read() as session:
        assert len(set(session.scalars(select(Purchase.account_id)))) == 2


def test_who_may_only_look_calls_no_payment_off(till: Till) -> None:
    customer, _ = till.customer("Company", till.opens("42"))
    number = purchases.create(till.context, till.cause(), till.purchase("42", "k"))
    assert card_payment.pay(till.context, till.cause(), purchase_id=number, card="card_action") is State.ACTION_REQUIRED
    _, stranger = till.customer("Other", till.opens("43"), role="agent")
    with till.store.write() as session:
        session.get_one(Person, stranger).customer_id = customer
    with pytest.raises(Refused):
        card_payment.pay(till.context, till.cause(stranger), purchase_id=number, card="card_ok")
    with till.store.read() as session:
        assert session.get_one(Purchase, number).status == "action_required"


class Garbled(SandboxCards):
    """Takes the money, and answers what nobody understands."""

    def charge(self, *, key: str, amount: int, currency: str, card: str) -> Outcome:
        super().charge(key=key, amount=amount, currency=currency, card=card)
        raise GatewayError("what is this?")


def test_an_answer_that_nobody_understands_is_asked_for_again_and_not_paid_again(till: Till) -> None:
    till.opens("42")
    number = purchases.create(till.context, till.cause(), till.purchase("42", "k"))
    till.gateway = lambda: Garbled(till.folder / "cards.db")
    assert card_payment.pay(till.context, till.cause(), purchase_id=number, card="card_ok") is State.PAYING
    till.now += card_payment.PATIENCE
    assert card_payment.settle(till.context, till.cause()) == 1
    with till.store.read() as session:
        assert session.get_one(Purchase, number).status == "active"


def test_a_reseller_who_funds_a_blocked_account_frees_it(till: Till) -> None:
    reseller, person = till.customer("Reseller", till.opens("reseller"), role="reseller")
    account = till.opens("42", balance=3000)
    theirs, _ = till.customer("Company", account, reseller=reseller)
    till.orders("42")
    with till.store.write() as session:
        session.get_one(LedgerAccount, account).balance = -500
    inbox.handle_now(till.context, till.cause(), Event(key="e", word=Word.CHANGED, account="42", source="billing", details={}))
    with till.store.read() as session:
        assert session.scalars(select(Hold.owner).where(Hold.lifted_at.is_(None))).all() == ["billing"]
    resale.fund(till.context, till.cause(person), customer_id=theirs, amount=1000, key="f")
    assert (till.balance("42"), till.balance("reseller")) == (500, 5000)
    with till.store.read() as session:
        assert session.scalar(select(func.count()).where(Hold.lifted_at.is_(None))) == 0


def test_an_own_price_is_divided_only_when_a_line_is_rounded(till: Till) -> None:
    till.opens("42", balance=20_000)
    till.orders("42")
    with till.store.write() as session:
        found = session.get_one(Subscription, 1)
        found.quantity, found.price, found.own_price = 3, 1000, True
    wish = Wish(subscription=1, quantity=6, when=When.NEXT)
    assert quantity_change.change(till.context, till.cause(), wish).next_price == 2000
    quantity_change.withdraw(till.context, till.cause(), subscription_id=1)
    assert till.subscription(1).price == 1000
