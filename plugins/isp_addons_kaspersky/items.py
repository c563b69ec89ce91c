"""What can be asked of the Kaspersky Subscription Service in one container: any number of items, each of one subscriber.

Source: Kaspersky Subscription Service, UPI 2.0 (WSDL): the items, their attributes, ``indefinite``. Pure: no network, no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

INDEFINITE = "indefinite"
"""The word for "without end"."""


class Kind(StrEnum):
    """The items. There is none to change a quantity or a product, and none to list subscribers."""

    ACTIVATE = "Activate"
    RENEW = "Renew"
    SOFT_CANCEL = "SoftCancel"
    HARD_CANCEL = "HardCancel"
    PAUSE = "Pause"
    RESUME = "Resume"
    GET_INFO = "GetInfo"
    GET_DOWNLOAD_LINKS = "GetDownloadLinks"


class Platform(StrEnum):
    """Where a product is downloaded for."""

    WINDOWS = "Windows"
    MACOS = "macOS"
    ANDROID = "Android"
    IOS = "iOS"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked for one subscriber; ``details`` are its other attributes as they are sent."""

    kind: Kind
    subscriber_id: str
    details: Mapping[str, str] = field(default_factory=dict)


def time_text(moment: datetime) -> str:
    """A moment as it is sent: true UTC, whole seconds, with ``Z``."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def end_text(end: datetime | None) -> str:
    """An end as it is sent; None is without end."""
    return INDEFINITE if end is None else time_text(end)


def activate(subscriber_id: str, *, start: datetime, end: datetime | None, quantity: int, product_id: str) -> Item:
    """Make a subscription, or make one anew that was ended; its answer holds the activation code."""
    details = {"StartTime": time_text(start), "EndTime": end_text(end), "LicenseCount": str(quantity), "ProductId": product_id}
    return Item(Kind.ACTIVATE, subscriber_id, details)


def renew(subscriber_id: str, *, end: datetime | None) -> Item:
    """Give a subscription another end; one that was soft-cancelled starts again."""
    return Item(Kind.RENEW, subscriber_id, {"EndTime": end_text(end)})


def soft_cancel(subscriber_id: str, *, end: datetime) -> Item:
    """Stop a subscription at *end* in such a way that Renew starts it again."""
    return Item(Kind.SOFT_CANCEL, subscriber_id, {"EndTime": time_text(end)})


def hard_cancel(subscriber_id: str, *, end: datetime) -> Item:
    """End a subscription at *end* for good."""
    return Item(Kind.HARD_CANCEL, subscriber_id, {"EndTime": time_text(end)})


def pause(subscriber_id: str, *, at: datetime) -> Item:
    """Stop a subscription until Resume."""
    return Item(Kind.PAUSE, subscriber_id, {"PauseTime": time_text(at)})


def resume(subscriber_id: str) -> Item:
    """Start a paused subscription again."""
    return Item(Kind.RESUME, subscriber_id)


def get_info(subscriber_id: str) -> Item:
    """Ask what a subscription is."""
    return Item(Kind.GET_INFO, subscriber_id, {"InfoSection": "Subscription"})


def get_download_links(subscriber_id: str, *, language: str, platform: Platform) -> Item:
    """Ask where the product is downloaded for one platform."""
    return Item(Kind.GET_DOWNLOAD_LINKS, subscriber_id, {"Language": language, "Platform": platform.value})
