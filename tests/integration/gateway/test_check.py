"""What `check_vendor` says of a gateway that is right, and of settings that are wrong."""

from typing import Any

import pytest

from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Rejected, Unauthorised, Unavailable


def test_a_good_gateway_is_described_without_touching_anything(vendor: Vendor, sandbox: Any, control: Any) -> None:
    assert vendor.check().findings == (
        f"the gateway {sandbox.url} answers (a stand-in of isp-addons).",
        "Requests are signed, but can be read on the way: use https.",
    )
    assert control.calls() == [("check", "ok")]


def test_what_the_gateway_can_do_beyond_the_settings_is_told(make_vendor: Any) -> None:
    findings = make_vendor(lists="no").check().findings
    assert "It can also list its licences (lists = yes)." in findings


def test_settings_that_the_gateway_cannot_keep_fail_the_check(vendor: Vendor, control: Any) -> None:
    control.will_answer(body={"protocol": 1, "lists": False, "suspends": "none"})
    with pytest.raises(Rejected, match=r"lists = no.*suspends = none.*Correct the vendor's section"):
        vendor.check()


def test_a_gateway_that_tells_the_least_is_enough(vendor: Vendor, sandbox: Any, control: Any) -> None:
    control.will_answer(body={"protocol": 1})
    assert vendor.check().findings[0] == f"the gateway {sandbox.url} answers."


def test_another_protocol_fails_the_check(vendor: Vendor, control: Any) -> None:
    control.will_answer(body={"protocol": 2})
    with pytest.raises(Unavailable, match="protocol: Input should be 1"):
        vendor.check()


def test_a_wrong_secret_fails_the_check(make_vendor: Any) -> None:
    with pytest.raises(Unauthorised):
        make_vendor(secret="another-secret-of-ours").check()


def test_a_gateway_that_is_down_fails_the_check(vendor: Vendor, sandbox: Any) -> None:
    sandbox.stop()
    with pytest.raises(Unavailable):
        vendor.check()
