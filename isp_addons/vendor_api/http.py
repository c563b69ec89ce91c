"""One HTTP session per vendor and thread: every call timed out, every failure mapped to one `VendorError`."""

import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, quote_plus, urlencode
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

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

ComeBack = Callable[[Mapping[str, str], datetime], datetime | None]
"""What reads, from the headers of an answer and the moment now, when calls are allowed again."""

_ANSWER_SHOWN = 300
_LONGEST_WAIT = timedelta(days=1)
_IN_A_PATH = "/%:@!$&'()*+,;=~"


def star(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret in *text* by a star, the longest first."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "*")
    return text


class VendorSession:
    """HTTP to one vendor. *timeout* is (connect, read) in seconds; *secrets* are starred in every error.

    *certificate*: the files of a client certificate and its key, shown to the vendor; *come_back*: reads a vendor's own
    header of when calls are allowed again, tried before ``Retry-After``.

    The environment's proxies and netrc are left alone on purpose: what a vendor call uses stands in the configuration.
    Cookies are not kept. Safe to share: each thread has a connection of its own.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        timeout: tuple[float, float] = (3.0, 10.0),
        auth: tuple[str, str] | None = None,
        verify: bool | str = True,
        certificate: tuple[str, str] | None = None,
        come_back: ComeBack | None = None,
        secrets: Sequence[str] = (),
        user_agent: str = "",
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._timeout = timeout
        self._verify = verify
        self._certificate = certificate
        self._come_back = come_back
        headers = {**requests.utils.default_headers(), "User-Agent": f"isp-addons/{__version__} {user_agent}".strip()}
        told = set(secrets)
        if auth is not None:
            basic = b64encode(":".join(auth).encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
            told.add(basic)
        self._secrets = {form for secret in told for form in (secret, quote(secret, safe=""), quote_plus(secret))}
        self._request = requests.Request("GET", self._base_url, headers=headers).prepare()
        self._root = str(self._request.url).rstrip("/")
        self._local = threading.local()
        self._opened: WeakSet[requests.Session] = WeakSet()
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
        request = self._prepared(method, path, params, data, headers)
        try:
            response = self._session().send(
                request,
                timeout=self._timeout,
                verify=self._verify,
                cert=self._certificate,
                allow_redirects=False,
                stream=False,
                proxies={},
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

    def _prepared(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None,
        data: Mapping[str, str] | bytes | None,
        headers: Mapping[str, str] | None,
    ) -> requests.PreparedRequest:
        """A copy of what all calls share, completed: from scratch it would be a fifth of the whole call's work."""
        request = self._request.copy()
        request.method = method
        request.url = self._root + quote(path, safe=_IN_A_PATH) + (f"?{urlencode(params)}" if params else "")
        if data is not None or method != "GET":
            request.prepare_body(data, None)
        if headers:
            request.headers.update(headers)
        if self._clock.replayed:
            request.headers[CLOCK_HEADER] = self._clock.now().isoformat()
        return request

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            self._local.session = session
            with self._lock:
                self._opened.add(session)
        return session

    def _lost(self, error: requests.exceptions.RequestException, *, action: str, changes: bool) -> VendorError:
        reason = star(str(error.args[0] if error.args else error), self._secrets)[:_ANSWER_SHOWN]
        if _never_sent(error):
            return Unavailable(f"{self._base_url} cannot be reached.", action=action, answer=reason)
        if isinstance(error, requests.exceptions.Timeout):
            message = f"{self._base_url} did not answer within {self._timeout[1]:g} s."
        else:
            message = f"the connection to {self._base_url} broke before the answer was complete."
        return (OutcomeUnknown if changes else Unavailable)(message, action=action, answer=reason)

    def _refused(self, response: requests.Response, *, action: str, changes: bool) -> VendorError:
        status = response.status_code
        answer = star(response.text, self._secrets)[:_ANSWER_SHOWN]
        if status in (401, 403):
            return Unauthorised(
                f"{self._base_url} refused our credentials.",
                action=action,
                status=status,
                answer=answer,
                hint="Check the login and its rights in the vendor's section, then resume the vendor.",
            )
        until = self._allowed_again(response)
        if status == 429 or (status == 503 and until is not None):
            return RateLimited(f"{self._base_url} asks us to slow down.", until=until, action=action, status=status)
        if status == 503 or (status >= 500 and not changes):
            return Unavailable(f"{self._base_url} is not available.", action=action, status=status, answer=answer)
        if status >= 500 or status == 408:
            kind = OutcomeUnknown if changes else Unavailable
            return kind(f"{self._base_url} failed on its side.", action=action, status=status, answer=answer)
        return Rejected(f"{self._base_url} refused the call.", action=action, status=status, answer=answer)

    def _allowed_again(self, response: requests.Response) -> datetime | None:
        now = self._clock.now()
        told = self._come_back if response.status_code == 429 else None
        own = told(response.headers, now) if told is not None else None
        return own or retry_after(response.headers.get("Retry-After"), now)


def retry_after(value: str | None, now: datetime) -> datetime | None:
    """Read a ``Retry-After`` header: seconds, or an HTTP date. At most a day ahead; None for what makes no sense."""
    if not value:
        return None
    if value.strip().isdecimal():
        return now + timedelta(seconds=min(int(value), _LONGEST_WAIT.total_seconds()))
    try:
        told = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return min(told if told.tzinfo else told.replace(tzinfo=UTC), now + _LONGEST_WAIT).astimezone(UTC)


def _never_sent(error: requests.exceptions.RequestException) -> bool:
    """Whether no connection came about, so that nothing can have been done."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, TlsError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)
