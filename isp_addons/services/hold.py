"""Holds by hand: an admin, the abuse desk or the subscriber puts one, and only the same owner lifts it."""

from datetime import datetime

from sqlalchemy import select

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import BY_HAND, HoldOwner
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.subscription import Status
from isp_addons.services import find, top_up
from isp_addons.services.context import Context
from isp_addons.store import holds
from isp_addons.store.tables import Hold


def put(context: Context, cause: Cause, *, subscription_id: int, owner: HoldOwner, until: datetime | None = None) -> bool:
    """Suspend one subscription for *owner*, until somebody releases it or until *until*. False: it was held already."""
    _by_hand(owner)
    if until is not None and until <= cause.at:
        raise BadInput(f"The hold would end at {until.isoformat()}, which has passed already.", code="bad_until")
    with context.store.write() as session:
        subscription, _, _ = find.subscription(session, subscription_id, cause, Permission.ADMINISTER)
        if subscription.status not in (Status.RUNNING.value, Status.ENDING.value):
            raise Refused(
                f"Subscription {subscription_id} is {subscription.status}; there is nothing to suspend.", code="already_over"
            )
        holds.choose(session, [subscription_id])
        return holds.put(session, cause, owner=owner, until=until) > 0


def release(context: Context, cause: Cause, *, subscription_id: int, owner: HoldOwner) -> bool:
    """Lift the hold of *owner*. Other holds keep standing; an unpaid period is charged first. False: none stood."""
    _by_hand(owner)
    with context.store.read() as session:
        ref = find.ref_of(session, subscription_id, cause, Permission.ADMINISTER)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        find.known_accounts(context, session, gathered, [ref])
        holds.choose(session, [subscription_id])
        lifted = holds.lift(session, cause, owner=owner) > 0
        top_up.settle(context, session, cause)
        return lifted


def expire(context: Context, cause: Cause) -> int:
    """Release every hold by hand whose time is over; returns how many."""
    with context.store.read() as session:
        over = select(Hold.subscription_id, Hold.owner).where(Hold.lifted_at.is_(None), Hold.until <= cause.at)
        due = list(session.execute(over.order_by(Hold.id).limit(10_000)))
    for subscription_id, owner in due:
        release(context, cause, subscription_id=subscription_id, owner=HoldOwner(owner))
    return len(due)


def _by_hand(owner: HoldOwner) -> None:
    if owner not in BY_HAND:
        raise Refused(
            f"A hold of {owner} follows from what the {owner} says and is lifted by it alone; nobody puts or lifts it by hand.",
            code="not_your_hold",
        )
