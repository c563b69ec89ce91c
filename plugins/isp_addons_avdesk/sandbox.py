"""A stand-in AV-Desk server: real HTTP on 127.0.0.1, its stations in memory, living at the moment that a call names.

For trials and tests without a vendor: scripts under ``/api/`` and ``/api/3.0/``, doors of its own under ``/sandbox/``. What
it shares with a real server, and what it assumes, is told in this package's README.
"""

import base64
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from isp_addons.vendor_api import SeenState
from isp_addons.vendor_api.stand_in import Call, Fault, Reply, Request, StandIn, Standing
from isp_addons_avdesk.sandbox_answers import Envelope, Node, halved
from isp_addons_avdesk.sandbox_control import station_door
from isp_addons_avdesk.sandbox_scripts import SCRIPTS, ScriptCall
from isp_addons_avdesk.sandbox_stations import Refusal, Row, Stations

_PREFIXES = (("/api/3.0/", "3"), ("/api/", "4"))
_LISTS = ("groups/stations-list", "tariffs/stations-list", "stations/list-by-state", "stations/list-by-user-id")


class AvDeskSandbox(StandIn):
    """The stand-in. *licensed* is how many stations the key allows (None = any number); *time_zone* is the server's own."""

    aliases: ClassVar[Mapping[str, str]] = {"script": "action", "station": "object", "id": "object"}

    def __init__(
        self,
        *,
        port: int = 0,
        login: str = "admin",
        password: str = "sandbox",  # noqa: S107 - of a stand-in on loopback
        time_zone: str = "UTC",
        licensed: int | None = None,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(port=port, latency=latency, tls=tls)
        basic = base64.b64encode(f"{login}:{password}".encode()).decode()
        self._settings = {"login": login, "password": password, "time_zone": time_zone}
        self._authorization = f"Basic {basic}"
        self._zone = ZoneInfo(time_zone)
        self._stations = Stations(zone=self._zone, licensed=licensed)

    def options(self) -> dict[str, str]:
        """See `StandIn.options`."""
        return {"url": self.url, **self._settings}

    def route(self, request: Request, now: datetime) -> Call:
        """A script and a station; a real server sends no challenge with 401 either."""
        prefix, generation = next((pair for pair in _PREFIXES if request.path.startswith(pair[0])), ("", ""))
        told = ScriptCall(_parameters(request), int(now.timestamp()), generation, self.url)
        call = Call(request, now, script_name(request.path[len(prefix) :]), told.one("id"), told)
        if not generation:
            call.refused = self.failure(call, 404)
        elif request.headers.get("authorization") != self._authorization:
            call.refused = self.failure(call, 401)
        elif request.method not in ("GET", "POST"):
            call.refused = self.failure(call, 405)
        return call

    def serve(self, call: Call) -> Reply:
        """Run the script; a refusal is HTTP 200 too."""
        told: ScriptCall = call.told
        run = SCRIPTS[told.generation].get(call.action)
        if run is None:
            return self.failure(call, 404)
        answer: Sequence[Node] | Refusal
        try:
            answer = run(self._stations, told)
        except Refusal as refusal:
            answer = refusal
        envelope = Envelope(told.generation, call.action, told.now, self._zone, local=call.action.startswith("tariffs/"))
        json = "json" in (told.one("format"), call.request.headers.get("x-drweb-api-response-type"))
        write = envelope.json if json else envelope.xml
        kind = "application/json" if json else "text/xml; charset=utf-8"
        if isinstance(answer, Refusal):
            return Reply(200, write(answer), kind=kind, headers=envelope.headers(answer), outcome=str(answer.code))
        half = (lambda: write(halved(answer))) if call.action in _LISTS else None
        return Reply(200, write(answer), kind=kind, headers=envelope.headers(answer), half=half)

    def licences(self, now: datetime) -> Iterator[Standing]:
        """Every station; one whose block lies ahead is still active."""
        moment = int(now.timestamp())
        for row in self._stations.rows.values():
            begins = row.block_begin if row.block_begin > moment else 0
            yield Standing(row.id, _state(row, moment), row.id, paid_until=_date(row.expires), suspended_from=_date(begins))

    def clear(self) -> None:
        """Forget all stations."""
        self._stations.rows.clear()

    def control(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime) -> Any:
        """Look at stations and edit them: see this package's README."""
        if path[0] == "stations":
            return station_door(self._stations, method, path[1:], body, int(now.timestamp()))
        return super().control(method, path, query, body, now)

    def fault(self, **told: Any) -> Fault:
        """A script may be spelt with ``.ds``, ``-`` or ``_``."""
        fault = super().fault(**told)
        fault.action = None if fault.action is None else script_name(fault.action)
        return fault


def script_name(name: str) -> str:
    """A script's one name: ``-`` and ``_`` are equal in it, and ``.ds`` may be left out (general_structure_xml)."""
    return name.strip("/").removesuffix(".ds").replace("_", "-")


def _date(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _state(row: Row, now: int) -> SeenState:
    if row.deleted:
        return SeenState.ENDED
    return SeenState.SUSPENDED if row.blocked(now) else SeenState.ACTIVE


def _parameters(request: Request) -> list[tuple[str, str]]:
    """From the query, and from a form: clients in the field send either."""
    form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True) if request.body else []
    return [*request.query, *form]
