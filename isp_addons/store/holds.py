"""Holds, put on and lifted from many subscriptions at once. What it means for licences follows in the same call."""

from datetime import datetime

from sqlalchemy import exists, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.store import audit, scratch, wants
from isp_addons.store.tables import Hold

_COLUMNS = ["subscription_id", "owner", "since", "until", "note"]


def put(session: Session, cause: Cause, *, owner: HoldOwner, until: datetime | None = None) -> int:
    """Put a hold of *owner* on every subscription of `scratch.chosen` that has none of his; returns how many.

    It counts from ``chosen.since``, which may lie in the future, and where that is NULL from ``cause.at``.
    """
    chosen, touched = scratch.chosen.c, scratch.touched.c
    standing = exists().where(
        Hold.subscription_id == chosen.subscription_id, Hold.owner == owner.value, Hold.lifted_at.is_(None)
    )
    fresh = select(chosen.subscription_id, func.coalesce(chosen.since, literal(cause.at, Hold.since.type))).where(~standing)
    scratch.empty(session, scratch.touched)
    session.execute(insert(scratch.touched).from_select(["subscription_id", "since"], fresh))
    rows = select(
        touched.subscription_id,
        literal(owner.value),
        touched.since,
        literal(until, Hold.until.type),
        literal(cause.why[:200]),
    )
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    statement = postgresql.insert(Hold).on_conflict_do_nothing() if on_postgresql else insert(Hold)
    counted = statement.from_select(_COLUMNS, rows).execution_options(preserve_rowcount=True)
    result = session.execute(counted)
    _record(session, cause, owner, before=None, after="stands")
    wants.rework(session, cause)
    return int(result.rowcount)  # type: ignore[attr-defined]


def lift(session: Session, cause: Cause, *, owner: HoldOwner) -> int:
    """Lift the hold of *owner* from every subscription of `scratch.chosen`; returns how many stood."""
    scratch.empty(session, scratch.touched)
    standing = select(Hold.subscription_id).where(
        Hold.subscription_id == scratch.chosen.c.subscription_id, Hold.owner == owner.value, Hold.lifted_at.is_(None)
    )
    session.execute(insert(scratch.touched).from_select(["subscription_id"], standing))
    result = session.execute(
        update(Hold)
        .where(
            Hold.subscription_id.in_(select(scratch.touched.c.subscription_id)),
            Hold.owner == owner.value,
            Hold.lifted_at.is_(None),
        )
        .values(lifted_at=cause.at)
        .execution_options(synchronize_session=False)
    )
    _record(session, cause, owner, before="stands", after=None)
    wants.rework(session, cause)
    return int(result.rowcount)  # type: ignore[attr-defined]


def choose(session: Session, subscription_ids: list[int]) -> None:
    """Name the subscriptions that the next `put` or `lift` is about."""
    scratch.empty(session, scratch.chosen)
    if subscription_ids:
        session.execute(insert(scratch.chosen), [{"subscription_id": each} for each in subscription_ids])


def _record(session: Session, cause: Cause, owner: HoldOwner, *, before: str | None, after: str | None) -> None:
    audit.record_all(
        session,
        cause,
        subject="subscription",
        subject_id=scratch.touched.c.subscription_id,
        field=f"hold_{owner.value}",
        before=before,
        after=after,
        where=select(scratch.touched.c.subscription_id),
    )
