"""Between the words of isp-addons and those of the Kaspersky Subscription Service. Pure: no network, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from isp_addons.vendor_api import LicenceView, Rejected, SeenLicence, SeenState
from isp_addons_kaspersky.items import INDEFINITE

_LONGEST_ID = 120
_MOST = 2**31


class Status(StrEnum):
    """The statuses of a subscription (UPI 2.0, SubscriptionStatusEnum)."""

    NOT_STARTED = "NotStarted"
    STARTED = "Started"
    PAUSED = "Paused"
    SOFT_CANCELLED = "SoftCancelled"
    HARD_CANCELLED = "HardCancelled"


_SEEN = {
    Status.NOT_STARTED: SeenState.ACTIVE,
    Status.STARTED: SeenState.ACTIVE,
    Status.PAUSED: SeenState.SUSPENDED,
    Status.SOFT_CANCELLED: SeenState.SUSPENDED,
    Status.HARD_CANCELLED: SeenState.ENDED,
}
"""Both ways of stopping can be undone, so both are suspended, whatever the settings say; only HardCancelled is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription as GetInfo tells it. ``end`` None = without end; ``code`` and ``links`` are the subscriber's alone."""

    subscriber_id: str
    status: Status
    quantity: int
    product_id: str
    start: datetime | None = None
    end: datetime | None = None
    code: str = field(repr=False)
    links: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def seen(self) -> SeenState:
        """The product's word for its status. One that is to start in a moment counts as active."""
        return _SEEN[self.status]

    @property
    def active(self) -> bool:
        """Whether it runs, or is about to."""
        return self.seen is SeenState.ACTIVE

    @property
    def suspended(self) -> bool:
        """Whether it is stopped and can be started again."""
        return self.seen is SeenState.SUSPENDED

    @property
    def ended(self) -> bool:
        """Whether it is over for good."""
        return self.seen is SeenState.ENDED

    @property
    def show(self) -> dict[str, str]:
        """What the subscriber may see."""
        return {"activation_code": self.code, **self.links}


def subscriber_id(licence: LicenceView) -> str:
    """The SubscriberId of a licence: the reference where one is known, such as that of an imported licence, else our key.

    The WSDL has it as any text. What cannot be sent as XML, or would come back changed, is `Rejected`; so is what is longer
    than a reference of the product may be.
    """
    found = licence.reference or licence.key
    if not found.isprintable() or found != found.strip() or not 0 < len(found) <= _LONGEST_ID:
        raise Rejected(
            f"{found[:_LONGEST_ID]!r} cannot be a SubscriberId.",
            action=f"find {licence.key}",
            hint=f"It has 1 to {_LONGEST_ID} printable characters, none of them a space at its beginning or end.",
        )
    return found


def product_id(licence: LicenceView, default: str | None) -> str:
    """The ProductId to order: the product's option, else that of the settings. Raises `Rejected` when there is neither."""
    found = (licence.options.get("product_id") or default or "").strip()
    if not found:
        raise Rejected(
            f"The product {licence.product} names no product_id of Kaspersky.",
            action=f"on_order {licence.key}",
            hint="Set the product's option product_id, or product_id in the vendor's section, and try again.",
        )
    return found


def seen(subscription: Subscription, *, key: str) -> SeenLicence:
    """What the product calls it."""
    return SeenLicence(
        key=key,
        state=subscription.seen,
        reference=subscription.subscriber_id,
        quantity=subscription.quantity,
        paid_until=subscription.end,
        show=subscription.show,
    )


def read_subscription(told: Any, *, subscriber: str, links: Mapping[str, str] | None = None) -> Subscription:
    """Read the ``Subscription`` of a GetInfo answer. Raises `ValueError` when it makes no sense."""
    if told is None:
        raise ValueError("it has no Subscription")
    quantity = read_number(told.LicenseCount, name="LicenseCount")
    if quantity < 1 or not told.ActivationCode or not told.ProductId:
        raise ValueError("a subscription without licences, code or product")
    return Subscription(
        subscriber_id=subscriber,
        status=Status(told.Status),
        quantity=quantity,
        product_id=told.ProductId,
        start=None if told.StartTime is None else read_time(told.StartTime),
        end=None if told.EndTime in (None, INDEFINITE) else read_time(told.EndTime),
        code=told.ActivationCode,
        links=links or {},
    )


def read_number(told: str | None, *, name: str) -> int:
    """Read a whole number of an answer. Raises `ValueError`."""
    text = (told or "").strip()
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdecimal() or len(text) > len(str(_MOST)):
        raise ValueError(f"{name} is no number")
    return int(text)


def read_time(told: str) -> datetime:
    """Read a time of an answer as aware UTC. Raises `ValueError`. Assumption: one without a zone is UTC."""
    moment = datetime.fromisoformat(told.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
