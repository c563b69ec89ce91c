"""One HTTP session per vendor and thread: every call timed out, every failure mapped to one `VendorError`."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from requests.adapters import HTTPAdapter

from isp_addons import __version__
from isp_addons.clock import Clock
from isp_addons.vendor_api.errors import (
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorised,
    Unavailable,
    VendorError,
)

CLOCK_HEADER = "Isp-Addons-At"
"""Sent only while the product's clock is replayed, so that a stand-in vendor lives at the same moment."""

_ANSWER_SHOWN = 300


def star(text: str, secrets: Sequence[str]) -> str:
    """Replace every secret in *text* by a star."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "*")
    return text


class VendorSession:
    """HTTP to one vendor. *timeout* is (connect, read) in seconds; *secrets* are starred in every error.

    The environment's proxies and netrc are left alone on purpose: what a vendor call uses stands in the configuration.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        timeout: tuple[float, float] = (3.0, 10.0),
        auth: tuple[str, str] | None = None,
        verify: bool | str = True,
        secrets: Sequence[str] = (),
        user_agent: str = "",
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._timeout = timeout
        self._auth = auth
        self._verify = verify
        self._secrets = tuple(secrets)
        self._user_agent = f"isp-addons/{__version__} {user_agent}".strip()
        self._local = threading.local()
        self._opened: list[requests.Session] = []
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        path: str,
        *,
        action: str,
        changes: bool,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Make one call. *changes* says whether it may alter the vendor's state: then a lost answer is `OutcomeUnknown`.

        Returns an answer of status 2xx only; raises a `VendorError` for everything else.
        """
        sent_headers = dict(headers or {})
        if self._clock.replayed:
            sent_headers[CLOCK_HEADER] = self._clock.now().isoformat()
        try:
            response = self._session().request(
                method,
                self._base_url + path,
                params=params,
                data=data,
                headers=sent_headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as error:
            raise self._lost(error, action=action, changes=changes) from error
        if 200 <= response.status_code < 300:
            return response
        raise self._refused(response, action=action, changes=changes)

    def close(self) -> None:
        """Close the sessions of all threads."""
        with self._lock:
            for session in self._opened:
                session.close()
            self._opened.clear()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.auth = self._auth
            session.verify = self._verify
            session.headers["User-Agent"] = self._user_agent
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._local.session = session
            with self._lock:
                self._opened.append(session)
        return session

    def _lost(self, error: requests.exceptions.RequestException, *, action: str, changes: bool) -> VendorError:
        reason = star(str(error.args[0] if error.args else error), self._secrets)[:_ANSWER_SHOWN]
        never_sent = isinstance(error, requests.exceptions.ConnectTimeout) or _refused_connection(error)
        if never_sent:
            return Unavailable(f"{self._base_url} cannot be reached.", action=action, answer=reason)
        if isinstance(error, requests.exceptions.Timeout):
            message = f"{self._base_url} did not answer within {self._timeout[1]:g} s."
        else:
            message = f"the connection to {self._base_url} broke before the answer was complete."
        return (OutcomeUnknown if changes else Unavailable)(message, action=action, answer=reason)

    def _refused(self, response: requests.Response, *, action: str, changes: bool) -> VendorError:
        status = response.status_code
        answer = star(response.text[:_ANSWER_SHOWN], self._secrets)
        if status in (401, 403):
            return Unauthorised(
                f"{self._base_url} refused our credentials.",
                action=action,
                status=status,
                answer=answer,
                hint="Check the login and its rights in the vendor's section, then resume the vendor.",
            )
        if status == 429:
            until = retry_after(response.headers.get("Retry-After"), self._clock.now())
            return RateLimited(f"{self._base_url} asks us to slow down.", until=until, action=action, status=status)
        if status == 503 or (status >= 500 and not changes):
            return Unavailable(f"{self._base_url} is not available.", action=action, status=status, answer=answer)
        if status >= 500:
            return OutcomeUnknown(f"{self._base_url} failed on its side.", action=action, status=status, answer=answer)
        return Rejected(f"{self._base_url} refused the call.", action=action, status=status, answer=answer)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """Read a ``Retry-After`` header: seconds, or an HTTP date."""
    if not value:
        return None
    if value.isdecimal():
        return now + timedelta(seconds=min(int(value), 86_400))
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _refused_connection(error: requests.exceptions.RequestException) -> bool:
    """Whether the connection was never made, so that nothing can have been done."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
