"""The only way in which a licence ends: somebody cancels the subscription, and what is paid for runs out."""

import logging
from datetime import datetime

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import access, find, paid_until, quantities
from isp_addons.services.context import Context
from isp_addons.store import audit, changes, scratch, users, wants
from isp_addons.store.tables import Account, Product, QuantityChange, Subscription

log = logging.getLogger(__name__)

_OVER = (Status.ENDED.value, Status.REFUSED.value)


def cancel(context: Context, cause: Cause, *, subscription_id: int, at_once: bool = False) -> Status:
    """No renewal; usable until the end of what is paid, or over now with *at_once* (nothing is refunded). Twice: no change.

    Raises `NotFound`, and `Refused` (``no_active_subscription``) for what is over.
    """
    with context.store.read() as session:
        ref = find.ref_of(session, subscription_id, cause, Permission.BUY)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        subscription, account, _ = find.subscription(session, subscription_id, cause, Permission.BUY)
        access.require_account(session, cause, Permission.BUY, account_id=account.id)
        refuse_over(subscription)
        if at_once:
            end(session, context, cause, subscription, Status.ENDED)
        elif subscription.status == Status.RUNNING.value:
            context.billing.fill(session, gathered)
            period_end = session.scalar(select(scratch.funds.c.period_end))
            leave(session, context, cause, subscription, until=period_end or cause.at)
        return Status(subscription.status)


def leave(session: Session, context: Context, cause: Cause, subscription: Subscription, *, until: datetime) -> None:
    """Let *subscription* run out: at the end of what is paid; a bundled one, paid with its tariff, at *until*."""
    if subscription.plan == Plan.BUNDLED.value:
        paid_until.note(session, cause, subscription, until)
    move(session, cause, subscription, Status.ENDING)
    paid_until.tell(context, session, cause, subscription)


def undo(context: Context, cause: Cause, *, subscription_id: int) -> Status:
    """Take a cancellation back while what is paid for still runs. Raises `Refused` (``already_over``) afterwards."""
    with context.store.write() as session:
        subscription, account, _ = find.subscription(session, subscription_id, cause, Permission.BUY)
        access.require_account(session, cause, Permission.BUY, account_id=account.id)
        take_back(session, context, cause, subscription)
        return Status(subscription.status)


def take_back(session: Session, context: Context, cause: Cause, subscription: Subscription) -> None:
    """Let a cancelled *subscription* run on. Raises `Refused` (``already_over``)."""
    if is_over(subscription, cause):
        raise Refused(f"Subscription {subscription.id} is over; order again.", code="already_over")
    if subscription.status == Status.ENDING.value:
        if subscription.plan == Plan.BUNDLED.value:
            paid_until.note(session, cause, subscription, None)
        move(session, cause, subscription, Status.RUNNING)
        paid_until.tell(context, session, cause, subscription)


def is_over(subscription: Subscription, cause: Cause) -> bool:
    """Whether *subscription* has ended, or was cancelled and its paid time is over."""
    if subscription.status == Status.ENDING.value:
        return subscription.paid_until is not None and subscription.paid_until <= cause.at
    return subscription.status in _OVER


def refuse_over(subscription: Subscription) -> None:
    """Raise `Refused` (``no_active_subscription``) where there is nothing left to cancel or to stop."""
    if subscription.status in _OVER:
        raise Refused(
            f"Subscription {subscription.id} is {subscription.status} already; see: isp-addons subscriptions list",
            code="no_active_subscription",
        )


def finish(context: Context, cause: Cause) -> int:
    """End every cancelled subscription whose paid time is over; returns how many."""
    with context.store.write() as session:
        over = select(Subscription.id).where(Subscription.status == Status.ENDING.value, Subscription.paid_until <= cause.at)
        _lock_accounts(session, over)
        scratch.empty(session, scratch.touched)
        _forget_changes(context, session, cause, over)
        session.execute(insert(scratch.touched).from_select(["subscription_id"], over))
        audit.record_all(
            session,
            cause,
            subject="subscription",
            subject_id=scratch.touched.c.subscription_id,
            field="status",
            before=Status.ENDING.value,
            after=Status.ENDED.value,
            where=select(scratch.touched.c.subscription_id),
        )
        result = session.execute(
            update(Subscription)
            .where(Subscription.id.in_(select(scratch.touched.c.subscription_id)))
            .values(status=Status.ENDED.value, ended_at=cause.at)
            .execution_options(synchronize_session=False)
        )
        users.return_all_seats(session, cause)
        wants.rework(session, cause)
        return int(result.rowcount)  # type: ignore[attr-defined]


def _lock_accounts(session: Session, subscriptions: Select[int]) -> None:
    """Whoever lets one of these run again, and pays for it, waits from here on, or is done: what is over stays so."""
    theirs = select(Subscription.account_id).where(Subscription.id.in_(subscriptions))
    session.execute(select(Account.id).where(Account.id.in_(theirs)).order_by(Account.id).with_for_update())


def end(session: Session, context: Context, cause: Cause, subscription: Subscription, status: Status) -> None:
    """Let one subscription be over now, *status* saying why; nothing is to come of it any more."""
    _forget_changes(context, session, cause, select(Subscription.id).where(Subscription.id == subscription.id))
    move(session, cause, subscription, status)


def move(session: Session, cause: Cause, subscription: Subscription, status: Status) -> None:
    """Give one subscription another status; what it means for its licences and its users' seats follows at once."""
    audit.record(
        session,
        cause,
        subject="subscription",
        subject_id=subscription.id,
        field="status",
        before=subscription.status,
        after=status.value,
    )
    subscription.status = status.value
    ended = status.value in _OVER
    subscription.ended_at = cause.at if ended else None
    session.flush()
    scratch.empty(session, scratch.touched)
    session.execute(insert(scratch.touched).values(subscription_id=subscription.id))
    if ended:
        users.return_all_seats(session, cause)
    wants.rework(session, cause)


def _forget_changes(context: Context, session: Session, cause: Cause, ended: Select[int]) -> None:
    """What was to come of these subscriptions does not come any more: their price is again that of what there is."""
    query = select(Subscription, Product).join(Product, Product.id == Subscription.product_id)
    theirs = query.join(QuantityChange, QuantityChange.subscription_id == Subscription.id)
    for subscription, product in session.execute(theirs.where(changes.is_pending(), Subscription.id.in_(ended))).all():
        try:
            quantities.forget_change(context, session, cause, subscription, product)
        except Refused as problem:  # there is no price for it any more, and nothing that it would be for
            log.info("subscription %s keeps the price of what was to come: %s", subscription.id, problem.message)
            changes.drop(session, cause, subscription.id)
