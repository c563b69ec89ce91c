"""What `check_vendor` says of a server that is right, and of settings that are wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.clock import SystemClock
from isp_addons.host import Vendor
from isp_addons.vendor_api import Rejected, Unauthorised, Unavailable
from isp_addons_avdesk.sandbox import AvDeskSandbox

PREMIUM = "91644cc3-1dc1-42dc-a41e-5ea001f5538d"


def test_a_good_server_is_described_without_touching_anything(make_vendor: Any, control: Any) -> None:
    report = make_vendor(tariff=PREMIUM).check()
    assert report.findings == (
        "AV-Desk 10.01.0.201707130, Web API 4.1.3, knows 10 tariffs at its root.",
        f"The tariff {PREMIUM} exists.",
        "The server's zone agrees with UTC.",
        "The server's key sets no limit on stations.",
        "The password crosses the network unencrypted: use https (port 9081).",
    )
    assert control.scripts() == ["tariffs/list", "tariffs/info", "server/info"]


def test_the_capacity_is_told(make_vendor: Any, make_licence: Any) -> None:
    with AvDeskSandbox(licensed=5) as server:
        vendor = make_vendor(url=server.url, login="admin", password="sandbox")
        vendor.plugin.on_order(make_licence())
        assert "The server's key allows 5 stations; 4 are free." in vendor.check().findings


def test_a_server_in_another_zone_than_the_setting_fails_the_check(make_vendor: Any) -> None:
    with AvDeskSandbox(time_zone="Europe/Moscow") as server:
        vendor = make_vendor(url=server.url, login="admin", password="sandbox", time_zone="Europe/Berlin")
        with pytest.raises(Rejected, match=r"local time is UTC\+03:00, but Europe/Berlin is UTC\+01:00.*Set time_zone"):
            vendor.check()


def test_a_clock_that_is_wrong_is_told(make_vendor: Any) -> None:
    class Ahead(SystemClock):
        """Ten minutes ahead, and real: the server is not told to follow."""

        def now(self) -> datetime:
            return super().now() + timedelta(minutes=10)

    findings = make_vendor(clock=Ahead()).check().findings
    assert any(finding.startswith("The server's clock differs from ours by -") for finding in findings)


def test_an_unknown_tariff_fails_the_check(make_vendor: Any) -> None:
    with pytest.raises(Rejected, match="Tariff group 'no-such' does not exist"):
        make_vendor(tariff="no-such").check()


def test_a_wrong_password_fails_the_check(make_vendor: Any) -> None:
    with pytest.raises(Unauthorised):
        make_vendor(password="wrong").check()


def test_a_server_that_is_down_fails_the_check(vendor: Vendor, sandbox: AvDeskSandbox) -> None:
    sandbox.stop()
    with pytest.raises(Unavailable):
        vendor.check()


def test_generation_3_is_described_too(make_vendor: Any) -> None:
    findings = make_vendor(generation="3.x").check().findings
    assert findings[0] == "AV-Desk 10.01.0.201707130, Web API 3.2.0, knows 9 tariffs at its root."


def test_the_real_clock_is_used_when_nothing_is_replayed(make_vendor: Any) -> None:
    assert datetime.fromtimestamp(0, UTC) < SystemClock().now()
    assert not any("clock differs" in finding for finding in make_vendor(clock=SystemClock()).check().findings)
