"""One call of the stand-in's Web API: login, faults, script, log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from isp_addons_avdesk.sandbox_answers import Envelope, Node, halved
from isp_addons_avdesk.sandbox_faults import CallLog, Fault, FaultKind, Faults, script_name
from isp_addons_avdesk.sandbox_http import Reply, Request
from isp_addons_avdesk.sandbox_scripts import SCRIPTS, Call
from isp_addons_avdesk.sandbox_stations import Refusal, Stations

_PREFIXES = (("/api/3.0/", "3"), ("/api/", "4"))
_LISTS = ("groups/stations-list", "tariffs/stations-list", "stations/list-by-state", "stations/list-by-user-id")
_GARBAGE = b"<html><body>Gateway error</bod"


@dataclass(slots=True)
class Api:
    """Everything that a call may touch. ``wait`` lets time pass; ``url`` is where the stand-in listens."""

    stations: Stations
    faults: Faults
    calls: CallLog
    zone: ZoneInfo
    authorization: str
    latency: float
    wait: Callable[[float], None]
    url: str = ""

    def answer(self, request: Request, now: int) -> Reply | None:
        """Serve one call at *now*; None = cut the connection."""
        prefix, generation = next((pair for pair in _PREFIXES if request.path.startswith(pair[0])), ("", ""))
        script = script_name(request.path[len(prefix) :])
        call = Call(_parameters(request), now, generation, self.url)
        self.wait(self.latency)
        if not generation:
            return self._failed(call, script, 404)
        if request.headers.get("authorization") != self.authorization:
            return self._failed(call, script, 401)  # a real server sends no challenge either
        if request.method not in ("GET", "POST"):
            return self._failed(call, script, 405)
        fault = self.faults.take(script, call.one("id"))
        if fault is not None and fault.kind in _BEFORE:
            return self._stopped(call, script, fault)
        if fault is not None and fault.kind is FaultKind.SLOW:
            self.wait(fault.seconds or 0.0)
        return self._worked(call, script, fault, wants_json=_wants_json(request, call))

    def _worked(self, call: Call, script: str, fault: Fault | None, *, wants_json: bool) -> Reply | None:
        run = SCRIPTS[call.generation].get(script)
        if run is None:
            return self._failed(call, script, 404, fault)
        answer: Sequence[Node] | Refusal
        with self.stations.lock:
            try:
                answer = run(self.stations, call)
            except Refusal as refusal:
                answer = refusal
        outcome = str(answer.code) if isinstance(answer, Refusal) else "ok"
        self._log(call, script, outcome, fault)
        kind = fault.kind if fault is not None else None
        if fault is not None and kind is FaultKind.TIMEOUT_AFTER:
            self.wait(fault.seconds or 0.0)
            return None
        cut_off = kind is FaultKind.PARTIAL
        if cut_off and script in _LISTS and not isinstance(answer, Refusal):
            answer, cut_off = halved(answer), False
        envelope = Envelope(call.generation, script, call.now, self.zone, local=script.startswith("tariffs/"))
        body = envelope.json(answer) if wants_json else envelope.xml(answer)
        if kind is FaultKind.GARBAGE:
            return Reply(200, _GARBAGE, kind="text/html")
        content = "application/json" if wants_json else "text/xml; charset=utf-8"
        return Reply(200, body, kind=content, headers=envelope.headers(answer), sent=len(body) // 2 if cut_off else None)

    def _stopped(self, call: Call, script: str, fault: Fault) -> Reply | None:
        status = _BEFORE[fault.kind]
        if status is None:
            self._log(call, script, "cut", fault)
            return None
        headers = {"Retry-After": str(int(fault.seconds or 0))} if status == 429 else {}
        return self._failed(call, script, status, fault, headers)

    def _failed(
        self, call: Call, script: str, status: int, fault: Fault | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        self._log(call, script, str(status), fault)
        return Reply(status, b"", kind="text/plain", headers=headers or {})

    def _log(self, call: Call, script: str, outcome: str, fault: Fault | None) -> None:
        named = fault.kind.value if fault is not None else ""
        self.calls.add(time=call.now, script=script, station=call.one("id"), outcome=outcome, fault=named)


_BEFORE = {
    FaultKind.REFUSE_BEFORE: None,
    FaultKind.ERROR_500: 500,
    FaultKind.UNAVAILABLE_503: 503,
    FaultKind.RATE_LIMIT: 429,
}
"""Faults that stop a call before anything is done, and the HTTP status they answer with; None = no answer at all."""


def _parameters(request: Request) -> list[tuple[str, str]]:
    """From the query, and from a form: clients in the field send either."""
    form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True) if request.body else []
    return [*request.query, *form]


def _wants_json(request: Request, call: Call) -> bool:
    return "json" in (call.one("format"), request.headers.get("x-drweb-api-response-type"))
