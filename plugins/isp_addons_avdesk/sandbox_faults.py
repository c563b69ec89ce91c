"""Faults that the stand-in is told to show, and its log of calls."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from sys import intern
from threading import Lock
from typing import Any, NamedTuple


class FaultKind(StrEnum):
    """What goes wrong. Before the work: nothing is done. After it: done, but the answer is lost or unreadable."""

    REFUSE_BEFORE = "refuse_before"
    ERROR_500 = "error_500"
    UNAVAILABLE_503 = "unavailable_503"
    RATE_LIMIT = "rate_limit"
    SLOW = "slow"
    TIMEOUT_AFTER = "timeout_after"
    GARBAGE = "garbage"
    PARTIAL = "partial"


_SECONDS = {FaultKind.SLOW: 1.0, FaultKind.TIMEOUT_AFTER: 30.0, FaultKind.RATE_LIMIT: 1.0}


@dataclass(slots=True)
class Fault:
    """One fault. ``times`` None = until cleared; ``script`` and ``station`` narrow it to such calls."""

    kind: FaultKind
    times: int | None = 1
    script: str | None = None
    station: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        self.kind = FaultKind(self.kind)
        if self.script is not None:
            self.script = script_name(self.script)
        if self.times is not None and (isinstance(self.times, bool) or not isinstance(self.times, int) or self.times < 1):
            raise ValueError("times must be a number from 1, or null for every call")
        if self.seconds is None:
            self.seconds = _SECONDS.get(self.kind, 0.0)

    def meets(self, script: str, station: str) -> bool:
        """Whether a call is one of those that go wrong."""
        return self.script in (None, script) and self.station in (None, station)


class Faults:
    """The faults that stand, in the order in which they were set; each call meets the first that fits."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._standing: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set one more."""
        with self._lock:
            self._standing.append(fault)

    def clear(self) -> None:
        """Clear all."""
        with self._lock:
            self._standing.clear()

    def take(self, script: str, station: str) -> Fault | None:
        """The fault that this call meets, counted down."""
        if not self._standing:
            return None
        with self._lock:
            fault = next((fault for fault in self._standing if fault.meets(script, station)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    self._standing.remove(fault)
            return fault

    def listed(self) -> list[dict[str, Any]]:
        """What stands, as JSON."""
        with self._lock:
            return [asdict(fault) for fault in self._standing]


class LoggedCall(NamedTuple):
    """One call: no parameters but the id, so that no secret is kept. ``outcome``: ok, or the code or HTTP status."""

    number: int
    time: int
    script: str
    id: str
    outcome: str
    fault: str


class CallLog:
    """The last calls, numbered from 1, and how many there were of each script."""

    def __init__(self, *, limit: int) -> None:
        self._lock = Lock()
        self._calls: deque[LoggedCall] = deque(maxlen=limit)
        self._counts: Counter[str] = Counter()
        self._last = 0

    def add(self, *, time: int, script: str, station: str, outcome: str, fault: str) -> None:
        """Note one call."""
        with self._lock:
            self._last += 1
            self._calls.append(LoggedCall(self._last, time, intern(script), station, intern(outcome), fault))
            self._counts[script] += 1

    def clear(self) -> None:
        """Forget all; numbers go on, so that ``since`` stays true."""
        with self._lock:
            self._calls.clear()
            self._counts.clear()

    def since(self, number: int, limit: int) -> Mapping[str, Any]:
        """At most *limit* calls after *number*, as JSON, with the last number and the counts of all scripts."""
        with self._lock:
            first = self._calls[0].number if self._calls else self._last + 1
            start = max(0, number + 1 - first)
            calls = list(islice(self._calls, start, start + limit))
            counts, last = dict(self._counts), self._last
        shown = [{**call._asdict(), "time": datetime.fromtimestamp(call.time, UTC).isoformat()} for call in calls]
        return {"last": last, "counts": counts, "calls": shown}


def script_name(name: str) -> str:
    """A script's one name: ``-`` and ``_`` are equal in it, and ``.ds`` may be left out (general_structure_xml)."""
    return name.strip("/").removesuffix(".ds").replace("_", "-")
