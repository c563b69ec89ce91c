"""The faults that a stand-in is told to show."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from threading import Lock
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong. Before the work: nothing is done. After it: done, but the answer is lost or unreadable.

    Before: ``refuse_before`` (the connection is cut), ``error_500``, ``unavailable_503``, ``rate_limit`` (429 with
    ``Retry-After``), ``unauthorised_401``, ``not_found_404``. ``slow`` waits, then does it and answers. After:
    ``timeout_after`` (silence, then a cut), ``garbage`` (half a web page), ``partial`` (half of a list, or of the bytes).
    """

    REFUSE_BEFORE = "refuse_before"
    ERROR_500 = "error_500"
    UNAVAILABLE_503 = "unavailable_503"
    RATE_LIMIT = "rate_limit"
    UNAUTHORISED_401 = "unauthorised_401"
    NOT_FOUND_404 = "not_found_404"
    SLOW = "slow"
    TIMEOUT_AFTER = "timeout_after"
    GARBAGE = "garbage"
    PARTIAL = "partial"


STATUS = {
    FaultKind.REFUSE_BEFORE: None,
    FaultKind.ERROR_500: 500,
    FaultKind.UNAVAILABLE_503: 503,
    FaultKind.RATE_LIMIT: 429,
    FaultKind.UNAUTHORISED_401: 401,
    FaultKind.NOT_FOUND_404: 404,
}
"""Faults that stop a call before anything is done, and the HTTP status they answer with; None = no answer at all."""

_SECONDS = {FaultKind.SLOW: 1.0, FaultKind.TIMEOUT_AFTER: 30.0, FaultKind.RATE_LIMIT: 1.0}


@dataclass(slots=True)
class Fault:
    """One fault. ``times`` None = until cleared; ``action`` and ``object`` narrow it to such calls.

    ``seconds``: how long ``slow`` and ``timeout_after`` wait, and what ``rate_limit`` tells.
    """

    kind: FaultKind
    times: int | None = 1
    action: str | None = None
    object: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        self.kind = FaultKind(self.kind)
        if self.times is not None and (isinstance(self.times, bool) or not isinstance(self.times, int) or self.times < 1):
            raise ValueError("times must be a number from 1, or null for every call")
        if self.seconds is None:
            self.seconds = _SECONDS.get(self.kind, 0.0)

    def meets(self, action: str, of: str) -> bool:
        """Whether a call of *action* for the object *of* is one of those that go wrong."""
        return self.action in (None, action) and self.object in (None, of)


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

    def take(self, action: str, of: str) -> Fault | None:
        """The fault that this call meets, counted down."""
        if not self._standing:
            return None
        with self._lock:
            fault = next((fault for fault in self._standing if fault.meets(action, of)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    self._standing.remove(fault)
            return fault

    def listed(self) -> list[dict[str, Any]]:
        """What stands, as JSON."""
        with self._lock:
            return [asdict(fault) for fault in self._standing]
