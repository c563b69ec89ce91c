"""How a request is signed: HMAC-SHA256 over its time, method, path and body."""

import hmac
from datetime import datetime, timedelta

KEY_ID = "Isp-Addons-Key"
TIMESTAMP = "Isp-Addons-Timestamp"
SIGNATURE = "Isp-Addons-Signature"

WINDOW = timedelta(seconds=300)
"""How far the time of a request may lie from the gateway's own, either way."""


def sign(secret: str, *, timestamp: int, method: str, target: str, body: bytes) -> str:
    """The signature of one request.

    *target* is what the request line names: the whole path and, after ``?``, the query. The signed text is timestamp (Unix
    seconds), method and target, each followed by a line feed, and then the body as it is sent.
    """
    text = f"{timestamp}\n{method}\n{target}\n".encode() + body
    return f"v1={hmac.new(secret.encode(), text, 'sha256').hexdigest()}"


def complaint(
    secret: str, told: str, timestamp: str, *, method: str, target: str, body: bytes, now: datetime
) -> tuple[str, str] | None:
    """What is wrong with the signature *told* and the *timestamp* of a request: a code and a sentence; None = all is well.

    The signature is compared in constant time, and before the time is looked at.
    """
    seconds = int(timestamp) if timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 else 0
    expected = sign(secret, timestamp=seconds, method=method, target=target, body=body)
    if not hmac.compare_digest(expected.encode(), told.encode()):
        return "wrong_signature", "the signature is not that of this request"
    off = int(now.timestamp()) - seconds
    if abs(off) > WINDOW.total_seconds():
        return "stale", f"the request's time is {off} s away from ours; {int(WINDOW.total_seconds())} s are allowed"
    return None
