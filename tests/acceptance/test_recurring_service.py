"""A recurring service: charged every period, its vendor key kept; an unknown key is told, and stops nobody."""

import pytest

from acceptance.kit import APRIL, MARCH_10, MARCH_31, MAY, Isp

pytestmark = pytest.mark.acceptance("F13")


def test_a_recurring_service_is_charged_every_period_and_keeps_its_key(isp: Isp) -> None:
    isp.sells("av", "150.00")
    (subscription,) = isp.subscriber("42", "av", left="310.00")
    isp("converge")
    key = isp.vendor.station("42")["id"]
    isp.vendor.new_calls()
    for month, left in ((APRIL, "160.00"), (MAY, "10.00")):
        isp.at = month
        isp.begins_periods()
        isp("converge")
        assert isp.balance("42") == left
    assert isp.vendor.new_calls() == [], "a paid month of a licence without end costs no vendor call"
    assert isp.vendor.station("42")["id"] == key
    assert isp.subscription(subscription)["vendor_state"] == "active"


def test_a_key_that_the_vendor_does_not_know_is_told_to_the_operator_and_the_others_go_on(isp: Isp) -> None:
    isp.sells("av", "150.00")
    for ref in ("41", "42", "43"):
        isp.subscriber(ref, "av", left="0")
    isp("converge")
    lost = isp.vendor.station("42")["id"]
    isp.vendor.loses(lost)
    isp.at = MARCH_10
    for ref in ("41", "42", "43"):
        assert isp("hook", "on_block", "--account", ref).code == 0
    isp("converge")

    assert [isp.vendor.station(ref)["state"] for ref in ("41", "43")] == ["blocked", "blocked"]
    (told,) = isp("failed", "list").rows
    assert (told["account"], told["licence"], told["wanted"]) == ("42", lost, "suspended")
    assert lost in told["text"]
    (task,) = isp("tasks", "list").rows
    assert (task["account"], task["licence"], task["step"], task["status"]) == ("42", lost, "on_block", "refused")
    isp.at = MARCH_31
    isp("converge")
    assert "stations/delete" not in isp.vendor.new_calls()

    assert isp("failed", "retry", lost).row["count"] == 1, "once the operator has mended it at the vendor"
