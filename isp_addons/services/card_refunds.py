"""Money goes back to the card it came from: written down in the transaction of its reason, sent to the gateway afterwards."""

import logging
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.domain.cause import Cause
from isp_addons.domain.payment_method import Method
from isp_addons.domain.problem import Refused
from isp_addons.domain.purchase import State
from isp_addons.payments.base import CardGateway, Declined, GatewayError, RefundOutcome
from isp_addons.services import purchase_booking
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import CardRefund, Purchase, Subscription

log = logging.getLogger(__name__)

QUEUED, DONE, REFUSED = "queued", "done", "refused"
_MOST = 100
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)


def of_subscription(session: Session, cause: Cause, *, subscription_id: int, amount: int, key: str) -> bool:
    """*amount* minor units, on the balance already, go back to the card with which the subscription was bought, if it was.

    Never more than the card paid, less what went back before; the rest stays on the balance. *key*: the same twice is one
    refund. Returns whether anything goes back to a card; nothing does for an amount of 0.
    """
    by_card = select(Purchase).join(Subscription, Subscription.id == Purchase.subscription_id)
    by_card = by_card.where(
        Purchase.subscription_id == subscription_id,
        Purchase.method == Method.CARD.value,
        Purchase.account_id == Subscription.account_id,  # what a reseller paid for his customer is the customer's
    )
    purchase = session.scalar(by_card.where(Purchase.status == State.ACTIVE.value).order_by(Purchase.id.desc()).limit(1))
    return purchase is not None and queue(session, cause, purchase=purchase, amount=amount, key=key)


def queue(session: Session, cause: Cause, *, purchase: Purchase, amount: int, key: str) -> bool:
    """The same for a purchase. False also where the balance does not have the money any more: it paid for what was due."""
    back = func.coalesce(func.sum(CardRefund.amount), 0)
    before = select(back).where(CardRefund.purchase_id == purchase.id, CardRefund.status != REFUSED)
    amount = min(amount, purchase.amount - session.scalars(before).one())
    if amount <= 0 or session.scalar(select(CardRefund.id).where(CardRefund.key == key)) is not None:
        return False
    try:
        ledger.take(
            session,
            cause,
            account_id=purchase.account_id,
            amount=amount,
            key=f"card_refund:{key}",
            kind="card_refund",
            note="Back to the card",
        )
    except Refused:
        return False
    refund = CardRefund(
        purchase_id=purchase.id, key=key, amount=amount, status=QUEUED, created_at=cause.at, next_try_at=cause.at
    )
    session.add(refund)
    session.flush()
    _record(session, cause, refund, before=None)
    return True


def deliver(context: Context, cause: Cause) -> int:
    """Send the refunds that are due to the gateway; returns how many it took. What fails waits longer each time."""
    with context.store.read() as session:
        due = select(CardRefund.id).where(CardRefund.status == QUEUED, CardRefund.next_try_at <= cause.at)
        found = session.scalars(due.order_by(CardRefund.next_try_at).limit(_MOST)).all()
    if not found:
        return 0
    gateway = context.payments.cards()
    return sum(_send(context, cause, gateway, each) for each in found)


def _send(context: Context, cause: Cause, gateway: CardGateway, refund_id: int) -> bool:
    """One refund. It is looked for first wherever it was tried before: what was lost is not sent twice."""
    with context.store.write() as session:
        refund = session.get_one(CardRefund, refund_id, with_for_update=True)
        if refund.status != QUEUED or refund.next_try_at > cause.at:
            return False
        tried = refund.tries > 0
        refund.tries += 1
        refund.next_try_at = cause.at + min(_FIRST_WAIT * 2 ** min(refund.tries, 20), _LONGEST_WAIT)
        reference, amount, key = session.get_one(Purchase, refund.purchase_id).reference, refund.amount, refund.key
    try:
        outcome = gateway.find_refund(key=key, reference=reference) if tried else None
        outcome = outcome or gateway.refund(key=key, reference=reference, amount=amount)
    except GatewayError as error:
        log.warning("refund %s waits: %s", refund_id, error)
        _note(context, refund_id, str(error))
        return False
    return _close(context, cause, refund_id, outcome)


def _note(context: Context, refund_id: int, reason: str) -> None:
    with context.store.write() as session:
        session.get_one(CardRefund, refund_id, with_for_update=True).reason = reason[:300]


def _close(context: Context, cause: Cause, refund_id: int, outcome: RefundOutcome) -> bool:
    """Refused for good: the money is on the balance again, and pays what waits for it."""
    with context.store.read() as session:
        purchase_id = session.get_one(CardRefund, refund_id).purchase_id
        ref = purchase_booking.ref_of(session, purchase_id)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        purchase_booking.locked(session, purchase_id)
        refund = session.get_one(CardRefund, refund_id, with_for_update=True)
        if refund.status != QUEUED:
            return False
        refused = isinstance(outcome, Declined)
        refund.status, refund.done_at = (REFUSED if refused else DONE), cause.at
        if isinstance(outcome, Declined):
            refund.reason = outcome.reason[:300]
            owner = session.get_one(Purchase, purchase_id).account_id
            ledger.give(
                session,
                cause,
                account_id=owner,
                amount=refund.amount,
                key=f"card_refund_refused:{refund.key}",
                kind="card_refund",
                note="The card took nothing back",
            )
            purchase_booking.settle_account(context, session, cause, gathered)
        else:
            refund.reference, refund.reason = outcome.reference, ""
        _record(session, cause, refund, before=QUEUED)
        return not refused


def _record(session: Session, cause: Cause, refund: CardRefund, *, before: str | None) -> None:
    audit.record(
        session, cause, subject="card_refund", subject_id=refund.id, field="status", before=before, after=refund.status
    )
