"""Works out what is wanted of licences from their subscriptions and standing holds: the one place that writes *wanted*."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Subquery, and_, bindparam, case, func, insert, or_, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.licence import SeenState, WantedState
from isp_addons.domain.subscription import Status
from isp_addons.store import audit, codes, schema, scratch
from isp_addons.store.leases import seconds
from isp_addons.store.tables import Hold, Licence, Subscription

_OVER = (Status.ENDED.value, Status.REFUSED.value)


def rework(session: Session, cause: Cause) -> None:
    """Bring the wanted side of the licences of `scratch.touched` in line with holds and status; wake what changed.

    A change forgets failed tries: a licence that was given up on gets a new chance when something else is wanted of it.
    """
    wish = _wishes(has_codes=codes.any_at_all(session))
    changed = and_(
        Licence.id == wish.c.id,
        or_(
            Licence.wanted_state != wish.c.state,
            Licence.for_forecast != wish.c.for_forecast,
            Licence.suspend_from.is_distinct_from(wish.c.suspend_from),
        ),
    )
    audit.record_all(
        session,
        cause,
        subject="licence",
        subject_id=Licence.id,
        field="wanted_state",
        before=Licence.wanted_state,
        after=wish.c.state,
        where=select(Licence.id).join(wish, Licence.id == wish.c.id).where(Licence.wanted_state != wish.c.state),
    )
    start_moves = or_(Licence.suspend_from > cause.at, wish.c.suspend_from > cause.at)
    earlier = and_(wish.c.state == WantedState.SUSPENDED.value, Licence.seen_state == SeenState.SUSPENDED.value, start_moves)
    session.execute(
        update(Licence)
        .where(changed)
        .values(
            wanted_state=wish.c.state,
            for_forecast=wish.c.for_forecast,
            suspend_from=wish.c.suspend_from,
            reassert_at=case((earlier, cause.at), else_=Licence.reassert_at),
            **_fresh_chance(cause),
        )
        .execution_options(synchronize_session=False)
    )


def follow_paid_until(session: Session, cause: Cause) -> None:
    """Licences of `scratch.renewing` that carry a date get the subscription's new one; endless ones need no call at all."""
    dated = (
        select(Licence.id, Subscription.paid_until)
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .join(scratch.renewing, scratch.renewing.c.subscription_id == Subscription.id)
        .where(Licence.wanted_end.is_not(None))
    )
    rows = [{"b_id": licence, "b_end": seconds(end)} for licence, end in session.execute(dated)]
    if rows:
        table = Licence.__table__
        session.connection().execute(
            update(Licence)
            .where(table.c.id == bindparam("b_id"), table.c.wanted_end.is_distinct_from(bindparam("b_end")))
            .values(wanted_end=bindparam("b_end"), **_fresh_chance(cause)),
            rows,
        )


def redate(session: Session, cause: Cause, *, subscription_id: int, end_for: Callable[[str], datetime | None]) -> None:
    """Give the licences of one subscription the end date that *end_for* (by vendor) works out."""
    for licence in session.scalars(select(Licence).where(Licence.subscription_id == subscription_id)):
        end = seconds(end_for(licence.vendor))
        if licence.wanted_end != end:
            audit.record(
                session,
                cause,
                subject="licence",
                subject_id=licence.id,
                field="wanted_end",
                before=licence.wanted_end,
                after=end,
            )
            session.execute(update(Licence).where(Licence.id == licence.id).values(wanted_end=end, **_fresh_chance(cause)))


def hand_over(session: Session, cause: Cause, *, before: int, after: int, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Let licences of subscription *before* belong to *after* from now on, with what *rows* want of them; by seat.

    The vendor keeps the same licences. Returns the seats that were handed over.
    """
    by_seat = {row["seat"]: row for row in rows}
    found = session.scalars(select(Licence).where(Licence.subscription_id == before, Licence.seat.in_(by_seat))).all()
    for licence in found:
        row = by_seat[licence.seat]
        audit.record(session, cause, subject="licence", subject_id=licence.id, field="subscription", before=before, after=after)
        session.execute(
            update(Licence)
            .where(Licence.id == licence.id)
            .values(
                subscription_id=after,
                wanted_quantity=row["wanted_quantity"],
                wanted_split=row["wanted_split"],
                wanted_end=row["wanted_end"],
                **_fresh_chance(cause),
            )
            .execution_options(synchronize_session=False)
        )
    return {licence.seat for licence in found}


def resize(session: Session, cause: Cause, *, in_seats: bool) -> None:
    """Bring the licences of `scratch.touched` in line with the quantity of their subscriptions.

    *in_seats*: one licence for each unit; the missing ones are added, and of those that are too many the highest are ended.
    Otherwise one licence with all units, distributed as the subscription says.
    """
    if in_seats:
        _add_seats(session, cause)
        rework(session, cause)
        return
    touched = scratch.touched.c
    different = and_(
        Licence.subscription_id == Subscription.id,
        Subscription.id.in_(select(touched.subscription_id)),
        or_(Licence.wanted_quantity != Subscription.quantity, Licence.wanted_split != Subscription.split),
    )
    told = (
        ("wanted_quantity", Licence.wanted_quantity, Subscription.quantity),
        ("wanted_split", Licence.wanted_split, Subscription.split),
    )
    for field, before, after in told:
        audit.record_all(
            session,
            cause,
            subject="licence",
            subject_id=Licence.id,
            field=field,
            before=before,
            after=after,
            where=select(Licence.id).where(different, before != after),
        )
    session.execute(
        update(Licence)
        .where(different)
        .values(wanted_quantity=Subscription.quantity, wanted_split=Subscription.split, **_fresh_chance(cause))
        .execution_options(synchronize_session=False)
    )


def _add_seats(session: Session, cause: Cause) -> None:
    """Write the licences of units that never had one, with the vendor and the end date of the first."""
    most = select(func.max(Licence.seat)).where(Licence.subscription_id == Subscription.id).correlate(Subscription)
    rows = session.execute(
        select(Subscription.id, Subscription.quantity, most.scalar_subquery().label("most"), Licence.vendor, Licence.wanted_end)
        .join(scratch.touched, scratch.touched.c.subscription_id == Subscription.id)
        .join(Licence, and_(Licence.subscription_id == Subscription.id, Licence.seat == 1))
    )
    installation = schema.installation(session)
    fresh = [
        {
            "subscription_id": row.id,
            "seat": seat,
            "vendor": row.vendor,
            "key": licence_key(installation, row.id, seat),
            "wanted_state": WantedState.ACTIVE.value,
            "wanted_end": row.wanted_end,
            "next_try_at": cause.at,
        }
        for row in rows
        for seat in range(row.most + 1, row.quantity + 1)
    ]
    if fresh:
        session.execute(insert(Licence), fresh)


def licence_key(installation: str, subscription_id: int, seat: int) -> str:
    """Our own id of a licence, which every vendor is told."""
    return f"ia{installation}-{subscription_id}-{seat}"


def _fresh_chance(cause: Cause) -> dict[str, Any]:
    """What else changes when something new is wanted: what failed or was given up before is tried anew.

    But a vendor that has accepted something and asked for patience gets it: read too early, it might still deny it.
    """
    at_once = case((Licence.seen_state == SeenState.PENDING.value, Licence.next_try_at), else_=cause.at)
    return {"next_try_at": at_once, "tries": 0, "failure": None, "failure_text": "", "given_up_at": None}


def _wishes(*, has_codes: bool) -> Subquery:
    """What each licence of the touched subscriptions should be.

    A code that was issued stays as it is, whatever holds its subscription: while a hold stands, the next one is not issued.
    Where there are no codes (not *has_codes*), nobody looks for them. Seats above the quantity are ended.
    """
    touched = scratch.touched
    holds = (
        select(
            Hold.subscription_id,
            func.sum(case((Hold.owner == HoldOwner.FORECAST.value, 0), else_=1)).label("others"),
            func.max(Hold.since).label("since"),
        )
        .join(touched, touched.c.subscription_id == Hold.subscription_id)
        .where(Hold.lifted_at.is_(None))
        .group_by(Hold.subscription_id)
        .subquery("standing")
    )
    over = or_(Subscription.status.in_(_OVER), Licence.seat > Subscription.quantity)
    is_held = holds.c.subscription_id.is_not(None)
    held = and_(is_held, ~codes.issued()) if has_codes else is_held
    only_forecast = and_(~over, held, holds.c.others == 0)
    return (
        select(
            Licence.id.label("id"),
            case((over, WantedState.ENDED.value), (held, WantedState.SUSPENDED.value), else_=WantedState.ACTIVE.value).label(
                "state"
            ),
            case((only_forecast, True), else_=False).label("for_forecast"),
            case((only_forecast, holds.c.since), else_=None).label("suspend_from"),
        )
        .join(touched, touched.c.subscription_id == Licence.subscription_id)
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .outerjoin(holds, holds.c.subscription_id == Subscription.id)
        .subquery("wish")
    )
