"""The door for vendors' webhooks: verify, store, answer. What is stored is handled by the worker, never in the request."""

import asyncio
import logging
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import ClientDisconnect, Request

from isp_addons.bootstrap import App
from isp_addons.domain.cause import Source
from isp_addons.domain.problem import BadInput, NotFound, Problem, Refused, TryAgain
from isp_addons.services import vendor_users
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import (
    Rejected,
    Unauthorised,
    Unsupported,
    VendorError,
    VendorEvent,
    WebhookRequest,
)

log = logging.getLogger(__name__)
router = APIRouter()

LARGEST_BODY = 1_000_000
"""Bytes; no vendor's webhook comes near it."""

BODY_SECONDS = 4.0
"""Within this time a body must have come whole: vendors wait five seconds for the answer."""


async def body_of(request: Request) -> bytes:
    """The body, never more of it than is taken. Raises `BadInput` (``too_large``, ``too_slow``)."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > LARGEST_BODY:
                    raise _refused(request, BadInput(f"The body is larger than {LARGEST_BODY} bytes.", code="too_large"))
                parts.append(part)
    except TimeoutError:
        problem = BadInput(f"The body did not come within {BODY_SECONDS:g} s.", code="too_slow")
        raise _refused(request, problem) from None
    except ClientDisconnect:
        raise _refused(request, BadInput("The caller has gone.", code="bad_input")) from None
    return b"".join(parts)


@router.post("/webhooks/{vendor}")
def take(vendor: str, request: Request, body: Annotated[bytes, Depends(body_of)]) -> dict[str, int]:
    """Verify a vendor's call and store what it tells; answers how many events were new.

    200 stored, or nothing that concerns us; 400 cannot be read; 401 wrong signature or token; 404 no such vendor, one that is
    disabled, or one that takes no calls; 408, 413 too slow, too large; 503 try again.
    """
    app: App = request.app.state.app
    try:
        events = _verified(_vendor(app, vendor), request, body)
        cause = app.cause("a webhook", actor=vendor, source=Source.VENDOR)
        new = vendor_users.store_now(app.context, cause, vendor=vendor, events=events)
    except Problem as problem:
        raise _refused(request, problem) from problem
    log.info("webhook of vendor %s: %s events, %s new", vendor, len(events), new)
    return {"events": len(events), "new": new}


def _vendor(app: App, name: str) -> Vendor:
    """The vendor of exactly that name. What is told outside names no other vendor and no defect of a plugin."""
    unknown = NotFound("There is no such vendor here; the last part of the address is its name.", code="unknown_vendor")
    if name not in app.host.names():
        raise unknown
    try:
        vendor = app.host.vendor(name)
    except Refused as problem:
        if problem.code == "vendor_disabled":
            raise unknown from problem  # outsiders are not told which vendors there are
        raise TryAgain(f"The vendor {name} cannot be used now.", code="vendor_broken") from problem
    if "on_vendor_webhook" not in vendor.hooks:
        raise NotFound(f"The vendor {name} sends no webhooks.", code="no_webhooks")
    return vendor


def _verified(vendor: Vendor, request: Request, body: bytes) -> list[VendorEvent]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return list(vendor.webhook(WebhookRequest(headers=headers, body=body)))
    except Unauthorised as error:
        raise Problem("The signature or token is not the vendor's.", code="unauthorised") from error
    except Rejected as error:
        raise BadInput("The body cannot be read as one of the vendor's webhooks.", code="bad_webhook") from error
    except Unsupported as error:
        raise NotFound(f"The vendor {vendor.name} sends no webhooks.", code="no_webhooks") from error
    except VendorError as error:
        raise TryAgain("The webhook cannot be taken in now.", code="vendor_broken") from error


def _refused(request: Request, problem: Problem) -> Problem:
    """One line of log for each refused call: which address and why; nothing of what was sent as a proof."""
    cause = problem.__cause__
    why = cause.message if isinstance(cause, Problem) else problem.message
    if isinstance(cause, VendorError) and not isinstance(cause, Unauthorised):
        why = str(cause)
    hint = cause.hint if isinstance(cause, Unauthorised) else ""
    log.warning("webhook %r refused (%s): %s", request.url.path[:80], problem.code, f"{why} {hint}".strip())
    return problem
