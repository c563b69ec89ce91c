"""Telling that the other side refused our client certificate: Kaspersky may know its customers by one (TLS)."""

import re
import ssl

_ALERT = re.compile(r"ALERT_.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)")


def certificate_refused(error: BaseException | None) -> bool:
    """Whether the other side ended the TLS handshake over our certificate, or over the lack of one: then it read nothing."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and _ALERT.search(error.reason or ""):
            return True
        error = error.__cause__ or error.__context__
    return False
