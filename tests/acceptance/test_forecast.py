"""Before a period ends: exactly those are suspended who could not pay for the next, so that nobody goes negative."""

import contextlib
import subprocess
from decimal import Decimal

import pytest

from acceptance.kit import APRIL, MARCH_31, MAY, Isp


def suspended(isp: Isp) -> list[str]:
    """The accounts whose add-on is blocked at the vendor at this moment."""
    return [station["user_id"] for station in isp.vendor.stations() if station["state"] == "blocked"]


@pytest.mark.acceptance("F15")
def test_who_would_go_negative_is_suspended_before_the_charge(isp: Isp) -> None:
    isp.sells("av", "150.00")
    for account, left in {"short": "149.99", "exact": "150.00", "rich": "1000", "empty": "0"}.items():
        isp.subscriber(account, "av", left=left)
    isp.subscriber("debt", "av", left="150", base_price="155")
    isp("converge")
    isp.at = MARCH_31
    isp.looks_ahead()
    isp.at = APRIL
    isp.begins_periods()
    balances = {row["account"]: row["balance"] for row in isp("accounts", "list").rows}
    assert balances == {"short": "149.99", "exact": "0.00", "rich": "850.00", "empty": "0.00", "debt": "-5.00"}
    assert sorted(suspended(isp)) == ["debt", "empty", "short"]

    isp.at = MAY
    isp.looks_ahead()
    isp.begins_periods()
    assert sorted(suspended(isp)) == ["debt", "empty", "exact", "short"], "minus 5 stays suspended"
    assert isp.balance("exact") == "0.00"


@pytest.mark.acceptance("F15")
@pytest.mark.parametrize("price", ["0.01", "99.90", "12345.67"])
def test_one_cent_decides(isp: Isp, price: str) -> None:
    isp.sells("av", price)
    isp.subscriber("enough", "av", left=price)
    isp.subscriber("less", "av", left=str(Decimal(price) - Decimal("0.01")))
    isp("converge")
    isp.at = APRIL
    isp.begins_periods()
    assert suspended(isp) == ["less"], "even where nobody ran the forecast in time"
    assert isp.balance("enough") == "0.00"


@pytest.mark.acceptance("F16")
@pytest.mark.parametrize(
    ("left", "base", "credit", "kept", "afterwards"),
    [
        ("320", "300", "0", False, "20.00"),
        ("290", "300", "0", False, "-10.00"),
        ("450", "300", "0", True, "0.00"),
        ("449.99", "300", "0", False, "149.99"),
        ("320", "300", "130", True, "-130.00"),
        ("320", "300", "129.99", False, "20.00"),
        ("0", "0", "150", True, "-150.00"),
    ],
)
def test_the_tariff_comes_first_and_the_credit_counts(
    isp: Isp, left: str, base: str, credit: str, kept: bool, afterwards: str
) -> None:
    isp.sells("av", "150")
    isp.subscriber("42", "av", left=left, base_price=base, credit=credit)
    isp("converge")
    isp.at = MARCH_31
    (row,) = isp("before-period-end").rows
    assert (row["keep"], row["suspend"]) == ((["av"], []) if kept else ([], ["av"]))
    isp.looks_ahead()
    isp.at = APRIL
    isp.begins_periods()
    assert suspended(isp) == ([] if kept else ["42"])
    assert isp.balance("42") == afterwards, "the internet is charged in any case"


@pytest.mark.acceptance("F16")
def test_an_account_without_limit_keeps_everything(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.subscriber("42", "av", left="0", unlimited=True)
    isp("converge")
    isp.at = APRIL
    isp.begins_periods()
    assert (suspended(isp), isp.balance("42")) == ([], "-150.00")


@pytest.mark.acceptance("F17")
def test_add_ons_are_kept_by_priority_then_the_older_first(isp: Isp) -> None:
    isp.sells("first", "150", priority=1)
    isp.sells("second", "100", priority=2)
    isp.sells("tie", "120", priority=1)
    isp.sells("cheap", "50", priority=3)
    isp.subscriber("two", "second", "first", left="200")
    isp.subscriber("tied", "tie", left="130")
    isp.subscriber("gap", "second", "first", "cheap", left="200")
    isp.at = "2026-03-01T00:00:01+00:00"
    isp("accounts", "pay", "tied", "150")
    isp.orders("tied", "first")
    isp.at = MARCH_31
    rows = {row["account_id"]: (row["keep"], row["suspend"]) for row in isp("before-period-end").rows}
    assert rows == {
        "two": (["first"], ["second"]),
        "tied": (["tie"], ["first"]),
        "gap": (["first", "cheap"], ["second"]),
    }


@pytest.mark.acceptance("F17")
def test_all_or_none_suspends_both(isp: Isp) -> None:
    isp.configure("forecast", policy="all_or_none")
    isp.sells("first", "150", priority=1)
    isp.sells("second", "100", priority=2)
    isp.subscriber("42", "first", "second", left="249.99")
    isp.subscriber("43", "first", "second", left="250")
    isp("converge")
    isp.at = APRIL
    isp.begins_periods()
    assert suspended(isp) == ["42", "42"]
    assert (isp.balance("42"), isp.balance("43")) == ("249.99", "0.00")


@pytest.mark.acceptance("F20")
def test_a_second_run_has_no_second_effect(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.subscriber("short", "av", left="20")
    isp.subscriber("rich", "av", left="500", base_price="100")
    isp("converge")
    isp.vendor.new_calls()
    isp.at = MARCH_31
    isp("before-period-end", "--apply")
    before = isp.dump()
    assert isp("before-period-end", "--apply").row == {"looked_at": 2, "suspended": 0, "freed": 0}
    assert isp.dump() == before
    isp.at = APRIL
    isp.begins_periods()
    before = isp.dump()
    assert isp("period-begin").row == {"accounts": 0, "charged": 0, "held": 0, "out_of_stock": 0, "ended": 0}
    assert isp.dump() == before
    isp("converge")
    assert isp.vendor.new_calls() == ["stations/change"]


@pytest.mark.acceptance("F20")
def test_the_dry_run_lists_who_would_be_suspended_and_changes_nothing(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.subscriber("42", "av", left="20", credit="5", base_price="3")
    isp.subscriber("43", "av", left="500")
    isp.at = MARCH_31
    before = isp.dump()
    first, second = isp("before-period-end").rows
    assert first == {
        "account_id": 42,
        "period_end": 1775001600,
        "available_minor": 2500,
        "dues_minor": 300,
        "blocked": 0,
        "keep": [],
        "suspend": ["av"],
    }
    assert (second["account_id"], second["keep"], second["suspend"]) == (43, ["av"], [])
    table = isp("before-period-end", human=True).out
    assert "1 of 2 subscriptions on 1 of 2 accounts would be suspended" in table
    assert isp.dump() == before


@pytest.mark.acceptance("F20")
def test_a_run_that_is_killed_is_finished_by_the_next(isp: Isp) -> None:
    isp.sells("av", "10")
    lines = ["account_id,product,quantity,price,priority,ordered_at"]
    for number in range(1, 41):
        isp.opens(str(number), "10" if number % 2 else "9.99", zone="Europe/Kyiv" if number % 3 else "UTC")
        lines.append(f"{number},av,1,10.00,1,2026-02-01T00:00:00Z")
    orders = isp.folder / "orders.csv"
    orders.write_text("\n".join(lines))
    isp("orders", "import", str(orders))
    isp.at = "2026-04-01T00:00:00+00:00"
    for patience in (0.45, 0.6, 0.7):
        running = isp.started("worker", "--once")
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.communicate(timeout=patience)
        running.kill()
        running.communicate()
    isp("period-begin")
    entries = [(row[3], row[2]) for row in isp.dump("ledger_entry")["ledger_entry"] if row[3] == "add_on"]
    assert entries == [("add_on", -1000)] * 20
    held = isp("subscriptions", "list", "--held-by", "forecast").rows
    assert sorted(int(row["account"]) for row in held) == list(range(2, 41, 2))
    assert {row["balance"] for row in isp("accounts", "list").rows} == {"0.00", "9.99"}
