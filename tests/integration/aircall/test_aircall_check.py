"""The check: the key is asked whose it is, and nothing is changed."""

import pytest

from integration.aircall.conftest import MakeVendor
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Rejected, Unauthorised, Unavailable
from isp_addons_aircall.sandbox import AircallSandbox
from servers.doors import Doors


def test_the_check_names_the_company_and_its_users(vendor: Vendor, doors: Doors) -> None:
    assert vendor.check().findings == (
        "The API key belongs to Bakery Ltd: 1 users, 1 numbers.",
        "Its users belong to the account 1042.",
        "The API token crosses the network unencrypted: use https.",
    )
    assert doors("GET", "calls")["counts"] == {"GET ping": 1, "GET company": 1}


def test_without_a_webhook_token_the_check_says_what_that_means(make_vendor: MakeVendor) -> None:
    assert "No webhook_token is set, so users are known from the daily list alone." in (
        make_vendor(without=("webhook_token",)).check().findings
    )


def test_a_key_of_another_company_is_refused(make_vendor: MakeVendor) -> None:
    with pytest.raises(Rejected, match="'Bakery Ltd', not to 'Butcher Ltd'"):
        make_vendor(company="Butcher Ltd").check()


def test_a_wrong_token_is_unauthorised(make_vendor: MakeVendor) -> None:
    with pytest.raises(Unauthorised):
        make_vendor(api_token="wrong-token").check()


@pytest.mark.parametrize("kind", ["garbage", "error_500", "refuse_before", "timeout_after"])
@pytest.mark.parametrize("action", ["GET ping", "GET company"])
def test_a_check_that_meets_trouble_says_so(vendor: Vendor, doors: Doors, kind: str, action: str) -> None:
    doors.fault(kind, action=action, seconds=0.01)

    with pytest.raises(Unavailable):
        vendor.check()


def test_a_vendor_that_is_down_is_unavailable(vendor: Vendor, sandbox: AircallSandbox) -> None:
    sandbox.stop()

    with pytest.raises(Unavailable, match="cannot be reached"):
        vendor.check()
