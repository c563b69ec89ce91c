"""All dates follow the product's clock and the account's own time zone."""

from datetime import datetime, timedelta

import pytest

from acceptance.kit import Isp


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def earlier(text: str, **how_much: float) -> str:
    return (moment(text) - timedelta(**how_much)).isoformat()


@pytest.mark.acceptance("Z04")
@pytest.mark.parametrize(
    ("zone", "ends", "next_ends"),
    [
        ("Europe/Kyiv", "2026-03-01T00:00:00+02:00", "2026-04-01T00:00:00+03:00"),
        ("Europe/Kyiv", "2026-10-01T00:00:00+03:00", "2026-11-01T00:00:00+02:00"),
        ("America/New_York", "2026-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00"),
        ("America/New_York", "2026-11-01T00:00:00-04:00", "2026-12-01T00:00:00-05:00"),
        ("UTC", "2028-02-01T00:00:00+00:00", "2028-03-01T00:00:00+00:00"),
        ("UTC", "2026-01-31T00:00:00+00:00", "2026-02-28T00:00:00+00:00"),
        ("Asia/Kathmandu", "2027-02-01T00:00:00+05:45", "2027-03-01T00:00:00+05:45"),
    ],
)
def test_a_period_is_a_month_on_the_accounts_own_wall(isp: Isp, zone: str, ends: str, next_ends: str) -> None:
    isp.at = earlier(ends, days=5)
    isp.sells("av", "30")
    isp.opens("42", "1000", zone=zone, period_end=ends)
    subscription = isp.orders("42", "av")
    isp.at = earlier(ends, seconds=1)
    assert isp("period-begin").row["accounts"] == 0
    isp.at = ends
    assert isp("period-begin").row["accounts"] == 1
    assert moment(isp.subscription(subscription)["paid_until"]) == moment(next_ends)


@pytest.mark.acceptance("Z04")
@pytest.mark.parametrize(
    ("zone", "ordered", "until"),
    [
        ("Europe/Kyiv", "2026-03-15T12:00:00+02:00", "2026-04-15T12:00:00+03:00"),
        ("America/New_York", "2026-10-15T23:30:00-04:00", "2026-11-15T23:30:00-05:00"),
        ("Europe/Kyiv", "2028-01-31T23:00:00+02:00", "2028-02-29T23:00:00+02:00"),
        ("Pacific/Auckland", "2026-08-31T01:00:00+12:00", "2026-09-30T01:00:00+13:00"),
    ],
)
def test_a_term_keeps_its_hour_across_the_change_of_the_clocks(isp: Isp, zone: str, ordered: str, until: str) -> None:
    isp.at = ordered
    isp.sells("av", "30")
    isp.opens("42", "1000", zone=zone)
    isp.orders("42", "av", "one_off")
    isp("converge")
    assert moment(isp.vendor.station("42")["expires"]) == moment(until)


@pytest.mark.acceptance("Z04")
@pytest.mark.parametrize(
    ("zone", "ends", "hours"),
    [
        ("Europe/Kyiv", "2026-04-01T00:00:00+03:00", 743),
        ("Europe/Kyiv", "2026-11-01T00:00:00+02:00", 745),
        ("UTC", "2026-03-01T00:00:00+00:00", 672),
        ("UTC", "2028-03-01T00:00:00+00:00", 696),
    ],
)
def test_an_order_within_a_month_is_paid_by_the_hour_of_that_month(isp: Isp, zone: str, ends: str, hours: int) -> None:
    isp.at = earlier(ends, hours=100)
    isp.sells("av", f"{hours}.00")
    isp.opens("42", "1000", zone=zone, period_end=ends)
    isp.orders("42", "av")
    assert isp.balance("42") == "900.00"


@pytest.mark.acceptance("Z04")
def test_each_account_begins_its_period_at_its_own_midnight(isp: Isp) -> None:
    isp.at = "2026-03-20T00:00:00+00:00"
    isp.sells("av", "10")
    isp.opens("Kyiv", "1000", zone="Europe/Kyiv", period_end="2026-04-01T00:00:00+03:00")
    isp.opens("New_York", "1000", zone="America/New_York", period_end="2026-04-01T00:00:00-04:00")
    for account in ("Kyiv", "New_York"):
        isp.orders(account, "av")
    for now, begun in {
        "2026-03-31T20:59:59+00:00": [],
        "2026-03-31T21:00:00+00:00": ["Kyiv"],
        "2026-04-01T03:59:59+00:00": ["Kyiv"],
        "2026-04-01T04:00:00+00:00": ["Kyiv", "New_York"],
    }.items():
        isp.at = now
        isp("period-begin")
        paid = [row["account"] for row in isp("subscriptions", "list").rows if row["paid_until"] > "2026-04-02"]
        assert paid == begun


@pytest.mark.acceptance("Z04")
def test_the_worker_looks_ahead_by_its_lead_and_no_earlier(isp: Isp) -> None:
    isp.configure("forecast", lead_hours="24")
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp.at = "2026-03-30T23:59:59+00:00"
    isp("worker", "--once")
    assert isp.held_by(subscription) == ""
    isp.at = "2026-03-31T00:00:00+00:00"
    isp("worker", "--once")
    assert isp.held_by(subscription) == "forecast"
    assert isp.vendor.station("42")["block_begin"] == "2026-04-01T00:00:00+00:00", "what is paid stays usable"


@pytest.mark.acceptance("Z04")
def test_a_worker_that_slept_for_months_catches_up_period_by_period(isp: Isp) -> None:
    isp.sells("av", "100")
    (subscription,) = isp.subscriber("42", "av", left="250", base_price="20")
    isp("converge")
    isp.at = "2026-06-02T00:00:00+00:00"
    isp("worker", "--once")
    entries = [(kind, amount) for _, _, amount, kind, *_ in isp.dump("ledger_entry")["ledger_entry"]][2:]
    assert entries == [("base", -2000), ("add_on", -10000), ("base", -2000), ("add_on", -10000), ("base", -2000)]
    assert (isp.balance("42"), isp.held_by(subscription)) == ("-10.00", "forecast, billing")
