"""A stand-in's own doors under ``/sandbox/``: its calls, its faults, what stands there, and those that the vendor adds."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from isp_addons.vendor_api.stand_in.http import Reply, Request

if TYPE_CHECKING:
    from isp_addons.vendor_api.stand_in.server import StandIn

PREFIX = "/sandbox/"
_CALLS_AT_ONCE = 1000


class NotThere(Exception):
    """There is no such door or thing: HTTP 404 with this sentence. What makes no sense is a `ValueError`: HTTP 400."""


def answer(stand_in: "StandIn", request: Request, now: datetime) -> Reply:
    """Serve one request at the doors."""
    path = [unquote(part) for part in request.path.removeprefix(PREFIX).split("/")]
    try:
        with stand_in.lock:
            found = _route(stand_in, request.method, path, dict(request.query), request.json(), now)
    except NotThere as error:
        return Reply.json({"error": str(error)}, status=404)
    except (ValueError, TypeError) as error:
        return Reply.json({"error": str(error)}, status=400)
    return Reply.json(found)


def _route(
    stand_in: "StandIn", method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime
) -> Any:
    match method, path:
        case "GET", ["calls"]:
            found = stand_in.calls.since(int(query.get("since", "0")), limit=int(query.get("limit", str(_CALLS_AT_ONCE))))
            return {**found, "calls": [_with_aliases(stand_in, call) for call in found["calls"]]}
        case "GET", ["licences"]:
            return {"licences": [_shown(asdict(each)) for each in stand_in.licences(now)]}
        case (("GET" | "POST" | "DELETE"), ["faults"]):
            _switch(stand_in, method, body)
        case "POST", ["reset"]:
            stand_in.reset()
        case _:
            return stand_in.control(method, path, query, body, now)
    return {"faults": stand_in.faults.listed()}


def _switch(stand_in: "StandIn", method: str, body: dict[str, Any]) -> None:
    if method == "POST":
        stand_in.faults.add(stand_in.fault(**{stand_in.aliases.get(name, name): value for name, value in body.items()}))
    if method == "DELETE":
        stand_in.faults.clear()


def _with_aliases(stand_in: "StandIn", call: Mapping[str, Any]) -> dict[str, Any]:
    return {**call, **{alias: call[name] for alias, name in stand_in.aliases.items()}}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
