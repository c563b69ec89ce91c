"""Aircall's calls to us.

Source: Aircall public API, webhooks: the body is JSON with ``resource``, ``event``, ``timestamp`` (Unix seconds), ``token`` and
``data``. There is no signature and no id of a delivery: the token proves it, and what it tells makes it unique. Deliveries come
at least once and in no order.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from isp_addons.vendor_api import Rejected, Unauthorised, VendorEvent, VendorWord
from isp_addons_aircall.translate import read_user

WORDS = {"user.created.v2": VendorWord.USER_CREATED, "user.deleted.v2": VendorWord.USER_DELETED}
"""The events that concern us."""

_ACTION = "webhook"


def read(body: bytes, *, token: str | None, account: str) -> tuple[VendorEvent, ...]:
    """What a call tells. Raises `Rejected` for what is no JSON or lacks what it needs, `Unauthorised` for a wrong token."""
    told = _json(body)
    _prove(told, token)
    word = WORDS.get(str(told.get("event")))
    if word is None:
        return ()
    data = told.get("data")
    try:
        user = read_user(data, account=account)
    except ValueError as error:
        raise Rejected(f"The webhook cannot be read: {error}.", action=_ACTION) from None
    return (VendorEvent(key=_key(told, user.reference), word=word, user=user),)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("The webhook is no JSON.", action=_ACTION) from None


def _prove(told: Any, token: str | None) -> None:
    """Compare in a time that tells nothing of the token."""
    given = told.get("token") if isinstance(told, Mapping) else None
    if token is None:
        hint = "Set webhook_token in the vendor's section."
        raise Unauthorised("There is no webhook_token to compare with.", action=_ACTION, hint=hint)
    shown = given if isinstance(given, str) else ""
    if not hmac.compare_digest(shown.encode("utf-8", "replace"), token.encode()):
        raise Unauthorised("The token of the webhook is not ours.", action=_ACTION)


def _key(told: Mapping[str, Any], reference: str) -> str:
    """The same for each delivery of one event."""
    parts = [str(told.get(name)) for name in ("resource", "event", "timestamp")]
    return hashlib.sha256(json.dumps([*parts, reference]).encode()).hexdigest()
