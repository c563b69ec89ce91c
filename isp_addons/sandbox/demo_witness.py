"""Looks at the stand-in AV-Desk through its own doors: what stands there, and which calls it was made."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isp_addons.sandbox.demo_doors import Doors

OPEN, BLOCKED, DATED, DELETED, ABSENT = "open", "blocked", "dated ", "deleted", "absent"
"""What a station means to its subscriber; one that is blocked from later on is `DATED` and the time."""

_CHANGING = frozenset({"stations/add", "stations/change", "stations/delete", "stations/restore"})


@dataclass(frozen=True, slots=True)
class Station:
    """One station as stored. Times are aware, None = not set."""

    id: str
    account: str
    deleted: bool
    block_begin: datetime | None
    block_end: datetime | None

    def meaning(self, now: datetime) -> str:
        """What it is at *now*."""
        if self.deleted:
            return DELETED
        if self.block_begin is None or (self.block_end is not None and self.block_end < now):
            return OPEN
        return BLOCKED if self.block_begin <= now else DATED + self.block_begin.isoformat()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the log; ``ok``: it was done, whether or not its answer arrived (``lost``)."""

    script: str
    station: str
    ok: bool
    lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What happened at the vendor since the look before: stations by what became of them, calls by what they were.

    ``doubled``: stations that were changed twice, or changed into what they were. ``secret``: changed without a call.
    """

    became: Counter[str]
    reads: int
    failed: int
    lost: int
    calls: tuple[Call, ...]
    doubled: tuple[str, ...]
    secret: tuple[str, ...]

    def about(self, stations: Iterable[str]) -> int:
        """How many calls named one of *stations*."""
        chosen = set(stations)
        return sum(1 for call in self.calls if call.station in chosen)


def compare(before: Mapping[str, Station], after: Mapping[str, Station], calls: Iterable[Call], *, now: datetime) -> Pass:
    """What *calls* made of the stations. One pass of the product changes a station once at most, and only when it must."""
    log = tuple(calls)
    done = Counter(call.station for call in log if call.ok and call.script in _CHANGING)
    became: Counter[str] = Counter()
    doubled, secret = [], []
    for station in sorted(before.keys() | after.keys()):
        was = before[station].meaning(now) if station in before else ABSENT
        is_now = after[station].meaning(now) if station in after else ABSENT
        if was != is_now:
            became[_change(was, is_now)] += 1
        if done[station] > (was != is_now):
            doubled.append(station)
        if was != is_now and not done[station]:
            secret.append(station)
    return Pass(
        became=became,
        reads=sum(1 for call in log if call.ok and call.script not in _CHANGING),
        failed=sum(1 for call in log if not call.ok),
        lost=sum(1 for call in log if call.ok and call.lost),
        calls=log,
        doubled=tuple(doubled),
        secret=tuple(secret),
    )


def _change(was: str, is_now: str) -> str:
    if is_now in (DELETED, ABSENT):
        return "deleted"
    if was == ABSENT:
        return "ordered"
    if is_now == OPEN:
        return "resumed"
    return "suspended" if is_now == BLOCKED else "dated"


class Witness:
    """Watches one stand-in. ``ordered``: every station that was ever made there."""

    def __init__(self, url: str, *, at: datetime) -> None:
        self._doors = Doors(url, at=at)
        self._stations: dict[str, Station] = {}
        self.ordered: set[str] = set()
        self.passes: list[Pass] = []

    def look(self, at: datetime) -> Pass:
        """What happened since the last look."""
        self._doors.clock.moment = at
        calls = [_call(each) for each in self._doors.new_calls()]
        after = self.stations()
        found = compare(self._stations, after, calls, now=at)
        self._stations = after
        self.ordered.update(call.station for call in calls if call.ok and call.script == "stations/add")
        self.passes.append(found)
        return found

    def stations(self) -> dict[str, Station]:
        """Everything that stands there, deleted stations too."""
        rows = self._doors.get("stations")["stations"]
        return {row["id"]: _station(row) for row in rows}

    def counts(self) -> Mapping[str, int]:
        """How often each script was called since the stand-in began."""
        counts: Mapping[str, int] = self._doors.get("calls", limit="1")["counts"]
        return counts

    def misbehave(self, kind: str, *, script: str | None = None, seconds: float | None = None) -> None:
        """Let every call of *script* (None: of any) go wrong in that way until `behave`."""
        self._doors.send("POST", "faults", {"kind": kind, "times": None, "script": script, "seconds": seconds})

    def behave(self) -> None:
        """Let nothing go wrong any more."""
        self._doors.send("DELETE", "faults")

    def close(self) -> None:
        """Close the connection."""
        self._doors.close()


def _station(row: Mapping[str, Any]) -> Station:
    return Station(row["id"], row["user_id"], row["deleted"], _time(row["block_begin"]), _time(row["block_end"]))


def _call(row: Mapping[str, Any]) -> Call:
    return Call(row["script"], row["id"], row["outcome"] == "ok", row["fault"] == "timeout_after")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
