"""Changes of quantity: the pending one of a subscription, and what they mean in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.quantity_change import Units
from isp_addons.domain.subscription import Plan, Status
from isp_addons.store import audit, scratch, wants
from isp_addons.store.tables import QuantityChange, Subscription

FIELD = "pending_quantity"
"""How the audit calls a pending change."""

_TERMS = select(Subscription.id).where(Subscription.plan == Plan.ONE_OFF.value)


def is_pending() -> ColumnElement[bool]:
    """Whether a `QuantityChange` is still to come."""
    return and_(QuantityChange.applied_at.is_(None), QuantityChange.cancelled_at.is_(None))


def next_quantity() -> ColumnElement[int]:
    """The quantity that a `Subscription` has in its next period, in SQL."""
    pending = select(QuantityChange.quantity).where(QuantityChange.subscription_id == Subscription.id, is_pending())
    return func.coalesce(pending.correlate(Subscription).scalar_subquery(), Subscription.quantity)


def pending_of(session: Session, subscription_id: int) -> QuantityChange | None:
    """The pending change of one subscription."""
    return session.scalar(select(QuantityChange).where(QuantityChange.subscription_id == subscription_id, is_pending()))


def drop(session: Session, cause: Cause, subscription_id: int) -> QuantityChange | None:
    """Take the pending change of one subscription back; returns it, None where there was none. Its price is not touched."""
    pending = pending_of(session, subscription_id)
    if pending is not None:
        pending.cancelled_at = cause.at
        session.flush()
        _record(session, cause, subscription_id, FIELD, pending.quantity, None)
    return pending


def add(session: Session, cause: Cause, change: QuantityChange) -> None:
    """Write a change that is to come; none is pending."""
    session.add(change)
    session.flush()
    _record(session, cause, change.subscription_id, FIELD, None, change.quantity)


def apply_one(session: Session, cause: Cause, subscription: Subscription, units: Units, *, in_seats: bool) -> None:
    """Give one subscription another quantity, or another split, now; its licences follow at once."""
    if units.quantity != subscription.quantity:
        _record(session, cause, subscription.id, "quantity", subscription.quantity, units.quantity)
    if units.split != subscription.split:
        _record(session, cause, subscription.id, "split", subscription.split, units.split)
    subscription.quantity, subscription.split = units.quantity, units.split
    session.flush()
    scratch.empty(session, scratch.touched)
    session.execute(insert(scratch.touched).values(subscription_id=subscription.id))
    wants.resize(session, cause, in_seats=in_seats)


def set_price(session: Session, cause: Cause, subscription: Subscription, price: int) -> None:
    """What the next period of one subscription costs from now on."""
    if price != subscription.price:
        _record(session, cause, subscription.id, "price", subscription.price, price)
        subscription.price = price
        session.flush()


def begin_periods(session: Session, cause: Cause, *, start: datetime) -> None:
    """Apply what is pending for the periods that begin at *start* of the accounts in `scratch.funds`."""
    theirs = select(Subscription.id).join(scratch.funds, scratch.funds.c.account_id == Subscription.account_id)
    _begin(session, cause, theirs.where(Subscription.plan != Plan.ONE_OFF.value), start)


def any_term_begins(session: Session, *, at: datetime) -> bool:
    """Whether `begin_terms` has something to do."""
    due = and_(is_pending(), QuantityChange.from_at <= at, QuantityChange.subscription_id.in_(_TERMS))
    return session.scalar(select(QuantityChange.id).where(due).limit(1)) is not None


def begin_terms(session: Session, cause: Cause) -> None:
    """Apply what one-off terms were renewed with, once their former term is over."""
    _begin(session, cause, _TERMS, cause.at)


def _begin(session: Session, cause: Cause, theirs: Select[int], start: datetime) -> None:
    """Apply the pending changes of *theirs* that count from *start* or before.

    That of a cancelled subscription is dropped when it is over; but a cancelled term that was renewed is paid, so it changes.
    """
    due = and_(is_pending(), QuantityChange.from_at <= start)
    if session.scalar(select(QuantityChange.id).where(due).limit(1)) is None:
        return  # nearly always; whose they are is a question about every subscription
    due = and_(due, QuantityChange.subscription_id.in_(theirs.where(_goes_on())))
    chosen = scratch.empty(session, scratch.chosen).c
    found = select(QuantityChange.subscription_id).where(due)
    session.execute(insert(scratch.chosen).from_select(["subscription_id"], found))
    pending = and_(is_pending(), QuantityChange.subscription_id.in_(select(chosen.subscription_id)))
    _record_all(session, cause, field=FIELD, before=QuantityChange.quantity, after=None, where=pending)
    for in_seats in (False, True):
        _apply(session, cause, and_(pending, QuantityChange.in_seats.is_(in_seats)))
        wants.resize(session, cause, in_seats=in_seats)


def _goes_on() -> ColumnElement[bool]:
    on_paid_time = and_(Subscription.plan == Plan.ONE_OFF.value, Subscription.status == Status.ENDING.value)
    return or_(on_paid_time, Subscription.status == Status.RUNNING.value)


def _apply(session: Session, cause: Cause, pending: ColumnElement[bool]) -> None:
    """Give the subscriptions of the *pending* changes their new quantity, and name them in `scratch.touched`."""
    touched = scratch.empty(session, scratch.touched).c
    found = select(Subscription.id).join(QuantityChange, QuantityChange.subscription_id == Subscription.id)
    session.execute(insert(scratch.touched).from_select(["subscription_id"], found.where(pending)))
    mine = and_(pending, QuantityChange.subscription_id.in_(select(touched.subscription_id)))
    with_old = and_(mine, Subscription.id == QuantityChange.subscription_id)
    _record_all(session, cause, field="quantity", before=Subscription.quantity, after=QuantityChange.quantity, where=with_old)
    resplit = and_(with_old, Subscription.split != QuantityChange.split)
    _record_all(session, cause, field="split", before=Subscription.split, after=QuantityChange.split, where=resplit)
    session.execute(
        update(Subscription)
        .where(with_old)
        .values(quantity=QuantityChange.quantity, split=QuantityChange.split)
        .execution_options(synchronize_session=False)
    )
    _mark(session, mine, applied_at=cause.at)


def _mark(session: Session, which: ColumnElement[bool], **values: datetime) -> None:
    session.execute(update(QuantityChange).where(which).values(**values).execution_options(synchronize_session=False))


def _record(session: Session, cause: Cause, subscription_id: int, field: str, before: object, after: object) -> None:
    audit.record(session, cause, subject="subscription", subject_id=subscription_id, field=field, before=before, after=after)


def _record_all(
    session: Session,
    cause: Cause,
    *,
    field: str,
    before: SQLColumnExpression[Any],
    after: SQLColumnExpression[Any] | None,
    where: ColumnElement[bool],
) -> None:
    audit.record_all(
        session,
        cause,
        subject="subscription",
        subject_id=QuantityChange.subscription_id,
        field=field,
        before=before,
        after=after,
        where=select(QuantityChange.id).where(where),
    )
