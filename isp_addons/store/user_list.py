"""A vendor's whole list of users, taken in by few statements, however many users it has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.store import users
from isp_addons.store.tables import Audit, VendorUser
from isp_addons.vendor_api import VendorUser as Told

_PART = 500

_Known: TypeAlias = Row[*tuple[Any, ...]]
"""One row of `before`: ``id``, ``ref``, ``account_id``, ``email``, ``name``, ``gone_at``."""


def before(session: Session, *, vendor: str) -> dict[str, _Known]:
    """Every user of *vendor* that we know, gone or not, by the vendor's id; locked until the transaction ends."""
    table = VendorUser.__table__.c
    query = select(table.id, table.ref, table.account_id, table.email, table.name, table.gone_at)
    rows = session.execute(query.where(table.vendor == vendor).order_by(table.id).with_for_update())
    return {row.ref: row for row in rows}


def put_all(
    session: Session, cause: Cause, told: Sequence[tuple[Told, int]], *, vendor: str, known: Mapping[str, _Known]
) -> int:
    """Write down that the vendor has these users, each with the id of his account; returns how many came or came back.

    *known*: what `before` told in the same transaction. The audit has what `isp_addons.store.users.put` would say of each.
    """
    fresh, changed, notes, moved, came = [], [], [], [], 0
    for user, account_id in told:
        row = known.get(user.reference)
        is_here = row is not None and row.gone_at is None
        is_moved = row is not None and is_here and row.account_id != account_id
        came += 0 if is_here else 1
        if row is not None and is_moved:
            moved.append(row.id)
            notes.append(_note(cause, row.account_id, before=user, after=None))
        if not is_here or is_moved:
            notes.append(_note(cause, account_id, before=None, after=user))
        values = {"account_id": account_id, "email": user.email, "name": user.name, "seen_at": cause.at, "gone_at": None}
        if row is None:
            fresh.append({"vendor": vendor, "ref": user.reference, **values})
        else:
            changed.append({"b_id": row.id, **{f"b_{name}": value for name, value in values.items()}})
    for part in _parts(moved):
        users.return_seats(session, replace(cause, why=users.MOVED), users=part)
    _write(session, fresh, changed)
    _record(session, notes)
    return came


def leave_all(session: Session, cause: Cause, gone: Sequence[_Known]) -> int:
    """The vendor has these users of `before` no more; returns how many seats went back to their pools."""
    returned = 0
    for part in _parts([row.id for row in gone]):
        session.execute(
            update(VendorUser)
            .where(VendorUser.id.in_(part))
            .values(gone_at=cause.at)
            .execution_options(synchronize_session=False)
        )
        returned += users.return_seats(session, replace(cause, why=users.GONE), users=part)
    told = ((row.account_id, Told(reference=row.ref, account="", email=row.email)) for row in gone)
    _record(session, [_note(cause, account_id, before=user, after=None) for account_id, user in told])
    return returned


def _write(session: Session, fresh: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]) -> None:
    table = VendorUser.__table__
    names = ("account_id", "email", "name", "seen_at", "gone_at")
    if fresh:
        session.connection().execute(insert(VendorUser), list(fresh))
    if changed:
        statement = update(VendorUser).where(table.c.id == bindparam("b_id"))
        session.connection().execute(statement.values({name: bindparam(f"b_{name}") for name in names}), list(changed))


def _note(cause: Cause, account_id: int, *, before: Told | None, after: Told | None) -> dict[str, Any]:
    return {
        "at": cause.at,
        "actor": cause.actor,
        "source": cause.source.value,
        "subject": "account",
        "subject_id": account_id,
        "field": "vendor_user",
        "before": users.shown(before),
        "after": users.shown(after),
        "why": cause.why[:300],
    }


def _record(session: Session, notes: Sequence[Mapping[str, Any]]) -> None:
    if notes:
        session.connection().execute(insert(Audit.__table__), list(notes))  # type: ignore[arg-type]


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _PART] for start in range(0, len(ids), _PART))
