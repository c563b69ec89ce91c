"""The subscriptions of a stand-in: a state machine whose status is computed from the moment, never stored.

Known from the WSDL: items and statuses. From public clients: 5 for an unknown subscriber, 202 for a wrong state, Renew starts
what was soft-cancelled, Activate takes a SubscriberId again that was hard-cancelled. Assumed: which item is allowed in which
status; Renew of a started subscription works where the end that it has or gets is limited; one whose end has passed stays
Started; a code is kept but for HardCancel and Activate; codes from 9101, which are made up.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from isp_addons.vendor_api import SeenState
from isp_addons.vendor_api.stand_in import Standing
from isp_addons_kaspersky.answers import UNKNOWN_SUBSCRIBER, WRONG_STATE
from isp_addons_kaspersky.items import Kind, end_text, time_text
from isp_addons_kaspersky.sandbox_wire import UPI, Asked
from isp_addons_kaspersky.translate import Status

ALREADY_ACTIVE, UNKNOWN_PRODUCT, NOT_DONE = 9101, 9102, 9103

_LIVE = (Status.STARTED, Status.PAUSED)
_SEEN = {
    Status.NOT_STARTED: SeenState.ACTIVE,
    Status.STARTED: SeenState.ACTIVE,
    Status.PAUSED: SeenState.SUSPENDED,
    Status.SOFT_CANCELLED: SeenState.SUSPENDED,
    Status.HARD_CANCELLED: SeenState.ENDED,
}

Done = tuple[dict[str, str], list[Element]]
"""What an item is answered with: attributes and children."""


class Refusal(Exception):
    """An item that is refused, with its code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class Row:
    """One subscription. ``paused``, ``soft``, ``hard``: from when it is; ``changed``: when its status last did."""

    subscriber_id: str
    product_id: str
    quantity: int
    code: str
    start: datetime
    end: datetime | None
    changed: datetime
    paused: datetime | None = None
    soft: datetime | None = None
    hard: datetime | None = None

    def status(self, now: datetime) -> Status:
        """What it is at *now*."""
        for since, status in (
            (self.hard, Status.HARD_CANCELLED),
            (self.soft, Status.SOFT_CANCELLED),
            (self.paused, Status.PAUSED),
        ):
            if since is not None and since <= now:
                return status
        return Status.NOT_STARTED if self.start > now else Status.STARTED


class Subscriptions:
    """All subscriptions. *products* empty = any; *keeps_code*: through HardCancel and Activate too."""

    def __init__(self, *, products: tuple[str, ...] = (), keeps_code: bool = False) -> None:
        self.rows: dict[str, Row] = {}
        self._products = products
        self._keeps_code = keeps_code

    def do(self, asked: Asked, now: datetime) -> Done:
        """Do one item. Raises `Refusal`."""
        return _ITEMS[asked.kind](self, asked, now)

    def standing(self, now: datetime) -> Iterator[Standing]:
        """All of them as the conformance kit counts them."""
        for row in self.rows.values():
            ahead = row.paused if row.paused is not None and row.paused > now else None
            state = _SEEN[row.status(now)]
            yield Standing(row.subscriber_id, state, row.subscriber_id, row.quantity, row.end, suspended_from=ahead)

    def shown(self, row: Row, now: datetime) -> dict[str, Any]:
        """One of them as JSON."""
        told = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in asdict(row).items()}
        return {**told, "status": row.status(now)}

    def _activate(self, asked: Asked, now: datetime) -> Done:
        old = self.rows.get(asked.subscriber_id)
        if old is not None and old.status(now) is not Status.HARD_CANCELLED:
            raise Refusal(ALREADY_ACTIVE, "The subscription is active already.")
        product, start = asked.details["ProductId"], asked.time("StartTime")
        if self._products and product not in self._products:
            raise Refusal(UNKNOWN_PRODUCT, "There is no such product.")
        code = old.code if old is not None and self._keeps_code else _new_code()
        quantity = int(asked.details.get("LicenseCount", "1"))
        row = Row(asked.subscriber_id, product, quantity, code, start or now, asked.time("EndTime"), now)
        self.rows[asked.subscriber_id] = row
        return {"ActivationCode": code}, []

    def _renew(self, asked: Asked, now: datetime) -> Done:
        row, end = self._row(asked), asked.time("EndTime")
        again = row.status(now) is Status.STARTED and (row.end is not None or end is not None)
        if row.status(now) is not Status.SOFT_CANCELLED and not again:
            raise _wrong_state(asked, row.status(now))
        row.soft, row.paused, row.end, row.changed = None, None, end, now
        return {}, []

    def _soft_cancel(self, asked: Asked, now: datetime) -> Done:
        row = self._row(asked, now, _LIVE)
        row.soft = row.end = asked.time("EndTime")
        row.changed = row.soft or now
        return {}, []

    def _hard_cancel(self, asked: Asked, now: datetime) -> Done:
        row = self._row(asked, now, tuple(status for status in Status if status is not Status.HARD_CANCELLED))
        row.hard = row.end = asked.time("EndTime")
        row.changed = row.hard or now
        return {}, []

    def _pause(self, asked: Asked, now: datetime) -> Done:
        row = self._row(asked, now, (Status.STARTED,))
        row.paused = asked.time("PauseTime")
        row.changed = row.paused or now
        return {}, []

    def _resume(self, asked: Asked, now: datetime) -> Done:
        row = self._row(asked, now, (Status.PAUSED,))
        row.paused, row.changed = None, now
        return {}, []

    def _get_info(self, asked: Asked, now: datetime) -> Done:
        row = self._row(asked)
        told = {
            "Status": row.status(now).value,
            "StatusChangeTime": time_text(row.changed),
            "StartTime": time_text(row.start),
            "EndTime": end_text(row.end),
            "LicenseCount": str(row.quantity),
            "ProductId": row.product_id,
            "ActivationCode": row.code,
        }
        sections = [word.strip() for word in asked.details["InfoSection"].split(",")]
        return {}, [Element(f"{{{UPI}}}{name}", told if name == "Subscription" else {}) for name in sections]

    def _get_download_links(self, asked: Asked, now: datetime) -> Done:  # noqa: ARG002 - all items take it
        row, platform, language = self._row(asked), asked.details["Platform"], asked.details["Language"]
        holder = Element(f"{{{UPI}}}DownloadLinks")
        url = f"https://downloads.example.net/{platform.lower()}/{language}/{row.code}"
        link = {"Url": url, "Language": language, "ApplicationName": row.product_id}
        SubElement(holder, f"{{{UPI}}}DownloadLink", link)
        return {"Platform": platform}, [holder]

    def _row(self, asked: Asked, now: datetime | None = None, allowed: tuple[Status, ...] = ()) -> Row:
        row = self.rows.get(asked.subscriber_id)
        if row is None:
            raise Refusal(UNKNOWN_SUBSCRIBER, "The subscriber is not known.")
        if now is not None and row.status(now) not in allowed:
            raise _wrong_state(asked, row.status(now))
        return row


def _wrong_state(asked: Asked, status: Status) -> Refusal:
    return Refusal(WRONG_STATE, f"{asked.kind} is not allowed for a subscription that is {status}.")


def _new_code() -> str:
    letters = uuid.uuid4().hex.upper()[:20]
    return "-".join(letters[at : at + 5] for at in range(0, 20, 5))


_ITEMS: Mapping[Kind, Callable[[Subscriptions, Asked, datetime], Done]] = {
    Kind.ACTIVATE: Subscriptions._activate,
    Kind.RENEW: Subscriptions._renew,
    Kind.SOFT_CANCEL: Subscriptions._soft_cancel,
    Kind.HARD_CANCEL: Subscriptions._hard_cancel,
    Kind.PAUSE: Subscriptions._pause,
    Kind.RESUME: Subscriptions._resume,
    Kind.GET_INFO: Subscriptions._get_info,
    Kind.GET_DOWNLOAD_LINKS: Subscriptions._get_download_links,
}
