"""How each vendor fares, for all workers together: its breaker, its rate budget, an admin's pause."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.retry import FailureKind
from isp_addons.store import audit
from isp_addons.store.tables import VendorState
from isp_addons.vendor_api import VendorError

LONGEST_PAUSE = timedelta(minutes=10)
UNAUTHORISED_PAUSE = timedelta(minutes=10)
BUDGET_AHEAD_MS = 10_000
"""A batch never reserves more than ten seconds of a vendor's rate."""

_DOWN = (FailureKind.UNAVAILABLE, FailureKind.OUTCOME_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One vendor's settings: calls at a time, calls a second (None: no limit), and when the breaker opens for how long."""

    concurrency: int = 8
    rate_per_second: float | None = None
    breaker_failures: int = 5
    breaker_pause: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be made now, and from when (real milliseconds) at what distance."""

    calls: int
    first_ms: int = 0
    distance_ms: float = 0.0


def of(session: Session, name: str, *, lock: bool = False) -> VendorState:
    """The row of vendor *name*, made when it is missing."""
    query = select(VendorState).where(VendorState.name == name)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        row = VendorState(name=name, failures=0, pauses=0, reason="")
        session.add(row)
        session.flush()
    return row


def is_paused(row: VendorState, now: datetime) -> bool:
    """Whether no call may be made: an admin paused it, or the breaker is open."""
    return row.paused_by is not None or (row.paused_until is not None and row.paused_until > now)


def grant(session: Session, name: str, *, limits: Limits, want: int, now: datetime, real_ms: int) -> Grant:
    """Reserve up to *want* calls of the vendor's rate. None while paused; one, as a probe, after a pause."""
    row = of(session, name, lock=True)
    if is_paused(row, now):
        return Grant(0)
    calls = 1 if row.pauses else want
    if limits.rate_per_second is None:
        return Grant(calls)
    distance = 1000 / limits.rate_per_second
    first = max(real_ms, row.next_call_ms or 0)
    calls = min(calls, int((real_ms + BUDGET_AHEAD_MS - first) / distance))
    if calls <= 0:
        return Grant(0)
    row.next_call_ms = int(first + calls * distance)
    return Grant(calls, first, distance)


def learn(session: Session, name: str, *, limits: Limits, results: Iterable[VendorError | None], now: datetime) -> bool:
    """Let the breaker see results in order; returns whether the vendor is paused now.

    A success closes it. Enough failures in a row open it for a pause that doubles with each failed probe; wrong
    credentials open it at once.
    """
    row = of(session, name, lock=True)
    before = row.paused_until
    for error in results:
        if error is None or error.kind in (FailureKind.REJECTED, FailureKind.UNSUPPORTED):
            row.failures, row.pauses, row.paused_until, row.reason = 0, 0, None, ""
        elif error.kind is FailureKind.UNAUTHORISED:
            row.pauses += 1
            row.paused_until, row.reason = now + UNAUTHORISED_PAUSE, str(error)[:500]
        elif error.kind in _DOWN:
            row.failures += 1
            if (row.failures >= limits.breaker_failures or row.pauses) and not is_paused(row, now):
                wait = min(limits.breaker_pause * 2.0 ** min(row.pauses, 10), LONGEST_PAUSE)
                row.pauses += 1
                row.paused_until, row.reason = now + wait, str(error)[:500]
    if (before is None) != (row.paused_until is None):
        cause = Cause(actor=name, source=Source.VENDOR, at=now, why=row.reason or "the vendor answers again")
        _record(session, cause, row, before=before, after=row.paused_until)
    return is_paused(row, now)


def pause(session: Session, cause: Cause, name: str) -> None:
    """An admin stops all calls to a vendor until he resumes it."""
    row = of(session, name, lock=True)
    if row.paused_by is None:
        row.paused_by, row.reason = cause.actor, cause.why
        _record(session, cause, row, before=None, after=f"by {cause.actor}")


def resume(session: Session, cause: Cause, name: str) -> None:
    """Calls may be made again, at once and at full width."""
    row = of(session, name, lock=True)
    before = row.paused_by or row.paused_until
    row.failures, row.pauses, row.paused_until, row.paused_by, row.reason = 0, 0, None, None, ""
    if before is not None:
        _record(session, cause, row, before=before, after=None)


def _record(session: Session, cause: Cause, row: VendorState, *, before: object, after: object) -> None:
    audit.record(session, cause, subject="vendor", subject_id=row.id, field="paused", before=before, after=after)
