"""Giving money back, both entries visible: what a vendor refused to create, and what is not used of what is stopped."""

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from isp_addons.billing import ledger
from isp_addons.domain.cause import Cause
from isp_addons.domain.licence import SeenState
from isp_addons.domain.period import time_zone
from isp_addons.domain.refund import unused
from isp_addons.domain.retry import FailureKind
from isp_addons.domain.subscription import Status
from isp_addons.services import block, cancel, find, issue, top_up
from isp_addons.services.context import Context
from isp_addons.store.tables import Account, ActivationCode, Charge, Licence, QuantityChange, Subscription

_FOR_GOOD = (FailureKind.REJECTED.value, FailureKind.UNSUPPORTED.value)
_MOST = 1000

UNUSED = "unused:"
"""With what the key of a ledger entry begins that gives back the rest of a charge, whose id follows."""


def reverse_refused(context: Context, cause: Cause) -> int:
    """Reverse the charges of every new subscription that its vendor refused for good; returns how many charges.

    New: no licence of it was ever seen active before the refusal. Seats that the vendor did create are ended again. What is
    given back may free or bring back other add-ons of the same account, as any money does. Where an activation code may have
    been shown, or a seat was refused that came later than the order, nothing is reversed: a person decides.
    """
    if not context.billing.takes_money:
        return 0
    with context.store.write() as session:
        refused = exists().where(
            Licence.subscription_id == Subscription.id,
            Licence.seen_state == SeenState.ABSENT.value,
            Licence.reference.is_(None),
            Licence.given_up_at.is_not(None),
            Licence.failure.in_(_FOR_GOOD),
            Licence.seat <= _ordered(),
        )
        rows = session.execute(
            select(Subscription, Charge)
            .join(Charge, Charge.subscription_id == Subscription.id)
            .where(Subscription.status == Status.RUNNING.value, Charge.reversed_at.is_(None), refused, ~_code_was_seen())
            .order_by(Subscription.id)
            .limit(_MOST)
        ).all()
        for subscription, charge in rows:
            _give_back(session, cause, subscription, charge)
        for subscription in dict.fromkeys(subscription for subscription, _ in rows):
            cancel.end(session, context, cause, subscription, Status.REFUSED)
            issue.void_unseen(session, cause, subscription_id=subscription.id)
        if rows:
            owners = select(Account.ref).where(Account.id.in_({subscription.account_id for subscription, _ in rows}))
            refs = sorted(session.scalars(owners))
            find.known_accounts(context, session, context.billing.gather(refs, at=cause.at), refs)
            block.settle(session, cause)
            top_up.settle(context, session, cause)
        return len(rows)


def give_back_unused(session: Session, cause: Cause, subscription: Subscription, *, zone: str) -> int:
    """Give back what is not used of everything paid for *subscription*, once; returns how much, in minor units.

    An activation code that was issued is used. Where the billing takes the money itself nothing is given back here.
    """
    if session.scalar(select(_code_was_issued(subscription.id))):
        return 0
    running = select(Charge).where(
        Charge.subscription_id == subscription.id,
        Charge.reversed_at.is_(None),
        Charge.refunded == 0,  # of what was stopped before, and ran again, everything is back already
        Charge.period_end > cause.at,
    )
    return sum(_give_back_rest(session, cause, subscription, each, zone) for each in session.scalars(running).all())


def _give_back_rest(session: Session, cause: Cause, subscription: Subscription, charge: Charge, zone: str) -> int:
    """What was ordered in the middle of a period was paid from then on."""
    start = max(charge.period_start, charge.at) if charge.at == subscription.ordered_at else charge.period_start
    amount = unused(charge.amount, start=start, end=charge.period_end, now=cause.at, zone=time_zone(zone))
    if amount <= 0:
        return 0
    charge.refunded = amount
    session.flush()
    ledger.give(
        session,
        cause,
        account_id=subscription.account_id,
        amount=amount,
        key=f"{UNUSED}{charge.id}",
        kind="refund",
        note=cause.why,
    )
    return amount


def _code_was_issued(subscription_id: int) -> ColumnElement[bool]:
    return exists().where(Licence.subscription_id == subscription_id, ActivationCode.licence_id == Licence.id)


def _ordered() -> ColumnElement[int]:
    """With how many units a `Subscription` began."""
    first = select(QuantityChange.before).where(
        QuantityChange.subscription_id == Subscription.id, QuantityChange.applied_at.is_not(None)
    )
    earliest = first.order_by(QuantityChange.id).limit(1).correlate(Subscription)
    return func.coalesce(earliest.scalar_subquery(), Subscription.quantity)


def _code_was_seen() -> ColumnElement[bool]:
    """Whether the subscriber of a `Subscription` may have seen a code of it: its licence is not known to be absent."""
    shown = aliased(Licence)
    return exists().where(
        shown.subscription_id == Subscription.id,
        shown.seen_state != SeenState.ABSENT.value,
        ActivationCode.licence_id == shown.id,
    )


def _give_back(session: Session, cause: Cause, subscription: Subscription, charge: Charge) -> None:
    left = charge.amount - charge.refunded
    if left:
        ledger.give(
            session,
            cause,
            account_id=subscription.account_id,
            amount=left,
            key=f"reverse:{charge.id}",
            kind="reversal",
            note=cause.why,
        )
    session.execute(update(Charge).where(Charge.id == charge.id).values(reversed_at=cause.at))
