"""A disabled or broken vendor: no calls, no new orders, and nobody else notices."""

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp
from acceptance.plugins import RAISES_ON_EVERY_CALL, RAISES_ON_IMPORT


@pytest.mark.acceptance("Z07")
def test_a_disabled_vendor_is_not_called_and_what_runs_stays_visible(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp("converge")
    isp.vendor.new_calls()
    isp.configure("vendor:avdesk", enabled="no")
    assert isp("order", "42", "av", exits=1).row["error"] == "vendor_disabled"
    isp.at = MARCH_10
    isp("hook", "on_block", "--account", "42")
    isp("worker", "--once")
    assert isp.vendor.new_calls() == []
    assert isp("vendors", "list").row["state"] == "disabled"
    row = isp("subscriptions", "list").row
    assert (row["status"], row["vendor_state"], row["holds"]) == ("running", "suspending", "billing")

    isp.configure("vendor:avdesk", enabled="yes")
    isp("converge")
    assert isp.at_vendor(subscription) == "suspended", "what was wanted meanwhile is delivered"


@pytest.mark.acceptance("Z07")
def test_a_subscription_of_a_disabled_vendor_can_be_cancelled(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp("converge")
    isp.configure("vendor:avdesk", enabled="no")
    assert isp("cancel", str(subscription)).row["status"] == "ending"


@pytest.mark.acceptance("Z07")
def test_a_disabled_vendor_in_a_tariff_does_not_stop_the_billings_block(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.sells("other", "10", vendor=None)
    isp("products", "include", "av", "Home+")
    isp.configure("vendor:avdesk", enabled="no")
    isp.opens("42", "100", tariff="Home+")
    other = isp.orders("42", "other")
    isp("hook", "on_block", "--account", "42")
    assert isp.held_by(other) == "billing"
    isp.configure("vendor:avdesk", enabled="yes")
    isp("hook", "on_unblock", "--account", "42")
    isp("converge")
    assert len(isp.vendor.stations("42")) == 1, "it comes with the next event"


@pytest.mark.acceptance("Z07")
def test_a_plugin_that_raises_stops_no_other_vendor_and_no_billing_run(isp: Isp) -> None:
    isp.gets_plugin("broken", RAISES_ON_EVERY_CALL)
    isp.sells("av", "100")
    isp.sells("bad", "10", vendor="broken")
    good, bad = isp.subscriber("42", "av", "bad", left="110")
    calls = {row["vendor"]: (row["done"], row["failed"]) for row in isp("converge").rows}
    assert calls == {"avdesk": (1, 0), "broken": (0, 1)}
    assert (isp.at_vendor(good), isp.at_vendor(bad)) == ("active", "unknown")
    isp.at = APRIL
    isp("worker", "--once")
    assert isp.balance("42") == "0.00", "both were charged for April"
    isp("hook", "on_block", "--account", "42")
    isp("converge")
    assert isp.at_vendor(good) == "suspended"


@pytest.mark.acceptance("Z07")
def test_a_plugin_that_does_not_load_is_listed_and_the_others_go_on(isp: Isp) -> None:
    isp.gets_plugin("rotten", RAISES_ON_IMPORT)
    isp.sells("av", "150")
    isp.subscriber("42", "av", left="0")
    isp("converge")
    assert len(isp.vendor.stations("42")) == 1
    states = {row["vendor"]: (row["state"], row["note"]) for row in isp("vendors", "list").rows}
    assert states["avdesk"] == ("works", "")
    assert states["rotten"][0] == "broken"
    assert "the plugin's own library is missing" in states["rotten"][1]
    before = isp.dump()
    refused = isp("products", "add", "x", "--price", "1", "--vendor", "rotten", exits=1)
    assert (refused.row["error"], "the plugin's own library is missing" in refused.err) == ("vendor_broken", True)
    assert isp.dump() == before


@pytest.mark.acceptance("Z07")
def test_a_vendor_that_is_paused_by_hand_gets_everything_when_it_is_resumed(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.subscriber("42", "av", left="0")
    isp("vendors", "pause", "avdesk", "--note", "they move house")
    isp("converge")
    assert isp.vendor.new_calls() == []
    (row,) = isp("vendors", "list").rows
    assert (row["waiting"], row["note"]) == (1, "they move house")
    isp("vendors", "resume", "avdesk")
    isp("converge")
    assert isp.vendor.new_calls() == ["stations/add"]
