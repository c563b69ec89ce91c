"""The product's HTTP session with a client certificate: Kaspersky may know its customers by one (TLS)."""

import re
import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from isp_addons.vendor_api.http import VendorSession

_ALERT = re.compile(r"ALERT_.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)")


class CertifiedSession(VendorSession):
    """A `VendorSession` that shows *certificate*, the files of a certificate and its key, to whom it speaks."""

    def __init__(self, base_url: str, *, certificate: tuple[str, str] | None, **settings: Any) -> None:
        super().__init__(base_url, **settings)
        self._certificate = certificate

    def _session(self) -> requests.Session:
        session = super()._session()
        if self._certificate is not None and not isinstance(session.get_adapter("https://"), _Certified):
            session.mount("https://", _Certified(self._certificate))
        return session


class _Certified(HTTPAdapter):
    def __init__(self, certificate: tuple[str, str]) -> None:
        self._certificate = certificate
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **settings: Any) -> requests.Response:
        """See `HTTPAdapter.send`."""
        return super().send(request, *args, **{**settings, "cert": self._certificate})


def certificate_refused(error: BaseException | None) -> bool:
    """Whether the other side ended the TLS handshake over our certificate, or over the lack of one: then it read nothing."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and _ALERT.search(error.reason or ""):
            return True
        error = error.__cause__ or error.__context__
    return False
