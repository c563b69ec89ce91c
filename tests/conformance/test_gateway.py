"""The plugin for the ISP's own HTTP gateway keeps the contract of every vendor, whatever the gateway can and cannot do."""

from collections.abc import Iterator

import pytest

from isp_addons.testing import VendorConformance, VendorContract
from isp_addons_gateway import Gateway
from isp_addons_gateway.sandbox import GatewaySandbox


class TestGateway(VendorConformance):
    plugin = Gateway


class TestGatewayThatCanDoLittle(VendorContract):
    """It cannot suspend, nor change the quantity, nor list; every licence has an end."""

    plugin = Gateway

    @pytest.fixture
    def stand_in(self) -> Iterator[GatewaySandbox]:
        can = {"suspends": "none", "can_schedule": "no", "changes_quantity": "no", "endless": "no", "lists": "no"}
        with Gateway.sandbox(can=can) as server:
            yield server


class TestGatewayWithWindows(VendorContract):
    """One licence for each seat, suspended by a window that ends by itself, and never from a later date."""

    plugin = Gateway

    @pytest.fixture
    def stand_in(self) -> Iterator[GatewaySandbox]:
        can = {"suspends": "block_window", "longest_suspension_days": "90", "counts_seats": "yes", "changes_quantity": "no"}
        with Gateway.sandbox(can={**can, "can_schedule": "no"}) as server:
            yield server


class TestGatewayThatTakesItsTime(VendorContract):
    """It accepts everything and does it a minute later; it suspends at once."""

    plugin = Gateway

    @pytest.fixture
    def stand_in(self) -> Iterator[GatewaySandbox]:
        with Gateway.sandbox(pending_seconds=60, can={"can_schedule": "no"}) as server:
            yield server
