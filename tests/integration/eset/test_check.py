"""What `check_vendor` says of an account that is right, and of settings that are wrong."""

from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Unauthorised, Unavailable
from isp_addons_eset.sandbox import EsetSandbox


def test_a_good_account_is_described_without_touching_anything(vendor: Vendor, make_licence: Any, control: Any) -> None:
    vendor.do(Step.ORDER, make_licence())
    control("POST", "companies", {"name": "Bakery"})
    made = len(control.calls())
    assert vendor.check().findings == (
        "The login belongs to Stand-in MSP.",
        "Under it there are 2 companies; 1 of them bear the key of a licence.",
        "Products without a product_code of their own are ordered as 101.",
        "The password crosses the network unencrypted: use https.",
    )
    assert control.calls()[made:] == ["User/Current", "Company/Children"]


def test_a_company_for_the_customers_that_is_not_ours_fails_the_check(make_vendor: Any) -> None:
    with pytest.raises(Unauthorised):
        make_vendor(parent_company="11111111-2222-3333-4444-555555555555").check()


def test_a_wrong_password_fails_the_check(make_vendor: Any) -> None:
    with pytest.raises(Unauthorised):
        make_vendor(password="wrong").check()


def test_a_server_that_is_down_fails_the_check(vendor: Vendor, sandbox: EsetSandbox) -> None:
    sandbox.stop()
    with pytest.raises(Unavailable):
        vendor.check()
