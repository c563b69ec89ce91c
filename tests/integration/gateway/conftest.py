"""A vendor behind a gateway as the product has it: over HTTP, against the stand-in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Clock, LicenceView, ReplayClock, VendorContext
from isp_addons_gateway import Gateway, GatewayOptions
from isp_addons_gateway.sandbox import GatewaySandbox
from servers.doors import PATIENCE, Doors

SECRET = "k3y-that-signs-everything"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)

MakeVendor = Callable[..., Vendor]
MakeLicence = Callable[..., LicenceView]


class Control(Doors):
    """The stand-in's doors, and what these tests ask there."""

    def row(self, key: str) -> dict[str, Any]:
        """Everything the stand-in has of one licence."""
        found: dict[str, Any] = self("GET", f"rows/{key}")
        return found

    def will_answer(self, **answer: Any) -> None:
        """Put an answer into the stand-in's mouth."""
        self("POST", "answers", answer)

    def calls(self) -> list[tuple[str, str]]:
        """The actions that were called, in order, each with its outcome."""
        return [(call["action"], call["outcome"]) for call in self("GET", "calls")["calls"]]


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def sandbox() -> Iterator[GatewaySandbox]:
    with Gateway.sandbox(secret=SECRET) as server:
        yield server


@pytest.fixture
def control(sandbox: GatewaySandbox, clock: ReplayClock) -> Control:
    return Control(sandbox.url, clock)


@pytest.fixture
def make_vendor(sandbox: GatewaySandbox, clock: ReplayClock) -> Iterator[MakeVendor]:
    made: list[Vendor] = []

    def make(*, clock: Clock = clock, **options: str) -> Vendor:
        checked = GatewayOptions.model_validate({**sandbox.options(), "read_timeout": PATIENCE, **options})
        made.append(Vendor("office", Gateway(VendorContext("office", checked, clock)), "1"))
        return made[-1]

    yield make
    for vendor in made:
        vendor.plugin.close()


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
            "product": "Office",
            "options": {"plan": "business"},
            "quantity": 3,
            "paid_until": APRIL,
        }
        return LicenceView(**{**given, **changed})

    return make


@pytest.fixture
def licence(make_licence: MakeLicence) -> LicenceView:
    return make_licence()
