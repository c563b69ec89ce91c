"""The gateway over HTTP: every request signed, every failure a `VendorError` that says what came."""

import json
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import requests
from pydantic import TypeAdapter, ValidationError

from isp_addons.vendor_api import Clock, LicenceView, OutcomeUnknown, Rejected, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.http import VendorSession, star
from isp_addons_gateway import wire
from isp_addons_gateway.options import GatewayAddress
from isp_addons_gateway.signature import KEY_ID, SIGNATURE, TIMESTAMP, sign
from isp_addons_gateway.wire import Unfit, Verb

_AnswerT = TypeVar("_AnswerT")
_TEXT_SHOWN = 300

_HINTS = {
    404: "The gateway has no such address: check url in the vendor's section.",
    409: "Look at the gateway's log.",
}


class GatewayClient:
    """Speaks to one gateway. Safe to share between threads: each has its own connection. A `Carrier`."""

    def __init__(self, options: GatewayAddress, *, clock: Clock) -> None:
        self.name = f"the gateway {options.url}"
        self.secrets = (options.secret.get_secret_value(),)
        self._clock = clock
        self._key_id = options.key_id
        self._root = urlsplit(options.url).path
        self._session = VendorSession(
            options.url,
            clock=clock,
            timeout=options.timeout,
            verify=options.verify,
            secrets=self.secrets,
            user_agent="gateway",
        )

    def close(self) -> None:
        """Close the connections of all threads."""
        self._session.close()

    def do(self, verb: Verb, write: wire.Write, *, action: str) -> wire.Outcome:
        """Have a verb done: ``POST /licences/KEY/VERB``."""
        path = f"/licences/{write.licence.key}/{verb}"
        body = write.model_dump_json().encode()
        return self._ask("POST", path, wire.OUTCOME, action=action, body=body)

    def read(self, licence: LicenceView, *, action: str) -> wire.Standing:
        """Ask for one licence: ``GET /licences/KEY``, with the vendor's reference where it is known."""
        params = {"reference": licence.reference} if licence.reference else {}
        return self._ask("GET", f"/licences/{licence.key}", wire.STANDING, action=action, params=params)

    def page(self, cursor: str | None, limit: int) -> tuple[wire.BarePage, int | None]:
        """Ask for a part of the list: ``GET /licences``."""
        params = {"limit": str(limit), **({"cursor": cursor} if cursor is not None else {})}
        page = self._ask("GET", "/licences", wire.PAGE, action="list", params=params)
        return page, page.total

    def capabilities(self) -> wire.Capabilities:
        """Ask what the gateway can do: ``GET /capabilities``."""
        return self._ask("GET", "/capabilities", wire.CAPABILITIES, action="check")

    def _ask(
        self,
        method: str,
        path: str,
        kind: TypeAdapter[_AnswerT],
        *,
        action: str,
        params: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> _AnswerT:
        changes = body is not None
        query = f"?{urlencode(params)}" if params else ""
        headers = self._signed(method, f"{self._root}{path}{query}", body or b"")
        try:
            response = self._session.send(
                method, path, action=action, changes=changes, params=params, data=body, headers=headers
            )
        except (Rejected, Unauthorised) as error:
            raise self._explained(error) from None
        try:
            return wire.parse(kind, response.content, media=response.headers.get("Content-Type", ""))
        except Unfit as what:
            raise self._unreadable(what, response, action=action, changes=changes) from None

    def _signed(self, method: str, target: str, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock.now().timestamp())
        signature = sign(self.secrets[0], timestamp=timestamp, method=method, target=target, body=body)
        headers = {KEY_ID: self._key_id, TIMESTAMP: str(timestamp), SIGNATURE: signature}
        return {**headers, "Content-Type": "application/json"} if body else headers

    def _unreadable(self, what: Unfit, response: requests.Response, *, action: str, changes: bool) -> VendorError:
        kind = OutcomeUnknown if changes else Unavailable
        shown = star(response.text, self.secrets)[:_TEXT_SHOWN]
        message = f"{self.name} answered with {star(str(what), self.secrets)}."
        return kind(message, action=action, status=response.status_code, answer=shown)

    def _explained(self, error: VendorError) -> VendorError:
        """Add what the gateway says of its refusal, where it says it as the protocol has it, and what to do."""
        try:
            told = wire.Refusal.model_validate(json.loads(error.answer))
        except (ValueError, ValidationError, RecursionError):
            told = None
        if told is not None:
            error.message = f"{error.message} It says: {star(told.text, self.secrets)} (code {star(told.code, self.secrets)})."
        if isinstance(error, Unauthorised):
            error.hint = (
                "Check secret and key_id in the vendor's section and that both clocks are right, then resume the vendor."
            )
        elif told is None:
            redirect = error.status is not None and 300 <= error.status < 400
            moved = "It sends us elsewhere, which is not followed: set url to the final address."
            error.hint = moved if redirect else _HINTS.get(error.status or 0, "")
        return error
