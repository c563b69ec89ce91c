"""Kaspersky Subscription Service, UPI 2.0: one subscription with a number of licences, under a SubscriberId of ours.

The SubscriberId is our licence's key: the service lets us choose it, so an order whose answer was lost is found again by it.
Errors 5 (no such subscriber) and 202 (not allowed in the present state) are known from public clients; other codes are not
public, so after any refusal the subscription is looked at: what is already as asked is success.

The service has no item to change a quantity. It is changed as a public client does it: HardCancel and Activate of the same
SubscriberId in one container. Where only the first was done the licence is read, seen to have ended, and ordered again.

Assumed, since the WSDL does not say: items of one container are worked on in their order; the activation code may be another
one after HardCancel and Activate; Renew gives a started subscription another end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    OutcomeUnknown,
    Rejected,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unavailable,
    VendorContext,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)
from isp_addons_kaspersky import items
from isp_addons_kaspersky.answers import UNKNOWN_SUBSCRIBER, WRONG_STATE, Refused
from isp_addons_kaspersky.check import findings
from isp_addons_kaspersky.client import KasperskyClient
from isp_addons_kaspersky.items import Item
from isp_addons_kaspersky.options import KasperskyOptions, SuspendMode
from isp_addons_kaspersky.translate import Status, Subscription, product_id, seen, subscriber_id

if TYPE_CHECKING:
    from isp_addons_kaspersky.sandbox import KasperskySandbox

__all__ = ["Kaspersky", "KasperskyOptions"]

log = logging.getLogger(__name__)

_KINDS = {SuspendMode.PAUSE: SuspendKind.STATE, SuspendMode.SOFT_CANCEL: SuspendKind.SOFT_CANCEL}


class Kaspersky(VendorPlugin[KasperskyOptions]):
    """One account. A licence is a subscription with a number of licences, known by our key."""

    Options: ClassVar[type[VendorOptions]] = KasperskyOptions

    def __init__(self, context: VendorContext[KasperskyOptions]) -> None:
        super().__init__(context)
        self._options = context.options
        self._client = KasperskyClient(context.options, clock=context.clock)

    @property
    def capabilities(self) -> Capabilities:
        """See `VendorPlugin.capabilities`. There is no list. GetInfo tells of no stop that lies ahead, so none is asked for."""
        suspends = _KINDS[self._options.suspend_mode]
        return Capabilities(suspends=suspends, changes_quantity=True, endless=True, batch=self._options.batch)

    def close(self) -> None:
        """See `VendorPlugin.close`."""
        self._client.close()

    @classmethod
    def sandbox(cls, **settings: Any) -> KasperskySandbox:
        """Make the stand-in server; *settings* as `KasperskySandbox` takes them: port, user_name, password and more."""
        from isp_addons_kaspersky.sandbox import KasperskySandbox

        return KasperskySandbox(**settings)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        """Activate, from now until ``paid_until``. Where that is refused, a live subscription under our key is taken.

        One that was ended is activated again. The activation code is shown to the subscriber.
        """
        subscriber, product = subscriber_id(licence), product_id(licence, self._options.product_id)
        try:
            code = self._client.activate(self._activation(licence, product, end=licence.paid_until))
        except Refused:
            standing = self._client.look(subscriber, links=True)
            if standing is None or standing.ended:
                raise
            return Done(reference=subscriber, show=self._as_ordered(licence, standing, product))
        return Done(reference=subscriber, show=self._shown(subscriber, code))

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Done:
        """Renew until ``paid_until``, unless the subscription ends just then. Its code is shown once more."""
        standing = self._live(licence)
        if standing.suspended:
            raise _read_first(licence, "is suspended there")
        self._run(licence, standing)
        return Done(show=standing.show)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        """Pause, or SoftCancel, as of now, as ``suspend_mode`` says. The subscription keeps its code and licences."""
        subscriber, now = subscriber_id(licence), self._now()
        pauses = self._options.suspend_mode is SuspendMode.PAUSE
        stop = items.pause(subscriber, at=now) if pauses else items.soft_cancel(subscriber, end=now)
        self._send(licence, [stop], done=lambda standing: standing.suspended)
        return Done()

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done:
        """Resume what is paused, Renew what is soft-cancelled, whatever stopped it; and set the end where it differs."""
        standing = self._live(licence)
        self._run(licence, standing)
        return Done(show=standing.show)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Done:  # noqa: ARG002 - the contract names it
        """HardCancel and Activate in one container, with the same product and end: there is no item to change a quantity.

        The activation code that comes of it is shown. One that is suspended there is read first, and resumed if it is wanted.
        """
        standing = self._live(licence)
        if standing.suspended:
            raise _read_first(licence, "is suspended there")
        if standing.quantity == licence.quantity:
            return Done(show=standing.show)
        return Done(show=self._recreate(licence, standing.product_id, end=standing.end))

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Done:
        """HardCancel as of now. One that is not there (error 5) is done."""
        try:
            self._client.change(items.hard_cancel(subscriber_id(licence), end=self._now()))
        except Refused as error:
            standing = None if error.code == UNKNOWN_SUBSCRIBER else self._client.look(subscriber_id(licence))
            if standing is not None and not standing.ended:
                raise
            log.info("nothing to end: %s", error)
        return Done()

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        """Read the subscription by its SubscriberId (GetInfo); error 5 says that it is absent."""
        return _as_seen(self._client.look(subscriber_id(licence)), key=licence.key)

    @hookimpl
    def read_licences(self, licences: Sequence[LicenceView]) -> list[SeenLicence]:
        """Read many subscriptions in one container: at most 150 by a public client's habit, the WSDL names no limit."""
        keys = {subscriber_id(each): each.key for each in licences}
        found = self._client.look_at_all(list(keys))
        return [_as_seen(standing, key=keys[subscriber]) for subscriber, standing in found.items()]

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """Ask about a subscriber that does not exist: who gets error 5 is known to the service."""
        return CheckReport(findings(self._client, self._options))

    def _now(self) -> datetime:
        return self.context.clock.now()

    def _live(self, licence: LicenceView) -> Subscription:
        """What stands there with its links; one that is unknown or has ended is read first, and then ordered again."""
        standing = self._client.look(subscriber_id(licence), links=True)
        if standing is None:
            raise _read_first(licence, "is not known there")
        if standing.ended:
            raise _read_first(licence, "has ended there")
        return standing

    def _run(self, licence: LicenceView, standing: Subscription) -> None:
        """Let a subscription run until ``paid_until``, with what it takes for that; nothing, if it does."""
        needed = [items.resume(standing.subscriber_id)] if standing.status is Status.PAUSED else []
        if standing.status is Status.SOFT_CANCELLED or standing.end != licence.paid_until:
            needed.append(items.renew(standing.subscriber_id, end=licence.paid_until))
        if not needed:
            return
        try:
            self._send(licence, needed, done=lambda now: now.active and now.end == licence.paid_until)
        except Refused as error:
            if error.code == WRONG_STATE and standing.status is Status.STARTED:
                error.hint = "If the service renews nothing that is started, sell this product without an end date."
            raise

    def _send(self, licence: LicenceView, needed: list[Item], *, done: Callable[[Subscription], bool]) -> None:
        """Send what is needed; after a refusal look again, for it may be *done* already."""
        try:
            self._client.change(*needed)
        except Refused as error:
            standing = None if error.code == UNKNOWN_SUBSCRIBER else self._client.look(subscriber_id(licence))
            if standing is None or standing.ended:
                raise _read_first(licence, "has ended there" if standing else "is not known there") from error
            if done(standing):
                log.info("%s is already as it is wanted: %s", standing.subscriber_id, error)
                return
            if standing.status is Status.NOT_STARTED and error.code == WRONG_STATE:
                message = f"{standing.subscriber_id} starts only at {standing.start}, and is not changed before."
                raise Unavailable(message, action=error.action) from error
            raise

    def _as_ordered(self, licence: LicenceView, standing: Subscription, product: str) -> dict[str, str]:
        """Make a live subscription what was ordered; returns what the subscriber may see. Another product is `Rejected`."""
        if standing.product_id != product:
            raise Rejected(
                f"Kaspersky has {standing.subscriber_id} with the product {standing.product_id}, not {product}.",
                action=f"on_order {licence.key}",
                hint="Cancel it at Kaspersky, or set the product's option product_id to that product, and try again.",
            )
        if standing.quantity != licence.quantity:
            return self._recreate(licence, product, end=licence.paid_until)
        self._run(licence, standing)
        return standing.show

    def _recreate(self, licence: LicenceView, product: str, *, end: datetime | None) -> dict[str, str]:
        cancel = items.hard_cancel(subscriber_id(licence), end=self._now())
        code = self._client.activate(self._activation(licence, product, end=end), before=(cancel,))
        return self._shown(subscriber_id(licence), code)

    def _activation(self, licence: LicenceView, product: str, *, end: datetime | None) -> Item:
        """From now on: a start that lies ahead would leave the paid time unused, and cannot be suspended meanwhile."""
        subscriber, quantity = subscriber_id(licence), licence.quantity
        return items.activate(subscriber, start=self._now(), end=end, quantity=quantity, product_id=product)

    def _shown(self, subscriber: str, code: str) -> dict[str, str]:
        return {"activation_code": code, **self._client.download_links(subscriber)}


def _as_seen(standing: Subscription | None, *, key: str) -> SeenLicence:
    return SeenLicence(key=key, state=SeenState.ABSENT) if standing is None else seen(standing, key=key)


def _read_first(licence: LicenceView, what: str) -> OutcomeUnknown:
    """What stands there is not what was believed: the licence is read, and the next step follows from that."""
    return OutcomeUnknown(f"{subscriber_id(licence)} {what}; it is read first.", action=f"find {licence.key}")
