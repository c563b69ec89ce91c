"""Leases on licences: who calls the vendor about which, taken in batches, one in flight for each licence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, insert, or_, select, text, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.licence import Licence as Both
from isp_addons.domain.licence import Seen, SeenState, Wanted, WantedState
from isp_addons.domain.seats import is_account_wide
from isp_addons.store import audit, tasks, users
from isp_addons.store.tables import NOW_DIFFERENT, Account, Audit, Licence, Product, Subscription

_WANTED = (
    Licence.wanted_state,
    Licence.wanted_quantity,
    Licence.wanted_split,
    Licence.wanted_end,
    Licence.for_forecast,
    Licence.suspend_from,
)
_SEEN = (Licence.seen_state, Licence.seen_quantity, Licence.seen_split, Licence.seen_end, Licence.reassert_at)
_ABOUT = (
    Licence.id,
    Licence.vendor,
    Licence.key,
    Licence.reference,
    Account.ref.label("account"),
    Product.code.label("product"),
    Product.options,
    Licence.tries,
    Licence.failure,
    Licence.failure_text,
    Licence.given_up_at,
    Licence.lease_owner,
    Licence.seen_at,
)
_IN_TURN = (Licence.wanted_state, Licence.next_try_at, Licence.id)
"""Active comes first by its name: somebody paid and waits. It is the order of the index ``ix_licence_due``."""


@dataclass(frozen=True, slots=True)
class Leased:
    """One licence: both sides, and what a plugin needs to know of it. ``failure``: how the last call failed, if it did.

    ``users``: who has a seat, filled in by `with_users`. ``code``: see `isp_addons.store.codes.carried`; it is a secret.
    """

    id: int
    vendor: str
    key: str
    reference: str | None
    account: str
    product: str
    options: dict[str, Any]
    both: Both
    suspend_from: datetime | None
    tries: int
    failure: str | None
    users: tuple[str, ...] = ()
    code: str | None = field(default=None, repr=False)


def due(now: datetime) -> ColumnElement[bool]:
    """Licences with a next step at *now* that nobody calls about: the SQL twin of `isp_addons.domain.licence.next_step`."""
    return and_(or_(_different(), _to_reassert(now)), _free(now))


def details(condition: ColumnElement[bool]) -> Select[Any]:
    """Licences with what a plugin needs to know of them, as `leased` reads it."""
    return (
        select(*_ABOUT, *_WANTED, *_SEEN)
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .where(condition)
    )


def leased(row: Row[Any]) -> Leased:
    """One row of `details`."""
    return Leased(
        row.id,
        row.vendor,
        row.key,
        row.reference,
        row.account,
        row.product,
        row.options,
        Both(
            wanted=_wanted(row),
            seen=Seen(
                state=SeenState(row.seen_state),
                quantity=row.seen_quantity,
                split=row.seen_split,
                paid_until=moment(row.seen_end),
                reassert_at=row.reassert_at,
            ),
        ),
        row.suspend_from,
        row.tries,
        row.failure,
    )


def moment(seconds: int | None) -> datetime | None:
    """UNIX seconds as a time; 0 and None = without end."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def seconds(end: datetime | None) -> int | None:
    """A time as UNIX seconds; None = without end."""
    return None if end is None else int(end.timestamp())


def any_due(session: Session, *, vendor: str, now: datetime) -> bool:
    """Whether anything is due at *vendor*: two looks into small indexes, however many licences there are."""
    for condition in (_different(), _to_reassert(now)):
        query = select(Licence.id).where(Licence.vendor == vendor, condition, _free(now)).order_by(*_IN_TURN)
        if session.scalar(query.limit(1)) is not None:
            return True
    return False


def take(
    session: Session, *, vendor: str, worker_id: str, now: datetime, limit: int, least_tried_first: bool = False
) -> list[Leased]:
    """Lease up to *limit* due licences of *vendor*: resumptions first, since somebody paid and waits for them.

    *least_tried_first* is for probes of a vendor that failed: one licence that always fails must not stand for all.
    """
    batch: list[Leased] = []
    order = [Licence.tries, *_IN_TURN] if least_tried_first else _IN_TURN
    for condition in (_different(), _to_reassert(now)):
        mine = (
            select(Licence.id)
            .where(Licence.vendor == vendor, condition, _free(now))
            .order_by(*order)
            .limit(limit - len(batch))
            .with_for_update(skip_locked=True)
            .cte("mine")
        )
        batch += [leased(row) for row in session.execute(details(Licence.id == mine.c.id).order_by(*order))]
        if len(batch) >= limit:
            break
    if batch:
        session.execute(
            update(Licence)
            .where(Licence.id.in_([each.id for each in batch]))
            .values(lease_owner=worker_id)
            .execution_options(synchronize_session=False)
        )
    return batch


def with_users(session: Session, batch: Sequence[Leased]) -> list[Leased]:
    """*batch* with those who have a seat, in one question: for vendors that have users."""
    if not batch:
        return []
    everybody = {each.id for each in batch if is_account_wide(each.options)}
    everybody |= users.for_everybody(session, licences=[each.id for each in batch])
    found = users.holders(session, seats=[each.id for each in batch if each.id not in everybody], everybody=everybody)
    return [replace(each, users=found.get(each.id, ())) for each in batch]


def standing(session: Session, *, worker_id: str, ids: Collection[int]) -> dict[int, tuple[Wanted, datetime | None]]:
    """What is wanted now (and suspended from when) of those of *ids* that *worker_id* still holds.

    A licence that a service is changing at this moment is left out: it is asked for again later, nobody waits.
    """
    query = select(Licence.id, *_WANTED).where(Licence.id.in_(ids), Licence.lease_owner == worker_id)
    rows = session.execute(query.order_by(Licence.id).with_for_update(skip_locked=True))
    return {row.id: (_wanted(row), row.suspend_from) for row in rows}


def held(session: Session, *, worker_id: str, ids: Collection[int]) -> set[int]:
    """Those of *ids* that *worker_id* holds, whether or not somebody is changing them."""
    return set(session.scalars(select(Licence.id).where(Licence.id.in_(ids), Licence.lease_owner == worker_id)))


def write_answers(session: Session, answers: Sequence[dict[str, Any]], audits: Sequence[dict[str, Any]]) -> None:
    """Write what was seen (``b_id`` names the licence) with its audit rows, and give the leases back.

    Every answer names the same columns, none of the wanted ones. Call it for what `standing` told in the same transaction.
    """
    if answers:
        names = [parameter.removeprefix("b_") for parameter in answers[0] if parameter != "b_id"]
        columns: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
        table = Licence.__table__
        statement = update(Licence).where(table.c.id == bindparam("b_id")).values(lease_owner=None, **columns)
        session.connection().execute(statement, list(answers))
    if audits:
        session.connection().execute(insert(Audit.__table__), list(audits))  # type: ignore[arg-type]


def give_back(session: Session, *, worker_id: str, ids: Collection[int]) -> None:
    """Give leases back untouched: no call was made."""
    session.execute(
        update(Licence)
        .where(Licence.id.in_(ids), Licence.lease_owner == worker_id)
        .values(lease_owner=None)
        .execution_options(synchronize_session=False)
    )


def read_anew(session: Session, cause: Cause, *, vendor: str, key: str) -> bool:
    """The vendor says that it changed this licence by itself: *seen* becomes unknown, so that it is read.

    False: somebody is calling about it right now, or a person was asked; say it again later. A key that is not ours is no
    reason for anything.
    """
    mine = and_(Licence.vendor == vendor, Licence.key == key)
    licence = session.scalar(select(Licence).where(mine).with_for_update())
    if licence is None:
        return True
    if licence.lease_owner is not None or tasks.standing(session, licence_id=licence.id) is not None:
        return False
    before, after = licence.seen_state, SeenState.UNKNOWN.value
    if before != after:
        audit.record(session, cause, subject="licence", subject_id=licence.id, field="seen_state", before=before, after=after)
    licence.seen_state, licence.next_try_at = after, cause.at
    licence.tries, licence.failure, licence.failure_text, licence.given_up_at = 0, None, "", None
    return True


def owners(session: Session) -> list[str]:
    """Every worker that holds a lease."""
    rows = session.scalars(select(Licence.lease_owner).where(Licence.lease_owner.is_not(None)).distinct())
    return [owner for owner in rows if owner is not None]


def take_over(session: Session, cause: Cause, *, dead: Collection[str], by_people: Collection[str] = ()) -> int:
    """Free the leases of *dead* workers. A call may have gone out: *seen* becomes unknown, so that it is read first.

    Not so at vendors that are served *by_people*: their plugins only tell what to do, so a call that was lost did nothing,
    and there is nothing to read. Never by time: however long a call takes, the lease of a worker that lives is its own.
    """
    waiting = select(Licence.id).where(Licence.lease_owner.in_(dead)).order_by(Licence.id)
    ids = list(session.scalars(waiting.with_for_update(skip_locked=True)))
    if not ids:
        return 0
    mine = Licence.id.in_(ids)
    reads = Licence.vendor.not_in(by_people)
    unknown = SeenState.UNKNOWN.value
    audit.record_all(
        session,
        cause,
        subject="licence",
        subject_id=Licence.id,
        field="seen_state",
        before=Licence.seen_state,
        after=unknown,
        where=select(Licence.id).where(mine, reads, Licence.seen_state != unknown),
    )
    session.execute(
        update(Licence)
        .where(mine)
        .values(lease_owner=None, seen_state=case((reads, unknown), else_=Licence.seen_state), next_try_at=cause.at)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def unsettled() -> ColumnElement[bool]:
    """Licences whose vendor does not have what is wanted yet: a call is due, waits for its next try, or is under way."""
    return and_(_different(), Licence.given_up_at.is_(None))


def _different() -> ColumnElement[bool]:
    return text(f"({NOW_DIFFERENT})")  # type: ignore[return-value]


def _to_reassert(now: datetime) -> ColumnElement[bool]:
    return and_(
        Licence.wanted_state == WantedState.SUSPENDED.value,
        Licence.seen_state == SeenState.SUSPENDED.value,
        Licence.reassert_at <= now,
    )


def _free(now: datetime) -> ColumnElement[bool]:
    """Nobody calls about it, and it is neither given up nor to be left alone: for a while, or until a person answers."""
    return and_(Licence.given_up_at.is_(None), Licence.lease_owner.is_(None), Licence.next_try_at <= now)


def _wanted(row: Any) -> Wanted:
    return Wanted(
        state=WantedState(row.wanted_state),
        quantity=row.wanted_quantity,
        split=row.wanted_split,
        paid_until=moment(row.wanted_end),
        for_forecast=row.for_forecast,
    )
