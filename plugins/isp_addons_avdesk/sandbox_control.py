"""The stand-in's stations at its doors under ``/sandbox/stations``: look at everything, edit anything."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from isp_addons.vendor_api.stand_in import NotThere
from isp_addons_avdesk.sandbox_stations import Row, Stations

_DATES = ("expires", "block_begin", "block_end")
_WORDS = ("name", "user_id", "rate")
_FLAGS = ("activated", "online")


def station_door(stations: Stations, method: str, path: list[str], body: dict[str, Any], now: int) -> Any:
    """Serve one request; *path* comes after ``/sandbox/stations``. Raises `NotThere`, or `ValueError` for a wrong word."""
    match method, path:
        case "GET", []:
            return {"total": len(stations.rows), "stations": [_shown(row, now) for row in stations.rows.values()]}
        case "POST", []:
            return _shown(_add(stations, body, now), now)
        case "GET", [station_id]:
            return _shown(_row(stations, station_id), now)
        case "POST", [station_id]:
            row = _row(stations, station_id)
            _edit(row, body, now)
            return _shown(row, now)
        case "DELETE", [station_id]:
            return _shown(stations.rows.pop(_row(stations, station_id).id), now)
    raise NotThere(f"there is no {method} /sandbox/stations/{'/'.join(path)}")


def _row(stations: Stations, station_id: str) -> Row:
    row = stations.rows.get(station_id)
    if row is None:
        raise NotThere(f"there is no station {station_id}")
    return row


def _add(stations: Stations, body: dict[str, Any], now: int) -> Row:
    """Put a station there as if somebody had made it in the Control Center: no licence is counted."""
    station_id = body.pop("id", "")
    if not station_id or station_id in stations.rows:
        raise ValueError("id must be given and not be taken")
    row = Row(id=station_id, created=now, name=station_id)
    _edit(row, body, now)
    stations.rows[station_id] = row
    return row


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
            raise ValueError(f"{name} cannot be set to {value!r}")
    for name, value in changed.items():
        setattr(row, name, value)
    row.modified = now


def _moment(name: str, value: Any) -> int:
    if value is None:
        return 0
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{name} needs a zone, such as {value}+00:00")
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
