"""The sample vendor's stand-in as these tests serve it, and a connection to it."""

import http.client
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons.vendor_api.stand_in import Call, Reply
from unit.testing.sample_vendor import SampleStandIn

NOW = "2026-03-10T12:00:00+00:00"
TOKEN = "token-of-the-tests"
TERMS = {"quantity": 3, "until": "2026-04-01T00:00:00+00:00"}


class Answered(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Server(SampleStandIn):
    """The sample vendor's stand-in with a door, an error page and a defect of its own."""

    def control(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime) -> Any:
        match method, path:
            case "GET", ["rows", key]:
                return {"key": key, "at": now.isoformat(), "asked": dict(query)}
            case "POST", ["rows"] if "key" not in body:
                raise ValueError("key must be given")
        return super().control(method, path, query, body, now)

    def failure(self, call: Call, status: int) -> Reply:
        return Reply.json({"failed": call.action}, status=status)

    def serve(self, call: Call) -> Reply:
        if call.object == "defect":
            raise ZeroDivisionError("a defect")
        return super().serve(call)


class Wire:
    """One connection that stays open."""

    def __init__(self, server: SampleStandIn) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=5)

    def __call__(self, method: str, path: str, body: Any = None, *, at: str = NOW, token: str = TOKEN) -> Answered:
        headers = {"Authorization": f"Bearer {token}", CLOCK_HEADER: at}
        data = body if isinstance(body, bytes) else json.dumps(body) if body is not None else None
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        return Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def put(wire: Wire, key: str = "a") -> Answered:
    return wire("PUT", f"/licences/{key}", TERMS)
