"""Dr.Web AV-Desk: one station for each seat, suspended by a dated block window, deleted only on cancelling."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    Rejected,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unsupported,
    VendorContext,
    VendorError,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)
from isp_addons_avdesk.check import findings
from isp_addons_avdesk.client import AvDeskClient, StationExists, StationMissing
from isp_addons_avdesk.options import AvDeskOptions, Generation, PeriodEnd
from isp_addons_avdesk.translate import NEVER, Station, expires_text, seen, window

if TYPE_CHECKING:
    from isp_addons_avdesk.sandbox import AvDeskSandbox

__all__ = ["AvDesk", "AvDeskOptions"]

log = logging.getLogger(__name__)

_OPEN = {"block-begin": NEVER, "block-end": NEVER}


class AvDesk(VendorPlugin[AvDeskOptions]):
    """One AV-Desk server. A licence is a station whose id is the licence's key and whose user-id is the account."""

    Options: ClassVar[type[VendorOptions]] = AvDeskOptions

    def __init__(self, context: VendorContext[AvDeskOptions]) -> None:
        super().__init__(context)
        self._options = context.options
        self._zone = context.options.zone
        self._client = AvDeskClient(context.options, clock=context.clock)

    @property
    def capabilities(self) -> Capabilities:
        """See `VendorPlugin.capabilities`. Listing needs scripts that came with the Web API 4."""
        return Capabilities(
            suspends=SuspendKind.BLOCK_WINDOW,
            can_schedule=True,
            counts_seats=True,
            endless=True,
            lists=self._options.generation is Generation.V4,
            longest_suspension=timedelta(days=self._options.suspend_days),
        )

    def close(self) -> None:
        """See `VendorPlugin.close`."""
        self._client.close()

    @classmethod
    def sandbox(cls, **settings: Any) -> AvDeskSandbox:
        """Make the stand-in server; *settings* as `AvDeskSandbox` takes them: port, login, password, latency and more."""
        from isp_addons_avdesk.sandbox import AvDeskSandbox

        return AvDeskSandbox(**settings)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        """Create the station with our id (AV-Desk 10.1 Web API 4.1.3, station_add).

        An id that is taken (code 18) is accepted when the station is ours, restored when it was deleted, else `Rejected`.
        """
        wanted = {**self._terms(licence), "name": f"{licence.account} {licence.product}"}
        if group := licence.options.get("group"):
            wanted["group"] = group
        try:
            station = self._client.add(licence.key, wanted)
        except StationExists:
            station = self._take_over(licence)
        if not station.links and self._options.download_links and self._options.generation is Generation.V4:
            station = self._with_links(station)
        return Done(reference=licence.key, show=station.links)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Done:
        """Move the end date (station_change, ``expires``); 0 is without end."""
        self._client.change(_station_id(licence), {"expires": expires_text(licence.paid_until, self._zone)})
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        """Block from now for ``suspend_days`` (station_change, ``block-begin`` and ``block-end``).

        The end is never far away for good: the product asks again before it, so no forgotten date lifts a block.
        """
        return self._suspend(licence, begin=self._now())

    @hookimpl
    def before_period_end(self, licence: LicenceView) -> Done:
        """Block from the start of the unpaid period, so that the paid one is kept; or now, as the setting says."""
        now = self._now()
        asked = licence.suspend_from if self._options.before_period_end is PeriodEnd.AT_PERIOD_END else None
        return self._suspend(licence, begin=max(asked or now, now))

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done:
        """Clear the block window and set the end date, in one call.

        Assumption: 0 clears both bounds in 4.x. The manual says so of 2.x only (AV-Desk 10.1, app_e_change-customer).
        """
        terms = {"expires": expires_text(licence.paid_until, self._zone)}
        self._client.change(_station_id(licence), {**_OPEN, **terms})
        return Done()

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Done:
        """Delete the station (station_delete), the only place that does. One that is not there (code 17) is done."""
        try:
            self._client.delete(_station_id(licence))
        except StationMissing as error:
            log.info("nothing to delete: %s", error)
        return Done()

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        """Read the station (station_info); where its answer names no block window, ask for its state as well."""
        try:
            station = self._client.info(_station_id(licence))
            asks = not station.window_told and not station.deleted and self._options.generation is Generation.V4
            word = self._client.state(station.id) if asks else ""
        except StationMissing:
            return SeenLicence(key=licence.key, state=SeenState.ABSENT)
        if word == "deleted":
            return SeenLicence(key=licence.key, state=SeenState.ENDED, reference=station.id)
        return seen(station, key=licence.key, now=self._now(), blocked=word == "blocked")

    @hookimpl
    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        """Report every station that is not deleted, as active or suspended, from two lists: a page is a hundred stations.

        All ids are read first and their number is compared with the announced one. The stations listed as blocked are
        joined in, should a server leave them out of Everyone. No list tells accounts, end dates or windows that lie ahead:
        the host reads each station that seems to differ on its own.
        """
        if self._options.generation is Generation.V3:
            raise Unsupported("The Web API 3.x cannot list stations.", action="list_licences")
        blocked = set(self._client.blocked())
        ids = list(dict.fromkeys([*self._client.everyone(), *sorted(blocked)]))
        for start in range(0, len(ids), self._options.page_size):
            page = ids[start : start + self._options.page_size]
            yield tuple(_listed(station_id, blocked=station_id in blocked) for station_id in page)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """Log in and read the tariffs, the server's version, capacity and clock."""
        return CheckReport(findings(self._client, self._options, now=self._now()))

    def _now(self) -> datetime:
        return self.context.clock.now()

    def _terms(self, licence: LicenceView) -> dict[str, str]:
        """What a station of this licence is to have: account, tariff, end date. 3.x has no place for the account."""
        terms = {"expires": expires_text(licence.paid_until, self._zone)}
        if self._options.generation is Generation.V4:
            terms["user-id"] = licence.account
        if tariff := licence.options.get("tariff") or self._options.tariff:
            terms["rate"] = tariff
        return terms

    def _suspend(self, licence: LicenceView, *, begin: datetime) -> Done:
        parameters, end = window(begin, self._options.suspend_days, self._zone)
        self._client.change(_station_id(licence), parameters)
        return Done(suspended_from=begin if begin > self._now() else None, suspended_until=end)

    def _take_over(self, licence: LicenceView) -> Station:
        """Make the station that already bears our id what was ordered. Raises `Rejected` when it is somebody else's."""
        station = self._find_taken(licence)
        terms = {**_OPEN, **self._terms(licence)}
        if station.deleted:
            self._restore(licence)
            self._client.change(station.id, terms)
        elif not self._as_ordered(station, licence):
            try:
                self._client.change(station.id, terms)
            except StationMissing:  # deleted after all: not every server's info says so in a word we know
                self._restore(licence)
                self._client.change(station.id, terms)
        return station

    def _find_taken(self, licence: LicenceView) -> Station:
        action = f"on_order {licence.key}"
        try:
            station = self._client.info(licence.key)
        except StationMissing as error:  # 3.x hides deleted stations and cannot restore them
            raise Rejected(
                f"AV-Desk says that the id {licence.key} is taken, but shows no such station; it may be deleted.",
                action=action,
                hint="Restore it in the Control Center, then try the order again.",
            ) from error
        owner = station.user_id
        ours = owner == licence.account or (not owner and self._options.generation is Generation.V3)
        if not ours:
            raise Rejected(
                f"AV-Desk has a station {licence.key} of another user ({owner or 'none'}, not {licence.account}).",
                action=action,
                hint="Compare it in the Control Center; set its user-id if it is the right one.",
            )
        return station

    def _as_ordered(self, station: Station, licence: LicenceView) -> bool:
        standing = seen(station, key=licence.key, now=self._now())
        tariff = self._terms(licence).get("rate")
        return (
            station.window_told
            and standing.state is SeenState.ACTIVE
            and standing.paid_until == licence.paid_until
            and tariff in (None, station.rate)
        )

    def _restore(self, licence: LicenceView) -> None:
        tariff = self._terms(licence).get("rate")
        self._client.restore(licence.key, {"tariff": tariff} if tariff else {})

    def _with_links(self, station: Station) -> Station:
        """Read the links of a station that was just ordered. The order stands whatever comes of it."""
        try:
            return self._client.info(station.id)
        except VendorError as error:
            log.warning("the station %s is ordered, but its download links could not be read: %s", station.id, error)
            return station


def _listed(station_id: str, *, blocked: bool) -> SeenLicence:
    state = SeenState.SUSPENDED if blocked else SeenState.ACTIVE
    return SeenLicence(key=station_id, state=state, reference=station_id)


def _station_id(licence: LicenceView) -> str:
    return licence.reference or licence.key
