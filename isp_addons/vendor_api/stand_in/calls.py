"""A stand-in's log of calls."""

from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from sys import intern
from threading import Lock
from typing import Any, NamedTuple


class LoggedCall(NamedTuple):
    """One call: of its parameters only the object's id, so that no secret is kept.

    ``time`` in Unix seconds; ``outcome`` is ok, the vendor's code or the HTTP status.
    """

    number: int
    time: int
    action: str
    object: str
    outcome: str
    fault: str


class CallLog:
    """The last calls, numbered from 1, and how many there were of each action. The oldest are forgotten beyond *limit*."""

    def __init__(self, *, limit: int = 200_000) -> None:
        self._lock = Lock()
        self._calls: deque[LoggedCall] = deque(maxlen=limit)
        self._counts: Counter[str] = Counter()
        self._last = 0

    def add(self, *, time: int, action: str, of: str, outcome: str, fault: str) -> None:
        """Note one call of *action* for the object *of*."""
        with self._lock:
            self._last += 1
            self._calls.append(LoggedCall(self._last, time, intern(action), of, intern(outcome), fault))
            self._counts[action] += 1

    def clear(self) -> None:
        """Forget all; numbers go on, so that ``since`` stays true."""
        with self._lock:
            self._calls.clear()
            self._counts.clear()

    def after(self, number: int = 0, *, limit: int = 1000) -> list[LoggedCall]:
        """At most *limit* calls after *number*, oldest first."""
        with self._lock:
            first = self._calls[0].number if self._calls else self._last + 1
            start = max(0, number + 1 - first)
            return list(islice(self._calls, start, start + limit))

    def counts(self) -> dict[str, int]:
        """How often each action was called."""
        with self._lock:
            return dict(self._counts)

    def since(self, number: int, *, limit: int) -> Mapping[str, Any]:
        """`after` as JSON, with the number of the last call and the counts."""
        calls = self.after(number, limit=limit)
        shown = [{**call._asdict(), "time": datetime.fromtimestamp(call.time, UTC).isoformat()} for call in calls]
        return {"last": self._last, "counts": self.counts(), "calls": shown}
