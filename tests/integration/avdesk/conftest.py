"""An AV-Desk vendor as the product has it: through the host, over HTTP, against the stand-in server."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.clock import Clock, ReplayClock
from isp_addons.host import Host, Vendor, VendorSection
from isp_addons.vendor_api import LicenceView
from isp_addons_avdesk import AvDesk
from isp_addons_avdesk.sandbox import AvDeskSandbox
from servers.doors import PATIENCE, Doors

LOGIN, PASSWORD = "billing", "pa55-of-av-desk"
PREMIUM = "91644cc3-1dc1-42dc-a41e-5ea001f5538d"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)

MakeVendor = Callable[..., Vendor]
MakeLicence = Callable[..., LicenceView]


class Control(Doors):
    """The stand-in's doors, and what these tests ask there."""

    def station(self, station_id: str) -> dict[str, Any]:
        """Everything the stand-in has of one station."""
        found: dict[str, Any] = self("GET", f"stations/{station_id}")
        return found

    def scripts(self) -> list[str]:
        """The scripts that were called, in order."""
        return [call["script"] for call in self("GET", "calls")["calls"]]


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def sandbox() -> Iterator[AvDeskSandbox]:
    with AvDesk.sandbox(login=LOGIN, password=PASSWORD) as server:
        yield server


@pytest.fixture
def control(sandbox: AvDeskSandbox, clock: ReplayClock) -> Control:
    return Control(sandbox.url, clock)


@pytest.fixture
def make_vendor(sandbox: AvDeskSandbox, clock: ReplayClock) -> Iterator[MakeVendor]:
    hosts: list[Host] = []

    def make(*, clock: Clock = clock, **options: str) -> Vendor:
        given = {"url": sandbox.url, "login": LOGIN, "password": PASSWORD, "read_timeout": PATIENCE, **options}
        checked = AvDesk.Options.model_validate(given)
        host = Host([VendorSection("drweb", "avdesk", True, checked)], clock=clock)
        hosts.append(host)
        return host.vendor("drweb")

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def vendor(make_vendor: MakeVendor) -> Vendor:
    return make_vendor()


@pytest.fixture
def make_licence() -> MakeLicence:
    def make(key: str = "L-1", **changed: Any) -> LicenceView:
        given: dict[str, Any] = {
            "key": key,
            "reference": None,
            "account": "1042",
            "product": "Antivirus Premium",
            "options": {"tariff": PREMIUM},
            "quantity": 1,
            "paid_until": APRIL,
        }
        return LicenceView(**{**given, **changed})

    return make


@pytest.fixture
def licence(make_licence: MakeLicence) -> LicenceView:
    return make_licence()
