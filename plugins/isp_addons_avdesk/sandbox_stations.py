"""The stand-in's stations: what is stored, and the state that follows from it at a moment. Times are Unix seconds, 0 = none."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

NO_STATION, EXISTS = 17, 18
"""Codes that clients in the field know. The manual's appendix of codes was not to be had: those from 9001 are made up."""
NO_TARIFF, BAD_DATE, NO_LICENCE, BAD_ARGUMENT = 9001, 9002, 9003, 9004

BASE_TARIFFS = {
    "2888b7ff-3625-465e-bcb8-957de17f6458": "Classic",
    "ebe76ffc-69e1-4757-b2b3-41506832bc9b": "Standard",
    "91644cc3-1dc1-42dc-a41e-5ea001f5538d": "Premium",
    "01fe9e60-6570-11de-b827-0002a5d5c51b": "Premium Server",
    "2c213cd2-eba1-4a0e-9f76-95e5e756d48c": "Free",
    "4e87fd11-4a35-4ec1-bedd-29669b357e35": "Mobile",
    "673b0574-d11d-b211-9b4e-de33edc4ef1b": "Juridical Classic",
    "800af701-d21d-b211-9b54-de33edc4ef1b": "Juridical Standard",
    "382a6f16-d21d-b211-9b56-de33edc4ef1b": "Juridical Premium",
}
"""The tariffs that every server has (AV-Desk 10.1 Web API 4.1.3, station_change)."""

_END_OF_DAY = 24 * 3600 - 1


class Refusal(Exception):
    """The server says no: HTTP 200, ``status="false"``, a code and a text."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Row:
    """One station as stored. ``deleted`` is when it was deleted: the row stays and can be restored."""

    id: str
    created: int
    name: str = ""
    user_id: str = ""
    rate: str = ""
    groups: list[str] = field(default_factory=list)
    modified: int = 0
    expires: int = 0
    block_begin: int = 0
    block_end: int = 0
    deleted: int = 0
    activated: bool = False
    online: bool = False

    def state(self, now: int) -> str:
        """One word, never stored: deleted, then blocked, then expired, then how far the agent has come (an assumption)."""
        if self.deleted:
            return "deleted"
        if self.blocked(now):
            return "blocked"
        if self.expires and self.expires < now:
            return "expired"
        if not self.activated:
            return "unactivated"
        return "online" if self.online else "offline"

    def blocked(self, now: int) -> bool:
        """Both bounds are inclusive; one that is missing is open (an assumption)."""
        if not (self.block_begin or self.block_end):
            return False
        return self.block_begin <= now and (not self.block_end or now <= self.block_end)

    def states(self, now: int) -> set[str]:
        """Every word under which ``stations/list-by-state`` would name it."""
        if self.deleted:
            return {"deleted"}
        words = {self.state(now), "activated" if self.activated else "unactivated", "online" if self.online else "offline"}
        return words if self.activated else words | {"new"}


class Stations:
    """All stations of one server. Not safe to share between threads: the stand-in serves one call at a time."""

    def __init__(self, *, zone: ZoneInfo, licensed: int | None) -> None:
        self.zone = zone
        self.licensed = licensed
        self.tariffs = dict(BASE_TARIFFS)
        self.rows: dict[str, Row] = {}

    def live(self) -> Iterator[Row]:
        """Those that are not deleted, oldest first."""
        return (row for row in self.rows.values() if not row.deleted)

    def available(self) -> int:
        """How many more the key allows; -1 = no limit."""
        return -1 if self.licensed is None else max(0, self.licensed - sum(1 for _ in self.live()))

    def get(self, station_id: str, *, deleted: bool = False) -> Row:
        """One station. Raises `Refusal` 17; a deleted one is found only when *deleted* allows it."""
        row = self.rows.get(station_id)
        if row is None or (row.deleted and not deleted):
            raise Refusal(NO_STATION, f"Station '{station_id}' does not exist")
        return row

    def add(self, station_id: str, terms: Mapping[str, str], groups: Sequence[str], now: int) -> Row:
        """Create a station. A deleted one keeps its id taken (an assumption)."""
        station_id = station_id or str(uuid.uuid4())
        if station_id in self.rows:
            raise Refusal(EXISTS, f"Station '{station_id}' already exists")
        if not self.available():
            raise Refusal(NO_LICENCE, "There is no free licence for one more station")
        row = Row(id=station_id, created=now, name=station_id, groups=list(groups))
        self._apply(row, terms, now)
        self.rows[station_id] = row
        return row

    def change(self, station_id: str, terms: Mapping[str, str], now: int) -> None:
        """Change what *terms* name; nothing at all when one of them is wrong."""
        self._apply(self.get(station_id), terms, now)

    def delete(self, ids: Iterable[str], now: int) -> list[str]:
        """Delete stations, keeping their rows. Unknown ids are left out, and refused when none is known (an assumption)."""
        wanted = list(ids)
        known = [row for row in map(self.rows.get, wanted) if row is not None and not row.deleted]
        if not known:
            raise Refusal(NO_STATION, f"Station '{wanted[0] if wanted else ''}' does not exist")
        for row in known:
            row.deleted = row.modified = now
        return [row.id for row in known]

    def restore(self, ids: Iterable[str], tariff: str, now: int) -> tuple[list[str], list[str]]:
        """Bring deleted stations back as they were; returns which came back and which were not there to restore."""
        if tariff:
            self._tariff(tariff)
        success, fail = [], []
        for station_id in ids:
            row = self.rows.get(station_id)
            if row is None or not row.deleted:
                fail.append(station_id)
                continue
            if not self.available():
                raise Refusal(NO_LICENCE, "There is no free licence for one more station")
            row.deleted, row.modified, row.rate = 0, now, tariff or row.rate
            success.append(station_id)
        return success, fail

    def _apply(self, row: Row, terms: Mapping[str, str], now: int) -> None:
        changed: dict[str, str | int] = {}
        for parameter, name in (("name", "name"), ("user-id", "user_id")):
            if parameter in terms:
                changed[name] = terms[parameter]
        if "rate" in terms:
            changed["rate"] = self._tariff(terms["rate"])
        for parameter, inclusive in (("expires", True), ("block-begin", False), ("block-end", True)):
            if parameter in terms:
                changed[parameter.replace("-", "_")] = self._date(parameter, terms[parameter], end_of_day=inclusive)
        for name, value in changed.items():
            setattr(row, name, value)
        row.modified = now

    def _tariff(self, tariff: str) -> str:
        if tariff not in self.tariffs:
            raise Refusal(NO_TARIFF, f"Tariff group '{tariff}' does not exist")
        return tariff

    def _date(self, parameter: str, text: str, *, end_of_day: bool) -> int:
        """``YYYYMMDD`` or ``YYYYMMDDhhmmss`` in the server's local time; 0 clears (an assumption for 4.x)."""
        if text and not text.strip("0"):
            return 0
        form = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}.get(len(text))
        if form is None or not text.isdecimal():
            raise Refusal(BAD_DATE, f"Parameter '{parameter}' is no date: '{text}'")
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=self.zone)
        except ValueError as error:
            raise Refusal(BAD_DATE, f"Parameter '{parameter}' is no date: '{text}'") from error
        return int(moment.timestamp()) + (_END_OF_DAY if end_of_day and len(text) == 8 else 0)
