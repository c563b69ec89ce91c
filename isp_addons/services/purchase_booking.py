"""The money of a purchase arrived: it is put on the balance, and what was bought is delivered off it, in one transaction."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import NotFound, Problem
from isp_addons.domain.purchase import OVER, State, check_step
from isp_addons.services import block, find, purchase_goods, top_up
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Account, Purchase


def locked(session: Session, purchase_id: int) -> Purchase:
    """The purchase, its account locked first against other writers. Raises `NotFound` (``unknown_purchase``)."""
    owner = select(Account.id).join(Purchase, Purchase.account_id == Account.id).where(Purchase.id == purchase_id)
    session.scalar(owner.with_for_update(of=Account))
    found = session.get(Purchase, purchase_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise unknown(purchase_id)
    return found


def ref_of(session: Session, purchase_id: int) -> str:
    """The billing's name of the account that pays. Raises `NotFound` (``unknown_purchase``)."""
    query = select(Account.ref).join(Purchase, Purchase.account_id == Account.id)
    ref = session.scalar(query.where(Purchase.id == purchase_id))
    if ref is None:
        raise unknown(purchase_id)
    return ref


def unknown(purchase_id: int) -> NotFound:
    """There is no purchase of that number."""
    return NotFound(f"There is no purchase {purchase_id}; see: isp-addons purchases list", code="unknown_purchase")


def book(
    context: Context,
    session: Session,
    cause: Cause,
    gathered: Gathered,
    purchase: Purchase,
    *,
    amount: int,
    key: str,
    note: str,
) -> None:
    """Put *amount* minor units on the balance, once for each *key*, and deliver what they pay for.

    A purchase that is over, or active already, keeps nothing: late money is a credit.
    """
    ref = session.get_one(Account, purchase.account_id).ref
    find.known_accounts(context, session, gathered, [ref])
    fresh = ledger.give(
        session, cause, account_id=purchase.account_id, amount=amount, key=f"purchase:{key}", kind="payment", note=note
    )
    if fresh and State(purchase.status) not in OVER | {State.PAID}:
        move(session, cause, purchase, State.PAID)
        purchase.paid_at = cause.at
        deliver(context, session, cause, gathered, purchase)
    settle_account(context, session, cause, gathered)


def deliver(context: Context, session: Session, cause: Cause, gathered: Gathered, purchase: Purchase) -> None:
    """Deliver what is paid for. Where a rule says no, the money stays on the balance, and the purchase says why."""
    ref = session.get_one(Account, purchase.account_id).ref
    try:
        with session.begin_nested():
            if purchase.space_id is not None:
                devices = list(purchase.what.get("devices", []))
                purchase_goods.refuse_twice(session, space_id=purchase.space_id, service=purchase.service, devices=devices)
            bought = purchase_goods.deliver(context, session, cause, gathered, purchase_goods.of(purchase, ref=ref))
    except Problem as problem:
        purchase.reason = problem.message[:300]
        return
    purchase.subscription_id = bought
    purchase.reason = purchase.link = ""
    move(session, cause, purchase, State.ACTIVE)


def settle_account(context: Context, session: Session, cause: Cause, gathered: Gathered) -> None:
    """What a higher balance can pay for comes back."""
    context.billing.fill(session, gathered)
    block.settle(session, cause)
    top_up.settle(context, session, cause)


def move(session: Session, cause: Cause, purchase: Purchase, after: State) -> None:
    """Give a purchase another state. Raises `Refused` (``purchase_state``) for one that cannot follow."""
    check_step(State(purchase.status), after, purchase=purchase.id)
    audit.record(
        session,
        cause,
        subject="purchase",
        subject_id=purchase.id,
        field="status",
        before=purchase.status,
        after=after.value,
    )
    purchase.status = after.value
    session.flush()
