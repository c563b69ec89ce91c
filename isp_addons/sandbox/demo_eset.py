"""Looks at the stand-in of ESET through its own doors: which licences stand there, and which calls it was made."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from isp_addons.domain.licence import SeenState
from isp_addons.sandbox.demo_doors import Doors

_ORDER = "License/Order"
_BECAME = {SeenState.SUSPENDED: "suspended", SeenState.ENDED: "ended"}


@dataclass(frozen=True, slots=True)
class EsetLicence:
    """One licence as it stands at ESET: ESET's own key of it, ours, its state."""

    public_key: str
    key: str
    state: SeenState


@dataclass(frozen=True, slots=True)
class EsetPass:
    """What happened there since the look before: licences by what became of them, and how many calls were made."""

    became: Counter[str]
    calls: int


class EsetWitness:
    """Watches one stand-in. ``orders``: how often each licence, by our key, was ordered there with success."""

    def __init__(self, url: str, *, at: datetime) -> None:
        self._doors = Doors(url, at=at)
        self._before: Mapping[str, EsetLicence] = {}
        self.orders: Counter[str] = Counter()

    def look(self, at: datetime) -> EsetPass:
        """What happened since the last look."""
        self._doors.clock.moment = at
        calls = self._doors.new_calls()
        self.orders.update(call["object"] for call in calls if call["action"] == _ORDER and call["outcome"] == "ok")
        now = {each.public_key: each for each in self.licences()}
        became = Counter(_what_became(self._before.get(key), each) for key, each in now.items())
        became += Counter(ended=len(self._before.keys() - now.keys()))
        self._before = now
        return EsetPass(Counter({what: count for what, count in became.items() if what}), len(calls))

    def licences(self) -> list[EsetLicence]:
        """All that stands there, also what has ended."""
        rows = self._doors.get("licences")["licences"]
        return [EsetLicence(row["id"], row["key"], SeenState(row["state"])) for row in rows]

    def close(self) -> None:
        """Close the connection."""
        self._doors.close()


def _what_became(before: EsetLicence | None, now: EsetLicence) -> str:
    if before is None:
        return "ordered"
    return "" if before.state is now.state else _BECAME.get(now.state, "resumed")
