"""The access token of one login: shared by all threads, renewed before it runs out, asked for once however many wait."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from isp_addons.vendor_api import Clock, Rejected, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.http import VendorSession, star
from isp_addons_eset.answers import explain, read_json

JSON = {"Content-Type": "application/json", "Accept": "application/json"}

_SHORTEST_LIFE = timedelta(minutes=1)
"""Where an answer does not tell: the manual's pages say one minute (token) and one hour (swagg_renew)."""
_LONGEST_LIFE = timedelta(days=1)
_AHEAD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Token:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    renew_at: datetime


class Tokens:
    """Safe to share: one thread asks, the others wait and get the same token, or the same failure.

    Source: ESET MSP Administrator 2 API, token and renew. ``expiresIn`` is in seconds, as public clients read it.
    """

    def __init__(self, session: VendorSession, *, login: str, password: str, clock: Clock) -> None:
        self._session = session
        self._login = login
        self._password = password
        self._clock = clock
        self._lock = Lock()
        self._token: _Token | None = None
        self._failures = 0
        self._failure: VendorError | None = None

    def current(self) -> str:
        """A token that is good for a while. Raises `Unauthorised` for a wrong login, `Unavailable` when there is no answer."""
        return self._take(refused=None)

    def replacing(self, refused: str) -> str:
        """A token other than *refused*, which ESET did not take. Raises as `current`."""
        return self._take(refused=refused)

    def starred(self, text: str) -> str:
        """*text* with the tokens in it replaced by stars."""
        token = self._token
        return text if token is None else star(text, (token.access, token.refresh))

    def _take(self, *, refused: str | None) -> str:
        failures = self._failures
        with self._lock:
            token = self._token
            if token is not None and token.access != refused and self._clock.now() < token.renew_at:
                return token.access
            if self._failure is not None and self._failures != failures:
                raise copy.copy(self._failure)  # somebody has tried in vain while we waited
            try:
                renewable = token is not None and token.access != refused and token.refresh
                self._token = self._renewed(token.refresh) if token is not None and renewable else self._new()
            except VendorError as error:
                self._failure = error
                self._failures += 1
                raise
            self._failure = None
            return self._token.access

    def _new(self) -> _Token:
        try:
            return self._ask("Token/Get", {"username": self._login, "password": self._password})
        except Rejected as error:
            if error.status != 400:
                raise
            hint = "Check login and password in the vendor's section, then resume the vendor."
            raise Unauthorised("ESET does not take the login.", action="Token/Get", status=400, hint=hint) from error

    def _renewed(self, refresh: str) -> _Token:
        try:
            return self._ask("Token/Renew", {"refreshToken": refresh})
        except (Unauthorised, Rejected):  # a session cannot be renewed for ever
            return self._new()

    def _ask(self, call: str, body: Mapping[str, str]) -> _Token:
        try:
            response = self._session.send(
                "POST", f"/api/{call}", action=call, changes=False, data=json.dumps(body).encode(), headers=JSON
            )
        except VendorError as error:
            error.answer = star(error.answer, [body.get("refreshToken", "")])
            explain(error, call)
            raise
        try:
            answer = read_json(response.text)
            life = timedelta(seconds=float(answer.get("expiresin") or _SHORTEST_LIFE.total_seconds()))
            access, refresh = str(answer["accesstoken"]), str(answer.get("refreshtoken") or "")
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise Unavailable("the answer cannot be read.", action=call) from None  # what it holds of a token is told nobody
        life = min(max(life, timedelta()), _LONGEST_LIFE)
        return _Token(access, refresh, self._clock.now() + life - min(_AHEAD, life / 5))
