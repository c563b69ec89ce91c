"""A stand-in behind an executable: ``sandbox_program.py`` is run for each call, and asks this server on 127.0.0.1.

So the plugin starts real processes, and every fault of a stand-in can be shown to it. Nothing is assumed of a vendor.
"""

import shlex
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from isp_addons.vendor_api.stand_in import Call, Reply, Request
from isp_addons_gateway.sandbox_base import CHECK, LIST, READ, Asked, JsonStandIn, read_write
from isp_addons_gateway.sandbox_licences import Refusal
from isp_addons_gateway.wire import Verb

_PROGRAM = Path(__file__).with_name("sandbox_program.py")

_VERBS = frozenset(Verb)


class ExecSandbox(JsonStandIn):
    """The stand-in. *token* is what the executable must show it; the rest as in `JsonStandIn`."""

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = "token-of-the-stand-in",  # noqa: S107 - of a stand-in on loopback
        latency: float = 0.0,
        pending_seconds: int | None = None,
        can: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port=port, latency=latency, pending_seconds=pending_seconds, can=can)
        self._token = token

    def options(self) -> dict[str, str]:
        """See `StandIn.options`."""
        command = shlex.join([sys.executable, "-I", "-S", str(_PROGRAM), self.url.rpartition(":")[2]])
        return {"command": command, "environment": f"SANDBOX_TOKEN={self._token}", **self.declared()}

    def route(self, request: Request, now: datetime) -> Call:
        """``POST /ACTION`` with the request that the executable was given."""
        action = request.path.strip("/")
        known = request.method == "POST" and (action in _VERBS or action in (READ, LIST, CHECK))
        call = Call(request, now, action if known else request.path[:80])
        if request.headers.get("authorization") != f"Bearer {self._token}":
            call.refused = self.refusal(401, "unauthorised", "the token is wrong")
        elif not known:
            call.refused = self.failure(call, 404)
        else:
            try:
                call.object, call.told = _asked(action, request)
            except (Refusal, ValueError) as refusal:
                call.refused = self.refusal(400, "bad_request", str(refusal))
        return call

    def refusal(self, status: int, code: str, text: str) -> Reply:  # noqa: ARG002 - the base class names them
        """See `JsonStandIn.refusal`: a sentence, which the executable passes on."""
        return Reply(status, f"{text}\n".encode(), kind="text/plain")

    def failure(self, call: Call, status: int) -> Reply:  # noqa: ARG002 - the base class names it
        """See `StandIn.failure`."""
        return self.refusal(status, "", f"this went wrong with {status}")


def _asked(action: str, request: Request) -> tuple[str, Asked]:
    """The licence's key and what is asked."""
    told = request.json()
    if action in _VERBS:
        write = read_write(action, request.body)
        return write.licence.key, Asked(write=write)
    if action == READ:
        return str(told["licence"]["key"]), Asked()
    return "", Asked(cursor=told.get("cursor") or "", limit=int(told.get("limit", 500)))
