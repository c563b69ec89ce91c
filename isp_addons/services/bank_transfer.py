"""Purchases paid by bank transfer: access when the whole money is booked, not before."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.payment_method import Method
from isp_addons.domain.problem import Refused
from isp_addons.domain.purchase import OVER, State, receive
from isp_addons.domain.text import parse_line
from isp_addons.services import access, find, purchase_booking
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Purchase, PurchasePayment

_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What a purchase is now, what of it is ``missing``, and how much is a ``credit`` on the balance; minor units."""

    state: State
    missing: int
    credit: int
    currency: str


def money_came(context: Context, cause: Cause, *, purchase_id: int, amount: int, key: str) -> Booked:
    """A transfer of *amount* for the purchase was booked at the bank. *key*: the bank's reference, the same twice is one.

    Too little waits for the rest; what is too much, or comes too late, is a credit on the balance. Raises `NotFound`,
    `BadInput` (``bad_amount``), `Refused` (``purchase_state``: it is not paid by bank transfer; ``key_used``).
    """
    parse_line(key, name="key", most=find.LONGEST_KEY)
    with context.store.read() as session:
        ref = purchase_booking.ref_of(session, purchase_id)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        access.require_staff(session, cause)
        purchase = purchase_booking.locked(session, purchase_id)
        if purchase.method != Method.BANK_TRANSFER.value:
            raise Refused(f"Purchase {purchase_id} is paid by {purchase.method}.", code="purchase_state")
        known = session.scalar(select(PurchasePayment).where(PurchasePayment.key == key))
        if known is not None and (known.purchase_id, known.amount) != (purchase_id, amount):
            raise Refused(f"The key {key} was that of another transfer (purchase {known.purchase_id}).", code="key_used")
        if known is None:
            receipt = receive(amount=purchase.amount, so_far=purchase.received, more=amount)
            session.add(PurchasePayment(purchase_id=purchase_id, key=key, amount=amount, at=cause.at))
            _record(session, cause, purchase, amount)
            purchase.received += amount
            if State(purchase.status) in OVER | {State.PAID}:
                _book(context, session, cause, gathered, purchase, amount, key)
            elif receipt.is_enough:
                _book(context, session, cause, gathered, purchase, purchase.received, key)
        credit = max(purchase.received - purchase.amount, 0) if _is_paid(purchase) else 0
        over = State(purchase.status) in (State.EXPIRED, State.CANCELLED)
        return Booked(
            state=State(purchase.status),
            missing=0 if over else max(purchase.amount - purchase.received, 0),
            credit=purchase.received if over else credit,
            currency=purchase.currency,
        )


def run(context: Context, cause: Cause) -> int:
    """Note the reminders that became due, and let expire what was not paid in time; returns how many purchases."""
    with context.store.read() as session:
        late = session.scalars(select(Purchase.id).where(_waits(), Purchase.expires_at <= cause.at).limit(_MOST)).all()
    for purchase_id in late:
        _expire(context, cause, purchase_id)
    return len(late) + _remind(context, cause)


def give_back(context: Context, session: Session, cause: Cause, gathered: Gathered, purchase: Purchase) -> None:
    """What came in for a purchase of which nothing will come is a credit on the balance."""
    if purchase.received:
        _book(context, session, cause, gathered, purchase, purchase.received, f"{purchase.id}:rest")


def _book(
    context: Context, session: Session, cause: Cause, gathered: Gathered, purchase: Purchase, amount: int, key: str
) -> None:
    own_key = find.fitting_key(f"transfer:{key}")
    purchase_booking.book(context, session, cause, gathered, purchase, amount=amount, key=own_key, note="Bank transfer")


def _expire(context: Context, cause: Cause, purchase_id: int) -> None:
    with context.store.read() as session:
        ref = purchase_booking.ref_of(session, purchase_id)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        purchase = purchase_booking.locked(session, purchase_id)
        if purchase.status == State.PENDING.value:
            purchase_booking.move(session, cause, purchase, State.EXPIRED)
            give_back(context, session, cause, gathered, purchase)


def _remind(context: Context, cause: Cause) -> int:
    """Note that the payer is to be reminded, once for each purchase; who tells him reads it there."""
    wait = context.payments.reminder
    if wait == timedelta(0):
        return 0
    with context.store.write() as session:
        due = select(Purchase).where(
            _waits(), Purchase.reminded_at.is_(None), Purchase.created_at <= cause.at - wait, Purchase.expires_at > cause.at
        )
        found = session.scalars(due.limit(_MOST).with_for_update(skip_locked=True)).all()
        for purchase in found:
            purchase.reminded_at = cause.at
            audit.record(
                session,
                cause,
                subject="purchase",
                subject_id=purchase.id,
                field="reminded_at",
                before=None,
                after=cause.at.isoformat(),
            )
        return len(found)


def _waits() -> ColumnElement[bool]:
    return and_(Purchase.status == State.PENDING.value, Purchase.method == Method.BANK_TRANSFER.value)


def _is_paid(purchase: Purchase) -> bool:
    return State(purchase.status) in (State.PAID, State.ACTIVE)


def _record(session: Session, cause: Cause, purchase: Purchase, amount: int) -> None:
    before, after = purchase.received, purchase.received + amount
    audit.record(session, cause, subject="purchase", subject_id=purchase.id, field="received", before=before, after=after)
