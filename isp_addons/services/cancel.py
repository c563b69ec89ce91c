"""The only way in which a licence ends: somebody cancels the subscription, and what is paid for runs out."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status, licence_end
from isp_addons.services import find
from isp_addons.services.context import Context
from isp_addons.store import audit, scratch, users, wants
from isp_addons.store.tables import Subscription


def cancel(context: Context, cause: Cause, *, subscription_id: int, at_once: bool = False) -> Status:
    """No renewal; usable until the end of what is paid, or over now with *at_once* (nothing is refunded). Twice: no change."""
    with context.store.read() as session:
        ref = find.ref_of(session, subscription_id)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        subscription, _, _ = find.subscription(session, subscription_id)
        if subscription.status in (Status.ENDED.value, Status.REFUSED.value):
            return Status(subscription.status)
        if at_once:
            move(session, cause, subscription, Status.ENDED)
        elif subscription.status == Status.RUNNING.value:
            context.billing.fill(session, gathered)
            period_end = session.scalar(select(scratch.funds.c.period_end))
            leave(session, context, cause, subscription, until=period_end or cause.at)
        return Status(subscription.status)


def leave(session: Session, context: Context, cause: Cause, subscription: Subscription, *, until: datetime) -> None:
    """Let *subscription* run out: at the end of what is paid; a bundled one, paid with its tariff, at *until*."""
    if subscription.plan == Plan.BUNDLED.value:
        _pay_until(session, cause, subscription, until)
    move(session, cause, subscription, Status.ENDING)
    _redate(session, context, cause, subscription)


def undo(context: Context, cause: Cause, *, subscription_id: int) -> Status:
    """Take a cancellation back while what is paid for still runs. Raises `Refused` (``already_over``) afterwards."""
    with context.store.write() as session:
        subscription, _, _ = find.subscription(session, subscription_id)
        if subscription.status == Status.ENDING.value:
            if subscription.paid_until is not None and subscription.paid_until <= cause.at:
                raise Refused(f"Subscription {subscription_id} is over; order again.", code="already_over")
            if subscription.plan == Plan.BUNDLED.value:
                _pay_until(session, cause, subscription, None)
            move(session, cause, subscription, Status.RUNNING)
            _redate(session, context, cause, subscription)
        elif subscription.status != Status.RUNNING.value:
            raise Refused(f"Subscription {subscription_id} is {subscription.status}; order again.", code="already_over")
        return Status(subscription.status)


def finish(context: Context, cause: Cause) -> int:
    """End every cancelled subscription whose paid time is over; returns how many."""
    with context.store.write() as session:
        over = select(Subscription.id).where(Subscription.status == Status.ENDING.value, Subscription.paid_until <= cause.at)
        scratch.empty(session, scratch.touched)
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
    is_over = status in (Status.ENDED, Status.REFUSED)
    subscription.ended_at = cause.at if is_over else None
    session.flush()
    scratch.empty(session, scratch.touched)
    session.execute(insert(scratch.touched).values(subscription_id=subscription.id))
    if is_over:
        users.return_all_seats(session, cause)
    wants.rework(session, cause)


def _pay_until(session: Session, cause: Cause, subscription: Subscription, end: datetime | None) -> None:
    before, subscription.paid_until = subscription.paid_until, end
    audit.record(
        session, cause, subject="subscription", subject_id=subscription.id, field="paid_until", before=before, after=end
    )


def _redate(session: Session, context: Context, cause: Cause, subscription: Subscription) -> None:
    """The date that the vendor is told follows the status: a cancelled subscription ends there by itself."""
    wants.redate(
        session,
        cause,
        subscription_id=subscription.id,
        end_for=lambda vendor: licence_end(
            Plan(subscription.plan),
            Status(subscription.status),
            subscription.paid_until,
            endless=lambda: context.capabilities(vendor).endless,
        ),
    )
