"""Leases on licences: who calls the vendor about which, taken in batches, one in flight for each licence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, text, update
from sqlalchemy.orm import Session

from isp_addons.domain.licence import Licence as Both
from isp_addons.domain.licence import Seen, SeenState, Wanted, WantedState
from isp_addons.store.tables import NOW_DIFFERENT, Account, Licence, Product, Subscription


@dataclass(frozen=True, slots=True)
class Leased:
    """One licence under a lease: both sides, and what a plugin needs to know of it."""

    id: int
    subscription_id: int
    vendor: str
    key: str
    reference: str | None
    account: str
    product: str
    options: dict[str, Any]
    both: Both
    suspend_from: datetime | None
    tries: int


def due(now: datetime) -> ColumnElement[bool]:
    """Licences with a next step at *now* that nobody calls about: the SQL twin of `isp_addons.domain.licence.next_step`."""
    again = and_(
        Licence.wanted_state == WantedState.SUSPENDED.value,
        Licence.seen_state == SeenState.SUSPENDED.value,
        Licence.reassert_at <= now,
    )
    return and_(
        or_(text(f"({NOW_DIFFERENT})"), again),
        Licence.given_up_at.is_(None),
        Licence.lease_owner.is_(None),
        Licence.next_try_at <= now,
    )


def details(condition: ColumnElement[bool]) -> Select[Any]:
    """Licences with what a plugin needs to know of them, as `Leased` reads it."""
    return (
        select(Licence, Account.ref, Product.code, Product.options)
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .where(condition)
    )


def take(session: Session, *, vendor: str, worker_id: str, now: datetime, lease: timedelta, limit: int) -> list[Leased]:
    """Lease up to *limit* due licences of *vendor*: resumptions first, since somebody paid and waits for them."""
    wanted = (
        select(Licence.id)
        .where(Licence.vendor == vendor, due(now))
        .order_by(Licence.wanted_state, Licence.next_try_at, Licence.id)
        .limit(limit)
    )
    ids = list(session.scalars(wanted.with_for_update(skip_locked=True)))
    if not ids:
        return []
    session.execute(
        update(Licence)
        .where(Licence.id.in_(ids))
        .values(lease_owner=worker_id, lease_until=now + lease)
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(details(Licence.id.in_(ids)).order_by(Licence.wanted_state, Licence.next_try_at, Licence.id))
    return [leased(row) for row in rows]


def leased(row: Any) -> Leased:
    """One row of `details`."""
    licence: Licence = row[0]
    return Leased(
        licence.id,
        licence.subscription_id,
        licence.vendor,
        licence.key,
        licence.reference,
        row[1],
        row[2],
        row[3],
        both(licence),
        licence.suspend_from,
        licence.tries,
    )


def both(licence: Licence) -> Both:
    """Both sides of a stored licence as the rule knows them."""
    return Both(
        wanted=Wanted(
            state=WantedState(licence.wanted_state),
            quantity=licence.wanted_quantity,
            paid_until=moment(licence.wanted_end),
            for_forecast=licence.for_forecast,
        ),
        seen=Seen(
            state=SeenState(licence.seen_state),
            quantity=licence.seen_quantity,
            paid_until=moment(licence.seen_end),
            reassert_at=licence.reassert_at,
        ),
    )


def moment(seconds: int | None) -> datetime | None:
    """UNIX seconds as a time; 0 and None = without end."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def seconds(end: datetime | None) -> int | None:
    """A time as UNIX seconds; None = without end."""
    return None if end is None else int(end.timestamp())


def write_answers(session: Session, *, worker_id: str, answers: Sequence[dict[str, Any]]) -> int:
    """Write what was seen (``b_id`` names the licence) and give the leases back; only where the lease is still ours.

    Every answer names the same columns. A want that changed while the call was in flight is not touched.
    """
    if not answers:
        return 0
    names = [parameter.removeprefix("b_") for parameter in answers[0] if parameter != "b_id"]
    columns: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
    table = Licence.__table__
    statement = (
        update(Licence)
        .where(table.c.id == bindparam("b_id"), table.c.lease_owner == worker_id)
        .values(lease_owner=None, lease_until=None, **columns)
    )
    result = session.connection().execute(statement, list(answers))
    return int(result.rowcount)


def give_back(session: Session, *, worker_id: str, ids: Sequence[int]) -> None:
    """Give leases back untouched: no call was made."""
    session.execute(
        update(Licence)
        .where(Licence.id.in_(ids), Licence.lease_owner == worker_id)
        .values(lease_owner=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def owners(session: Session) -> list[str]:
    """Every worker that holds a lease."""
    rows = session.scalars(select(Licence.lease_owner).where(Licence.lease_owner.is_not(None)).distinct())
    return [owner for owner in rows if owner is not None]


def take_over(session: Session, *, dead: Sequence[str], now: datetime) -> int:
    """Free the leases of *dead* workers and of those whose time is up. A call may have gone out: *seen* becomes unknown."""
    over = or_(Licence.lease_owner.in_(dead), Licence.lease_until < now)
    result = session.execute(
        update(Licence)
        .where(Licence.lease_owner.is_not(None), over)
        .values(lease_owner=None, lease_until=None, seen_state=SeenState.UNKNOWN.value, next_try_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
