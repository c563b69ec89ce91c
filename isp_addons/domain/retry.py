"""When to try a failed vendor call again, by the kind of failure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class FailureKind(StrEnum):
    """How a vendor call failed; each kind has its own patience."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    UNAUTHORISED = "unauthorised"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REJECTED = "rejected"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Patience:
    """First wait, longest wait, and after how many tries to give up (None: never)."""

    first: timedelta
    longest: timedelta
    tries: int | None


PATIENCE = {
    FailureKind.UNAVAILABLE: Patience(timedelta(seconds=5), timedelta(minutes=10), None),
    FailureKind.RATE_LIMITED: Patience(timedelta(seconds=5), timedelta(minutes=10), None),
    FailureKind.UNAUTHORISED: Patience(timedelta(minutes=5), timedelta(minutes=30), None),
    FailureKind.OUTCOME_UNKNOWN: Patience(timedelta(seconds=2), timedelta(minutes=10), 12),
    FailureKind.REJECTED: Patience(timedelta(0), timedelta(0), 1),
    FailureKind.UNSUPPORTED: Patience(timedelta(0), timedelta(0), 1),
}


def next_try(
    kind: FailureKind, *, tries: int, now: datetime, jitter: float, not_before: datetime | None = None
) -> datetime | None:
    """When to try again after *tries* failures in a row (1 = the first); None = give up and show it to an admin.

    The wait doubles from try to try up to the longest; *jitter* (0 to 1) takes up to a fifth off, so that a thousand
    licences that failed together do not come back together. *not_before* is the vendor's own word and always holds.
    """
    patience = PATIENCE[kind]
    if patience.tries is not None and tries >= patience.tries:
        return None
    wait = min(patience.first * 2.0 ** min(tries - 1, 20), patience.longest)
    due = now + wait * (1 - 0.2 * jitter)
    return due if not_before is None else max(due, not_before)
