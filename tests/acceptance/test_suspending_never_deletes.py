"""Suspending is not deleting: the ISP pays the vendor for nobody, and the subscriber finds everything again."""

import pytest

from acceptance.kit import APRIL, MARCH_10, MARCH_31, MAY, Isp

DELETE = "stations/delete"
PREMIUM = "91644cc3-1dc1-42dc-a41e-5ea001f5538d"


@pytest.mark.acceptance("F01")
@pytest.mark.parametrize(("price", "left"), [("150.00", "149.99"), ("99.90", "0.00"), ("0.01", "0.00")])
def test_an_add_on_that_cannot_be_paid_is_not_in_the_vendors_bill_of_next_month(isp: Isp, price: str, left: str) -> None:
    isp.sells("av", price)
    isp.subscriber("payer", "av", left="500")
    isp.subscriber("short", "av", left=left)
    isp("converge")
    isp.at = MARCH_31
    isp.looks_ahead()
    assert isp.vendor.station("short")["state"] != "blocked", "March is paid to its end"

    isp.at = APRIL
    isp.begins_periods()
    billed = [station["user_id"] for station in isp.vendor.stations() if station["state"] != "blocked"]
    assert billed == ["payer"]
    assert isp.balance("short") == left, "nothing was taken for April"


@pytest.mark.acceptance("F02")
def test_suspending_keeps_the_subscription_its_key_and_its_settings(isp: Isp) -> None:
    isp.sells("av", "150.00")
    isp("products", "add", "premium", "--vendor", "avdesk", "--price", "80", "--option", f"tariff={PREMIUM}")
    isp.opens("42", "500")
    subscription = isp.orders("42", "premium")
    isp("converge")
    before = isp.vendor.station("42")

    isp.at = MARCH_10
    isp.hears("on_block", "42")
    assert isp.vendor.station("42")["state"] == "blocked"
    isp.hears("on_unblock", "42")

    after = isp.vendor.station("42")
    for kept in ("id", "rate", "user_id", "name", "expires", "created", "deleted"):
        assert after[kept] == before[kept], kept
    assert (after["state"], after["block_begin"]) == (before["state"], None)
    assert isp.subscription(subscription)["status"] == "running"


@pytest.mark.acceptance("F02")
def test_a_year_without_a_payment_deletes_nothing(isp: Isp) -> None:
    isp.sells("av", "150.00")
    subscriptions = isp.subscriber("42", "av", left="0") + isp.subscriber("43", "av", left="200", base_price="300")
    isp("converge")
    before = [station["id"] for station in isp.vendor.stations()]
    isp.vendor.new_calls()
    for month in ("2026-04", "2026-05", "2026-11", "2027-03"):
        isp.at = f"{month}-01T00:00:00+00:00"
        assert isp.script("on_block", "42").code == 0
        isp.hears("low_balance", "43")
    assert DELETE not in isp.vendor.new_calls()
    assert [station["id"] for station in isp.vendor.stations()] == before
    assert {station["state"] for station in isp.vendor.stations()} == {"blocked"}
    assert [isp.subscription(each)["status"] for each in subscriptions] == ["running", "running"]

    isp.hears("on_unblock", "42")
    isp.hears("payment", "42", "amount=150.00")
    assert isp.vendor.station("42")["state"] != "blocked", "after a year it comes back under the same id"


@pytest.mark.acceptance("F12")
def test_no_key_is_bought_before_somebody_ordered_one(isp: Isp) -> None:
    isp.sells("av", "150.00")
    isp.opens("42", "1000")
    isp("converge")
    assert isp.vendor.new_calls() == []
    assert isp.vendor.stations() == []

    isp.orders("42", "av", quantity="3")
    isp("converge")
    assert isp.vendor.new_calls() == ["stations/add"] * 3
    assert len(isp.vendor.stations("42")) == 3, "one licence for each seat, and none in stock"


@pytest.mark.acceptance("F14")
@pytest.mark.parametrize("billing", ["generic", "utm5"])
def test_a_blocked_account_is_suspended_at_the_vendor_by_one_call(isp: Isp, billing: str) -> None:
    isp.sells("av", "150.00")
    (subscription,) = isp.subscriber("42", "av", left="20")
    isp("converge")
    isp.vendor.new_calls()
    isp.at = MARCH_10
    for _ in range(2):
        assert isp.script("on_block", "42", billing=billing).code == 0
    isp("spool", "ingest")
    assert isp.vendor.new_calls() == [], "a hook script never waits for a vendor"
    isp("converge")
    isp.hears("on_block", "42")

    assert isp.vendor.new_calls() == ["stations/change"]
    assert isp.vendor.station("42")["state"] == "blocked"
    assert (isp.at_vendor(subscription), isp.held_by(subscription)) == ("suspended", "billing")
    assert isp.balance("42") == "20.00"


@pytest.mark.acceptance("F14")
def test_while_the_vendor_is_down_the_suspension_waits_and_is_tried_again(isp: Isp) -> None:
    isp.sells("av", "150.00")
    (subscription,) = isp.subscriber("42", "av", left="20")
    isp("converge")
    isp.vendor.stop()
    isp.at = "2026-03-10T12:00:00+00:00"
    isp.hears("on_block", "42")
    assert isp.at_vendor(subscription) == "suspending"
    assert [call["step"] for call in isp("plan").rows] == [], "not before its time"

    isp.at = "2026-03-10T12:00:06+00:00"
    (again,) = isp("plan").rows
    assert (again["step"], again["tries"]) == ("on_block", 1)
    isp.vendor.start()
    isp("converge")
    assert isp.at_vendor(subscription) == "suspended"
    assert isp.vendor.station("42")["state"] == "blocked"


@pytest.mark.acceptance("F14")
def test_blocked_and_paid_before_the_vendor_heard_of_it_means_no_call(isp: Isp) -> None:
    isp.sells("av", "150.00")
    isp.subscriber("42", "av", left="20")
    isp("converge")
    isp.vendor.new_calls()
    for word in ("on_block", "on_unblock"):
        isp("hook", word, "--account", "42")
    isp("converge")
    assert isp.vendor.new_calls() == []


@pytest.mark.acceptance("F14")
def test_an_answer_that_was_lost_is_looked_up_before_anything_is_repeated(isp: Isp) -> None:
    isp.sells("av", "150.00")
    isp.subscriber("42", "av", left="20")
    isp("converge")
    isp.vendor.new_calls()
    isp.vendor.goes_wrong("timeout_after", script="stations/change")
    isp.hears("on_block", "42")
    assert isp.vendor.new_calls() == ["stations/change"]
    isp.at = "2026-03-01T00:01:00+00:00"
    isp("converge")
    assert "stations/change" not in isp.vendor.new_calls(), "the block was done: reading found it"
    assert isp.vendor.station("42")["state"] == "blocked"


@pytest.mark.acceptance("F19")
def test_money_for_a_blocked_account_calls_nobody(isp: Isp) -> None:
    isp.sells("av", "150.00")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp("converge")
    isp.at = MARCH_31
    isp.looks_ahead()
    isp.at = APRIL
    isp.begins_periods()
    isp.hears("on_block", "42")
    isp.vendor.new_calls()

    isp.hears("payment", "42", "amount=400.00")
    assert isp.vendor.new_calls() == []
    assert (isp.balance("42"), isp.held_by(subscription)) == ("400.00", "forecast, billing")

    isp.hears("on_unblock", "42")
    assert isp.vendor.new_calls() == ["stations/change"]
    assert (isp.balance("42"), isp.held_by(subscription)) == ("250.00", "")
    assert isp.vendor.station("42")["state"] != "blocked"


@pytest.mark.acceptance("F19")
def test_only_the_owner_of_a_hold_lifts_it(isp: Isp) -> None:
    isp.sells("av", "150.00")
    (subscription,) = isp.subscriber("42", "av", left="300")
    isp("converge")
    isp("hold", str(subscription), "--note", "unpaid router", "--owner", "admin")
    isp.hears("on_block", "42")
    isp.vendor.new_calls()
    isp.hears("on_unblock", "42")
    isp.hears("payment", "42", "amount=1000")
    isp("release", str(subscription), "--owner", "abuse")
    isp("converge")
    assert (isp.held_by(subscription), isp.vendor.new_calls()) == ("admin", [])
    isp("release", str(subscription))
    isp("converge")
    assert (isp.held_by(subscription), isp.vendor.new_calls()) == ("", ["stations/change"])
    isp.at = MAY
    isp("worker", "--once")
    assert isp.balance("42") == "1000.00", "300 + 1000, less April and May"
