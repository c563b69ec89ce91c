"""How each vendor fares, for all workers together: its breaker, its rate budget, an admin's pause."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from isp_addons.convergence.answers import plain
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.retry import PATIENCE, FailureKind
from isp_addons.store import audit
from isp_addons.store.tables import Licence, VendorState
from isp_addons.vendor import PluginFault
from isp_addons.vendor_api import RateLimited, VendorError

LONGEST_PAUSE = timedelta(minutes=10)
UNAUTHORISED_PAUSE = timedelta(minutes=10)
BUDGET_AHEAD_MS = 1000
"""No batch reserves more than one second of a vendor's rate, so that what is leased is called about soon."""

DOWN = (FailureKind.UNAVAILABLE, FailureKind.OUTCOME_UNKNOWN)
"""Failures after which the vendor may be down. What it refused, it answered."""

_OF_THE_VENDOR = (FailureKind.UNAVAILABLE, FailureKind.UNAUTHORISED, FailureKind.RATE_LIMITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One vendor's settings: calls at a time, calls a second (None: no limit), and when the breaker opens for how long."""

    concurrency: int = 8
    rate_per_second: float | None = None
    breaker_failures: int = 5
    breaker_pause: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be leased now, and from when (real milliseconds) at what distance they may be made.

    ``probe``: a single call that finds out whether a vendor answers again. ``wait``: seconds until the rate allows more.
    """

    calls: int
    first_ms: float = 0.0
    distance_ms: float = 0.0
    probe: bool = False
    wait: float = 0.0


def of(session: Session, name: str) -> VendorState:
    """The row of vendor *name*, made when it is missing, locked until the transaction ends."""
    query = select(VendorState).where(VendorState.name == name).with_for_update()
    row = session.scalar(query)
    if row is None:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        fresh = dialect.insert(VendorState).values(name=name, failures=0, pauses=0, reason="")
        session.execute(fresh.on_conflict_do_nothing())
        row = session.scalars(query).one()
    return row


def is_paused(row: VendorState, now: datetime) -> bool:
    """Whether no call may be made: an admin paused it, or the breaker is open."""
    return row.paused_by is not None or (row.paused_until is not None and row.paused_until > now)


def paused(session: Session, now: datetime) -> set[str]:
    """The vendors that may not be called at *now*."""
    return {row.name for row in session.scalars(select(VendorState)) if is_paused(row, now)}


def grant(row: VendorState, *, limits: Limits, want: int, idle: bool, now: datetime, real_ms: int) -> Grant:
    """How many of *want* calls may be made. None while paused; after a pause one alone, and only when *idle*."""
    if is_paused(row, now) or want <= 0 or (row.pauses and not idle):
        return Grant(0)
    probe = row.pauses > 0
    want = 1 if probe else want
    if limits.rate_per_second is None:
        return Grant(want, probe=probe)
    distance = 1000 / limits.rate_per_second
    first = max(real_ms, row.next_call_ms or 0)
    ahead = first - real_ms
    if ahead >= BUDGET_AHEAD_MS:
        return Grant(0, wait=ahead / 1000)
    return Grant(min(want, math.ceil((BUDGET_AHEAD_MS - ahead) / distance)), first, distance, probe)


def spend(row: VendorState, grant: Grant, calls: int, *, limits: Limits, now: datetime) -> None:
    """*calls* of *grant* are going to be made. While a probe is under way the vendor stays paused for everybody else."""
    if grant.distance_ms and calls:
        row.next_call_ms = math.ceil(grant.first_ms + calls * grant.distance_ms)
    if grant.probe and calls:
        row.paused_until = now + limits.breaker_pause


def learn(
    session: Session,
    row: VendorState,
    *,
    limits: Limits,
    results: Iterable[VendorError | None],
    now: datetime,
    probe: bool = False,
) -> None:
    """Let the breaker see results in order (None: an answer without an error).

    Enough failures in a row open it for a pause that doubles with each failed probe; wrong credentials and "slow down" open
    it at once. An answer closes it, but not before its time when the call was under way already as it opened.
    """
    before = row.paused_until
    for error in results:
        _learn_one(row, error, limits=limits, now=now, probe=probe)
    if (before is None) != (row.paused_until is None):
        cause = Cause(actor=row.name, source=Source.VENDOR, at=now, why=row.reason or "the vendor answers again")
        _record(session, cause, row, before=before, after=row.paused_until)


def pause(session: Session, cause: Cause, name: str) -> None:
    """An admin stops all calls to a vendor until he resumes it."""
    row = of(session, name)
    if row.paused_by is None:
        row.paused_by, row.reason = cause.actor, cause.why
        _record(session, cause, row, before=None, after=f"by {cause.actor}")


def resume(session: Session, cause: Cause, name: str) -> None:
    """Calls may be made again, at once and at full width: also those that failed because of the vendor as a whole."""
    row = of(session, name)
    before = row.paused_by or row.paused_until
    row.failures, row.pauses, row.paused_until, row.paused_by, row.reason = 0, 0, None, None, ""
    session.execute(
        update(Licence)
        .where(
            Licence.vendor == name,
            Licence.failure.in_([kind.value for kind in _OF_THE_VENDOR]),
            Licence.next_try_at > cause.at,
            Licence.lease_owner.is_(None),
        )
        .values(next_try_at=cause.at)
        .execution_options(synchronize_session=False)
    )
    if before is not None:
        _record(session, cause, row, before=before, after=None)


def _learn_one(row: VendorState, error: VendorError | None, *, limits: Limits, now: datetime, probe: bool) -> None:
    if isinstance(error, PluginFault):
        return
    standing = is_paused(row, now) and not probe
    if error is None or error.kind in (FailureKind.REJECTED, FailureKind.UNSUPPORTED):
        row.failures = 0
        if not standing:
            row.pauses, row.paused_until, row.reason = 0, None, ""
    elif error.kind is FailureKind.UNAUTHORISED:
        _open(row, error, now + UNAUTHORISED_PAUSE, standing=standing)
    elif isinstance(error, RateLimited):
        _open(row, error, error.until or now + _growing(PATIENCE[error.kind].first, row.pauses), standing=standing)
    elif error.kind in DOWN:
        row.failures += 1
        if not standing and (probe or row.failures >= limits.breaker_failures):
            _open(row, error, now + _growing(limits.breaker_pause, row.pauses), standing=False)


def _open(row: VendorState, error: VendorError, until: datetime, *, standing: bool) -> None:
    row.pauses += 0 if standing else 1
    row.paused_until = max(until, row.paused_until or until)
    row.reason = plain(str(error))


def _growing(first: timedelta, pauses: int) -> timedelta:
    return min(first * 2.0 ** min(pauses, 10), LONGEST_PAUSE)


def _record(session: Session, cause: Cause, row: VendorState, *, before: object, after: object) -> None:
    audit.record(session, cause, subject="vendor", subject_id=row.id, field="paused", before=before, after=after)
