"""A stand-in gateway: real HTTP on 127.0.0.1, every signature verified, licences in memory at the moment that a call names.

It is the protocol of `docs/reference/gateway-openapi.yaml` as an ISP would serve it, so nothing in it is assumed of a vendor.
"""

import re
import ssl
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from isp_addons.vendor_api.stand_in import Call, Reply, Request
from isp_addons_gateway.sandbox_base import CHECK, LIST, READ, Asked, JsonStandIn, read_write
from isp_addons_gateway.sandbox_licences import Refusal
from isp_addons_gateway.signature import KEY_ID, SIGNATURE, TIMESTAMP, complaint
from isp_addons_gateway.wire import Verb

_ONE = re.compile(r"/licences/(?P<key>[A-Za-z0-9-]{1,40})(/(?P<verb>[a-z]+))?")
_VERBS = frozenset(Verb)
_MOST = 10_000
_TEXTS = {401: "this was told to refuse", 404: "there is no such address", 429: "slow down", 503: "come back later"}


class GatewaySandbox(JsonStandIn):
    """The stand-in gateway. *secret* and *key_id* are those that it knows; the rest as in `JsonStandIn`."""

    def __init__(
        self,
        *,
        port: int = 0,
        secret: str = "secret-of-the-stand-in",  # noqa: S107 - of a stand-in on loopback
        key_id: str = "isp-addons",
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        pending_seconds: int | None = None,
        can: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port=port, latency=latency, tls=tls, pending_seconds=pending_seconds, can=can)
        self._secret = secret
        self._key_id = key_id

    def options(self) -> dict[str, str]:
        """See `StandIn.options`."""
        return {"url": self.url, "secret": self._secret, "key_id": self._key_id, **self.declared()}

    def route(self, request: Request, now: datetime) -> Call:
        """An address, a verb, a licence. The signature is looked at before anything else is believed."""
        action, key = _action(request)
        call = Call(request, now, action or f"{request.method} {request.path}"[:80], key)
        problem = self._complaint(request, now)
        if problem is not None:
            call.refused = self.refusal(401, *problem)
        elif not action or (action == LIST and not self._declared.lists):
            call.refused = self.failure(call, 404)
        else:
            try:
                call.told = _asked(action, key, request)
            except Refusal as refusal:
                call.refused = self.refusal(400, refusal.code, str(refusal))
        return call

    def refusal(self, status: int, code: str, text: str) -> Reply:
        """See `JsonStandIn.refusal`."""
        return Reply.json({"code": code, "text": text}, status=status)

    def failure(self, call: Call, status: int) -> Reply:  # noqa: ARG002 - the base class names it
        """See `StandIn.failure`."""
        return self.refusal(status, f"http_{status}", _TEXTS.get(status, "this went wrong"))

    def _complaint(self, request: Request, now: datetime) -> tuple[str, str] | None:
        told = {name: request.headers.get(name.lower(), "") for name in (KEY_ID, TIMESTAMP, SIGNATURE)}
        if missing := [name for name, value in told.items() if not value]:
            return "not_signed", f"the request has no {missing[0]}"
        if told[KEY_ID] != self._key_id:
            return "unknown_key", "there is no secret of that name"
        query = f"?{urlencode(request.query)}" if request.query else ""
        return complaint(
            self._secret,
            told[SIGNATURE],
            told[TIMESTAMP],
            method=request.method,
            target=f"{request.path}{query}",
            body=request.body,
            now=now,
        )


def _action(request: Request) -> tuple[str, str]:
    """Action and key of a request; no action = there is no such address."""
    if request.method == "GET" and request.path in ("/licences", "/capabilities"):
        return (LIST if request.path == "/licences" else CHECK), ""
    found = _ONE.fullmatch(request.path)
    if found is None:
        return "", ""
    key, verb = found["key"], found["verb"]
    if verb is None:
        return (READ if request.method == "GET" else ""), key
    return (verb if request.method == "POST" and verb in _VERBS else ""), key


def _asked(action: str, key: str, request: Request) -> Asked:
    if action in _VERBS:
        write = read_write(action, request.body)
        if write.licence.key != key:
            raise Refusal("bad_request", "the address and the body name different licences")
        return Asked(write=write)
    query = dict(request.query)
    limit = query.get("limit", "500")
    if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
        raise Refusal("bad_request", f"limit is a number from 1 to {_MOST}")
    return Asked(cursor=query.get("cursor", ""), limit=int(limit))
