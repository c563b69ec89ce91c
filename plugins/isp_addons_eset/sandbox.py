"""A stand-in ESET MSP Administrator 2: real HTTP on 127.0.0.1, one MSP in memory, living at the moment that a call names.

For trials and tests without a vendor: calls under ``/api/``, doors of its own under ``/sandbox/``. From the API guide: paths,
methods, parameters, codes and HTTP statuses, the states of a licence, the pages of a list (take 1 to 100), what is unique, what
is forbidden (403), maintenance (503 with 99/2), the daily bill. Assumed, and told where it is done: the layout of answers that
the guide does not show, how long an operation on a company takes, what code 20 guards. More in this package's README.
"""

import secrets
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from isp_addons.vendor_api import SeenState
from isp_addons.vendor_api.stand_in import Call, Reply, Request, StandIn, Standing
from isp_addons_eset.sandbox_calls import GETS, POSTS, Page, Server, operation
from isp_addons_eset.sandbox_control import door
from isp_addons_eset.sandbox_msp import Msp, Refusal
from isp_addons_eset.translate import Company as Named

_OPERATION = "Operation"
_TOKENS = ("Token/Get", "Token/Renew")
_LEAST_SESSION = 1800
_ADDRESS = {"address_street": "Example street 1", "address_city": "Exampleton", "address_zip": "12345"}
_MESSAGES = {
    401: (0, 0, "The access token is expired, not used or the credentials are invalid."),
    403: (99, 1, "We are sorry but it looks like we can't find the page you are looking for."),
    404: (0, 0, "Resource not found."),
    500: (0, 0, "Internal server error."),
    503: (99, 2, "Sorry, we are currently down for maintenance."),
}


@dataclass(slots=True)
class _Session:
    """What a refresh token stands for: until when it is good."""

    until: int


class EsetSandbox(StandIn):
    """The stand-in. *token_seconds*: how long an access token lives (60 is the other figure of the guide).

    *totals*: lists announce their number of rows. *full_rows*: a row of Search/Licenses tells all, not the key alone. *polls*:
    how often an operation on a company is pending. *unsuspends_all*: resuming a company resumes every licence in it. *trials*:
    they are allowed. *new_key_on_convert*: a converted trial gets another key. *time_zone*: of the daily bill.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        login: str = "isp",
        password: str = "sandbox",  # noqa: S107 - of a stand-in on loopback
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        token_seconds: int = 3600,
        totals: bool = True,
        full_rows: bool = True,
        polls: int = 2,
        unsuspends_all: bool = True,
        trials: bool = True,
        new_key_on_convert: bool = True,
        time_zone: str = "Europe/Bratislava",
    ) -> None:
        super().__init__(port=port, latency=latency, tls=tls)
        self._login = {"username": login, "password": password}
        self._token_seconds = token_seconds
        self.zone = ZoneInfo(time_zone)
        self.server = Server(
            Msp(trials=trials, new_key_on_convert=new_key_on_convert),
            polls=polls,
            totals=totals,
            full_rows=full_rows,
            unsuspends_all=unsuspends_all,
        )
        self.maintenance = False
        self._access: dict[str, int] = {}
        self._refresh: dict[str, _Session] = {}

    def options(self) -> dict[str, str]:
        """See `StandIn.options`."""
        login = {"login": self._login["username"], "password": self._login["password"]}
        return {"url": self.url, **login, "product_code": "101", **_ADDRESS}

    def route(self, request: Request, now: datetime) -> Call:
        """The call and our key of the licence that it is about, as far as it can be told; ESET's own id where it cannot."""
        action = request.path.removeprefix("/api/").strip("/")
        body = _body(request)
        if action.startswith(f"{_OPERATION}/"):
            action, _, told = action.partition("/")
            body = {"operation": told}
        call = Call(request, now, action, self._object(body), body)
        call.refused = self._refusal(call)
        return call

    def serve(self, call: Call) -> Reply:
        """Do it and answer; a refusal is HTTP 400 with its codes, or 403 for what is not ours."""
        now = int(call.now.timestamp())
        try:
            if call.action in _TOKENS:
                return Reply.json(self._token(call, now))
            if call.action == _OPERATION:
                return Reply.json(operation(self.server, call.told["operation"], now))
            run = GETS.get(call.action) or POSTS[call.action]
            answer = run(self.server, call.told, now)
        except Refusal as refusal:
            return _refused(refusal)
        if isinstance(answer, Page):
            return Reply.json(answer.whole(), half=answer.half)
        return Reply.json(answer)

    def failure(self, call: Call, status: int) -> Reply:  # noqa: ARG002 - the base class names it
        """An error as how_api_works lists them; the layout is an assumption."""
        code, sub_code, message = _MESSAGES.get(status, (0, 0, "Error."))
        codes = {"code": code, "subCode": sub_code} if code else {}
        return Reply.json({**codes, "message": message}, status=status)

    def licences(self, now: datetime) -> Iterator[Standing]:
        """Every licence. Ended: a removed trial, a replaced licence, and one that is suspended in a company marked as ended.

        The mark is the plugin's: ESET itself knows no end of a full licence.
        """
        moment = int(now.timestamp())
        for row in self.server.msp.licences.values():
            company = self.server.msp.companies[row.customer]
            marked = Named(id=company.id, name=company.name).ended
            state = {2: SeenState.ENDED, 3: SeenState.SUSPENDED}.get(row.state(moment), SeenState.ACTIVE)
            if row.removed or (marked and state is SeenState.SUSPENDED):
                state = SeenState.ENDED
            expires = datetime.fromtimestamp(row.expires, UTC) if row.expires else None
            yield Standing(row.key, state, key=company.custom_identifier, quantity=row.quantity, paid_until=expires)

    def clear(self) -> None:
        """Forget companies, licences and tokens, and end the maintenance."""
        self.server.msp.clear()
        self.server.operations.clear()
        self.forget_tokens()
        self.maintenance = False

    def forget_tokens(self) -> None:
        """Let every access token be refused from now on."""
        self._access.clear()

    def control(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime) -> Any:
        """Look at companies, licences and the bill, and change them: see this package's README."""
        return door(self, method, path, query, body, int(now.timestamp()))

    def _refusal(self, call: Call) -> Reply | None:
        """Why a call is turned away before anything is done, if it is."""
        method, action = call.request.method, call.action
        if self.maintenance:
            return self.failure(call, 503)
        known = (
            (action in GETS or action == _OPERATION) if method == "GET" else method == "POST" and action in (*POSTS, *_TOKENS)
        )
        if not call.request.path.startswith("/api/") or not known:
            return self.failure(call, 403)
        if call.told is None:
            return Reply.json({"message": "The request is no JSON."}, status=400)
        kind, _, token = call.request.headers.get("authorization", "").partition(" ")
        good = kind == "Bearer" and self._access.get(token, 0) > call.now.timestamp()
        return None if good or action in _TOKENS else self.failure(call, 401)

    def _token(self, call: Call, now: int) -> dict[str, Any]:
        """Token/Get and Token/Renew. Assumption: a session can be renewed for half an hour, or twice the life of a token."""
        if call.action == "Token/Get":
            if {name: call.told.get(name) for name in self._login} != self._login:
                raise Refusal(code=0, status=401, message=_MESSAGES[401][2])
            session = _Session(now + max(_LEAST_SESSION, 2 * self._token_seconds))
        else:
            found = self._refresh.pop(str(call.told.get("refreshToken")), None)
            if found is None or found.until <= now:
                raise Refusal(code=0, status=401, message=_MESSAGES[401][2])
            session = found
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        self._access[access] = now + self._token_seconds
        self._refresh[refresh] = session
        return {"accessToken": access, "refreshToken": refresh, "expiresIn": self._token_seconds}

    def _object(self, body: Mapping[str, Any] | None) -> str:
        told = body or {}
        row = self.server.msp.licences.get(str(told.get("publicLicenseKey")))
        customer = row.customer if row is not None else told.get("customerId") or told.get("companyId")
        company = self.server.msp.companies.get(str(customer))
        if company is not None:
            return company.custom_identifier or company.name
        return str(told.get("customIdentifier") or next(iter(told.get("search") or {}), ""))


def _body(request: Request) -> dict[str, Any] | None:
    try:
        return request.json()
    except ValueError:
        return None


def _refused(refusal: Refusal) -> Reply:
    if refusal.form is not None:
        return Reply.json(refusal.form, status=refusal.status, outcome="form")
    codes = {"code": refusal.code, "subCode": refusal.sub_code} if refusal.code else {}
    told = {**codes, "message": refusal.message}
    return Reply.json(told, status=refusal.status, outcome=str(refusal.sub_code or refusal.status))
