"""The stand-in's own doors under ``/sandbox/``: look at everything, edit anything, set faults. JSON, no login."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from isp_addons_avdesk.sandbox_faults import CallLog, Fault, Faults
from isp_addons_avdesk.sandbox_stations import Row, Stations

_DATES = ("expires", "block_begin", "block_end")
_WORDS = ("name", "user_id", "rate")
_FLAGS = ("activated", "online")
_CALLS_AT_ONCE = 1000


class _Bad(Exception):
    """What was sent makes no sense: HTTP 400."""


class _Missing(Exception):
    """There is no such thing: HTTP 404."""


class Control(NamedTuple):
    """What the doors lead to."""

    stations: Stations
    faults: Faults
    calls: CallLog

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes, now: int) -> tuple[int, bytes]:
        """Serve one request; returns the HTTP status and the JSON body."""
        try:
            with self.stations.lock:
                found = self._route(method, path.split("/")[2:], query, _read(body), now)
        except _Missing as error:
            return 404, json.dumps({"error": str(error)}).encode()
        except (_Bad, ValueError, TypeError) as error:
            return 400, json.dumps({"error": str(error)}).encode()
        return 200, json.dumps(found).encode()

    def _route(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: int) -> Any:
        match method, path:
            case "GET", ["stations"]:
                rows = [_shown(row, now) for row in self.stations.rows.values()]
                return {"total": len(rows), "stations": rows}
            case "POST", ["stations"]:
                return _shown(self._add(body, now), now)
            case "GET", ["stations", station_id]:
                return _shown(self._row(station_id), now)
            case "POST", ["stations", station_id]:
                row = self._row(station_id)
                _edit(row, body, now)
                return _shown(row, now)
            case "DELETE", ["stations", station_id]:
                return _shown(self.stations.rows.pop(self._row(station_id).id), now)
            case "GET", ["calls"]:
                return self.calls.since(int(query.get("since", "0")), int(query.get("limit", str(_CALLS_AT_ONCE))))
            case _:
                return self._switch(method, path, body)

    def _switch(self, method: str, path: list[str], body: dict[str, Any]) -> Any:
        match method, path:
            case "GET", ["faults"]:
                pass
            case "POST", ["faults"]:
                self.faults.add(Fault(**body))
            case "DELETE", ["faults"]:
                self.faults.clear()
            case "POST", ["reset"]:
                self.stations.rows.clear()
                self.faults.clear()
                self.calls.clear()
            case _:
                raise _Missing(f"there is no {method} /sandbox/{'/'.join(path)}")
        return {"faults": self.faults.listed()}

    def _row(self, station_id: str) -> Row:
        row = self.stations.rows.get(unquote(station_id))
        if row is None:
            raise _Missing(f"there is no station {unquote(station_id)}")
        return row

    def _add(self, body: dict[str, Any], now: int) -> Row:
        """Put a station there as if somebody had made it in the Control Center: no licence is counted."""
        station_id = body.pop("id", "")
        if not station_id or station_id in self.stations.rows:
            raise _Bad("id must be given and not be taken")
        row = Row(id=station_id, created=now, name=station_id)
        _edit(row, body, now)
        self.stations.rows[station_id] = row
        return row


def _read(body: bytes) -> dict[str, Any]:
    read = json.loads(body) if body.strip() else {}
    if not isinstance(read, dict):
        raise _Bad("the body must be a JSON object")
    return read


def _edit(row: Row, body: Mapping[str, Any], now: int) -> None:
    changed: dict[str, Any] = {}
    for name, value in body.items():
        if name in _DATES:
            changed[name] = _moment(name, value)
        elif name == "deleted" and isinstance(value, bool):
            changed[name] = now if value else 0
        elif (name in _FLAGS and isinstance(value, bool)) or (name in _WORDS and isinstance(value, str)):
            changed[name] = value
        else:
            raise _Bad(f"{name} cannot be set to {value!r}")
    for name, value in changed.items():
        setattr(row, name, value)
    row.modified = now


def _moment(name: str, value: Any) -> int:
    if value is None:
        return 0
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise _Bad(f"{name} needs a zone, such as {value}+00:00")
    return int(moment.timestamp())


def _shown(row: Row, now: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state(now),
        "deleted": bool(row.deleted),
        "groups": row.groups,
        **{name: getattr(row, name) for name in (*_WORDS, *_FLAGS)},
        **{name: _iso(getattr(row, name)) for name in (*_DATES, "created", "modified")},
        "deleted_at": _iso(row.deleted),
    }


def _iso(seconds: int) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None
