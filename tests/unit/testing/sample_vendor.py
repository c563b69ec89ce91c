"""A small vendor that keeps the contract: licences with a quantity, a state, an end, over JSON, with a token."""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    OutcomeUnknown,
    Rejected,
    Secret,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unavailable,
    VendorContext,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)
from isp_addons.vendor_api.http import VendorSession
from isp_addons.vendor_api.stand_in import Call, Reply, Request, StandIn, Standing


class SampleOptions(VendorOptions):
    url: str = Field(description="Address of the vendor.")
    token: Secret = Field(description="The vendor's token.")
    read_timeout: float = Field(default=10, description="Seconds to wait for an answer.")
    page_size: int = Field(default=50, description="Licences in one page of a list.")


class Sample(VendorPlugin[SampleOptions]):
    Options: ClassVar[type[VendorOptions]] = SampleOptions
    capabilities = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, lists=True)

    def __init__(self, context: VendorContext[SampleOptions]) -> None:
        super().__init__(context)
        options = context.options
        self.token = options.token.get_secret_value()
        self.session = VendorSession(
            options.url, clock=context.clock, timeout=(1.0, options.read_timeout), secrets=(self.token,), user_agent="sample"
        )

    def close(self) -> None:
        self.session.close()

    @classmethod
    def sandbox(cls, **settings: Any) -> StandIn:
        return SampleStandIn(**settings)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        return Done(reference=self.write("PUT", licence.key, _terms(licence))["id"])

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Done:
        self.write("PATCH", licence.key, {"until": _terms(licence)["until"]})
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        self.write("PATCH", licence.key, {"state": "suspended"})
        return Done()

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done:
        self.write("PATCH", licence.key, {"state": "active", "until": _terms(licence)["until"]})
        return Done()

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Done:  # noqa: ARG002
        self.write("PATCH", licence.key, {"quantity": licence.quantity})
        return Done()

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Done:
        self.write("DELETE", licence.key)
        return Done()

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        try:
            return _seen(self.ask(f"licences/{licence.key}"))
        except Rejected as error:
            if error.status != 404:
                raise
            return SeenLicence(key=licence.key, state=SeenState.ABSENT)

    @hookimpl
    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        found: list[SeenLicence] = []
        total = 1
        for page in range(1, 1000):
            told = self.ask("licences", page=str(page), size=str(self.context.options.page_size))
            total = told["total"]
            found += [_seen(row) for row in told["rows"]]
            if not told["rows"]:
                break
        self.complete(found, total)
        yield found

    @hookimpl
    def check_vendor(self) -> CheckReport:
        return CheckReport((f"The vendor answers: {self.ask('hello')['version']}",))

    def complete(self, found: Sequence[SeenLicence], total: int) -> None:
        if len(found) != total:
            raise Unavailable(f"the list is cut off: {len(found)} of {total} came.", action="licences")

    def ask(self, path: str, **params: str) -> dict[str, Any]:
        response = self.session.send("GET", f"/{path}", action=path, changes=False, params=params, headers=self.headers())
        return self.parsed(response.content, changes=False)

    def write(self, method: str, key: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        data = json.dumps(body or {}).encode()
        action = f"{method} {key}"
        path = f"/licences/{key}"
        response = self.session.send(method, path, action=action, changes=True, data=data, headers=self.headers())
        return self.parsed(response.content, changes=True)

    def parsed(self, content: bytes, *, changes: bool) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads(content)
        except ValueError as error:
            raise (OutcomeUnknown if changes else Unavailable)("the answer cannot be read.") from error
        return told

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Row:
    id: str
    key: str
    quantity: int = 1
    until: str = ""
    state: str = "active"

    def told(self) -> dict[str, Any]:
        return {"id": self.id, "key": self.key, "quantity": self.quantity, "until": self.until, "state": self.state}


class SampleStandIn(StandIn):
    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        token: str = "sample-token",  # noqa: S107
    ) -> None:
        super().__init__(port=port, latency=latency, tls=tls)
        self._token = token
        self.rows: list[Row] = []

    def options(self) -> dict[str, str]:
        return {"url": self.url, "token": self._token}

    def route(self, request: Request, now: datetime) -> Call:
        what, _, key = request.path.strip("/").partition("/")
        call = Call(request, now, f"{request.method} {what}", key)
        if request.headers.get("authorization") != f"Bearer {self._token}":
            call.refused = self.failure(call, 401)
        return call

    def serve(self, call: Call) -> Reply:
        if call.action == "GET hello":
            return Reply.json({"version": "1"})
        if call.action == "GET licences" and not call.object:
            return self._listed(dict(call.request.query))
        live = next((row for row in self.rows if row.key == call.object and row.state != "ended"), None)
        body = call.request.json()
        match call.request.method:
            case "PUT" if body["until"] is None:
                return Reply.json({"error": "a licence needs an end"}, status=400)
            case "POST":
                live = self._new(call.object)
            case "PUT":
                live = live or self._new(call.object)
            case "DELETE" if live is None and any(row.key == call.object for row in self.rows):
                return Reply.json({"already": "ended"})
            case "DELETE" if live is not None:
                body = {"state": "ended"}
        if live is None:
            return self.failure(call, 404)
        for name, value in body.items():
            setattr(live, name, value)
        return Reply.json(live.told())

    def licences(self, now: datetime) -> Iterator[Standing]:  # noqa: ARG002
        for row in self.rows:
            until = datetime.fromisoformat(row.until)
            yield Standing(row.id, SeenState(row.state), key=row.key, quantity=row.quantity, paid_until=until)

    def clear(self) -> None:
        self.rows.clear()

    def _new(self, key: str) -> Row:
        self.rows.append(Row(id=f"v-{len(self.rows) + 1}", key=key))
        return self.rows[-1]

    def _listed(self, query: Mapping[str, str]) -> Reply:
        live = [row.told() for row in self.rows if row.state != "ended"]
        page, size = int(query["page"]), int(query["size"])
        rows = live[(page - 1) * size : page * size]
        return Reply.json({"total": len(live), "rows": rows}, half=lambda: {"total": len(live), "rows": rows[: len(rows) // 2]})


def _terms(licence: LicenceView) -> dict[str, Any]:
    return {"quantity": licence.quantity, "until": licence.paid_until and licence.paid_until.isoformat()}


def _seen(row: Mapping[str, Any]) -> SeenLicence:
    return SeenLicence(
        key=row["key"],
        state=SeenState(row["state"]),
        reference=row["id"],
        quantity=row["quantity"],
        paid_until=datetime.fromisoformat(row["until"]),
    )
