"""What `check_vendor` says of an account that is right, and of settings that are wrong."""

from typing import Any

import pytest

from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Unauthorised, Unavailable
from isp_addons_kaspersky.sandbox import KasperskySandbox


def test_a_good_account_is_described_without_touching_anything(vendor: Vendor, control: Any) -> None:
    assert vendor.check().findings == (
        "The service knows isp-example.",
        "Subscriptions are suspended by Pause and Resume.",
        "Products without a product_id of their own are ordered as KISMD.",
        "The password crosses the network unencrypted: use https.",
    )
    assert control.calls() == ["GetInfo 5"]


def test_the_other_way_of_suspending_is_named(make_vendor: Any) -> None:
    findings = make_vendor(suspend_mode="soft_cancel", product_id="").check().findings
    assert findings[1:] == (
        "Subscriptions are suspended by SoftCancel and Renew.",
        "The password crosses the network unencrypted: use https.",
    )


def test_a_wrong_password_fails_the_check(make_vendor: Any) -> None:
    with pytest.raises(Unauthorised):
        make_vendor(password="wrong").check()


def test_a_server_that_is_down_fails_the_check(vendor: Vendor, sandbox: KasperskySandbox) -> None:
    sandbox.stop()
    with pytest.raises(Unavailable):
        vendor.check()
