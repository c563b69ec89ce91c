"""The one place that reads the clock. Everything else takes the time as an argument."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where *now* comes from. ``replayed``: the time is chosen, not real; stand-in vendors then follow it."""

    replayed: bool

    def now(self) -> datetime:
        """The present moment: aware, UTC, whole seconds (what every vendor and billing can store)."""


class SystemClock:
    """The machine's own clock."""

    replayed = False

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC).replace(microsecond=0)


@dataclass(slots=True)
class ReplayClock:
    """A chosen moment, as ``--at`` gives it."""

    moment: datetime
    replayed = True

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self.moment


def real_milliseconds() -> int:
    """Real time since 1970, whatever ``--at`` says: a vendor's rate limit counts real calls."""
    return time.time_ns() // 1_000_000
