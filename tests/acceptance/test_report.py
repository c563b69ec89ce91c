"""The report: what was earned, what the vendors take, what is left, and for how many units."""

from typing import Any

import pytest

from acceptance.kit import APRIL, MARCH, MARCH_10, Isp

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  scan:
    kind: quantity
    split: [internal, external]
    purchase_price: 0.50
    prices: 2.00
  av:
    kind: other
    vendor: avdesk
    purchase_price: 60.00
    prices: 150.00
"""

KEYS = "code,product,quantity,term,purchase_price\nKEY-100-FIRST,scan,100,12,1200.00\nKEY-100-SECOND,scan,100,12,1200.00\n"

MAY_10 = "2026-05-10T12:00:00+00:00"


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """A station at 150.00 for account 41, and 40 addresses (30 and 10) at 2.00 for account 42, both since 1 March."""
    for name, text in (("catalogue.yaml", CATALOGUE), ("keys.csv", KEYS)):
        (isp.folder / name).write_text(text, encoding="utf-8")
    isp("catalogue", "import", str(isp.folder / "catalogue.yaml"))
    isp("keys", "import", str(isp.folder / "keys.csv"))
    for ref in ("41", "42", "43"):
        isp.opens(ref, "10000.00")
        contact = ("--contact", "Anna", "--email", f"anna@{ref}.example", "--no-invitation")
        isp("customers", "add", f"Customer {ref}", *contact, "--mode", "managed", "--account", ref)
    isp.at = MARCH
    isp.orders("41", "av")
    isp.orders("42", "scan", quantity="40", split="internal=30")
    return isp


def months(isp: Isp, *words: str) -> dict[tuple[str | None, str], dict[str, Any]]:
    """The lines of the report, by vendor and month."""
    return {(row["vendor"], row["month"]): row for row in isp("report", *words).rows}


@pytest.mark.acceptance("G55")
def test_income_purchases_and_margin_are_told_month_by_month_with_a_forecast(shop: Isp) -> None:
    shop.at = MARCH_10
    shop("keys", "redeem", "3", "KEY-100-FIRST", "--selling-price", "1500.00", "--split", "internal=60")
    for at in (APRIL, "2026-05-01T00:00:00+00:00"):
        shop.at = at
        shop.begins_periods()
    shop.at = MAY_10
    rows = shop("report").rows
    assert [(row["month"], row["column"]) for row in rows] == [
        ("2025-12", "earlier"),
        ("2026-01", "earlier"),
        ("2026-02", "earlier"),
        ("2026-03", "earlier"),
        ("2026-04", "last"),
        ("2026-05", "current"),
        ("2026-06", "forecast"),
    ]
    money = {row["month"]: (row["income"], row["purchases"], row["margin"]) for row in rows}
    assert money["2026-02"] == ("0.00", "0.00", "0.00")
    assert money["2026-03"] == ("1730.00", "1280.00", "450.00"), "230.00 and a key for 1500.00, less 80.00 and 1200.00"
    assert money["2026-04"] == money["2026-05"] == money["2026-06"] == ("230.00", "80.00", "150.00")
    units = {row["month"]: (row["units"], row["total"], row["average"]) for row in rows}
    assert units["2026-02"] == ({}, 0, None)
    assert units["2026-03"] == ({"external": 50, "internal": 90, "other": 1}, 141, "12.27")
    assert units["2026-06"] == ({"external": 50, "internal": 90, "other": 1}, 141, "1.63")


@pytest.mark.acceptance("G55")
@pytest.mark.acceptance("G31")
def test_a_key_counts_in_the_month_in_which_it_was_sold_with_its_margin(shop: Isp) -> None:
    shop.at = MARCH_10
    before = months(shop)[None, "2026-03"]
    shop("keys", "redeem", "3", "KEY-100-FIRST", "--selling-price", "1100.00", "--split", "internal=60")
    after = months(shop)[None, "2026-03"]
    assert [(before[name], after[name]) for name in ("income", "purchases", "margin")] == [
        ("230.00", "1330.00"),
        ("80.00", "1280.00"),
        ("150.00", "50.00"),
    ]


@pytest.mark.acceptance("G55")
def test_each_vendor_is_told_apart_and_what_has_none_too(shop: Isp) -> None:
    shop.at = MARCH_10
    found = months(shop, "--by-vendor", "--months", "1")
    assert {vendor for vendor, _ in found} == {None, "", "avdesk"}
    assert (found["avdesk", "2026-03"]["income"], found["", "2026-03"]["income"]) == ("150.00", "80.00")
    assert found[None, "2026-03"]["income"] == "230.00"
    only = months(shop, "--vendor", "avdesk", "--months", "1")
    assert list(only) == [("avdesk", "2026-03"), ("avdesk", "2026-04")]
    assert only["avdesk", "2026-03"] == found["avdesk", "2026-03"]


@pytest.mark.acceptance("G55")
def test_units_are_those_that_there_were_then_however_they_changed(shop: Isp) -> None:
    shop.at = APRIL
    shop.begins_periods()
    shop.at = "2026-04-10T00:00:00+00:00"
    shop("subscriptions", "change", "2", "--quantity", "100", "--split", "internal=20", "--when", "now")
    shop("subscriptions", "change", "2", "--quantity", "50", "--split", "internal=25")
    found = months(shop, "--months", "2", "--by-vendor")
    assert found["", "2026-03"]["units"] == {"external": 10, "internal": 30}
    assert found["", "2026-04"]["units"] == {"external": 80, "internal": 20}
    assert found["", "2026-05"]["units"] == {"external": 25, "internal": 25}
    assert (found["", "2026-05"]["income"], found["", "2026-05"]["purchases"]) == ("100.00", "25.00")
    april = found["", "2026-04"]
    assert (april["income"], april["purchases"]) == ("164.00", "41.00"), "sixty more for 21 of 30 days"


@pytest.mark.acceptance("G55")
def test_what_was_given_back_is_no_income(shop: Isp) -> None:
    shop.at = MARCH_10
    shop.vendor.goes_wrong("not_found_404", times=None)
    shop("converge")
    found = months(shop, "--months", "1", "--by-vendor")["avdesk", "2026-03"]
    assert (found["income"], found["purchases"], found["total"]) == ("0.00", "0.00", 0)


def test_what_is_frozen_is_not_foretold_and_what_was_cancelled_neither(shop: Isp) -> None:
    shop.at = MARCH_10
    shop("hold", "1", "--note", "abroad")
    shop("cancel", "2")
    found = months(shop, "--months", "1")[None, "2026-04"]
    assert (found["income"], found["purchases"], found["units"]) == ("0.00", "0.00", {})


def test_the_months_are_those_of_the_isps_time_zone(shop: Isp) -> None:
    shop.at = "2026-03-31T21:30:00+00:00"
    assert [row["month"] for row in shop("report", "--months", "1").rows] == ["2026-03", "2026-04"]
    shop.configure("isp-addons", time_zone="Europe/Kyiv")
    assert [row["month"] for row in shop("report", "--months", "1").rows] == ["2026-04", "2026-05"]


def test_an_unknown_vendor_or_a_number_of_months_that_cannot_be_is_refused(shop: Isp) -> None:
    shop.refuses("report", "--vendor", "nobody", exits=2, names="No product is of the vendor 'nobody'")
    shop.refuses("report", "--months", "0", exits=2, names="months")
    shop.refuses("report", "--months", "37", exits=2, names="months")


def test_a_reseller_sees_what_his_customers_bring_and_a_customer_nothing(shop: Isp) -> None:
    shop.opens("50", "0.00")
    contact = ("--contact", "Rita", "--email", "rita@50.example", "--no-invitation", "--role", "reseller")
    partner = shop("customers", "add", "Partner", *contact, "--account", "50").row["customer"]
    shop("resellers", "add", str(partner), "--discount", "0")
    shop.opens("51", "100.00")
    contact = ("--contact", "Ina", "--email", "ina@51.example", "--no-invitation", "--reseller", str(partner))
    shop("customers", "add", "His", *contact, "--account", "51")
    shop.orders("51", "scan", quantity="10", split="internal=10")
    mine = shop("--as", "rita@50.example", "report", "--months", "1").rows[0]
    assert (mine["income"], mine["units"]) == ("20.00", {"external": 0, "internal": 10})
    assert shop("report", "--months", "1").rows[0]["income"] == "250.00"
    assert shop("--as", "ina@51.example", "report", exits=1).row["error"] == "not_permitted"


def test_nothing_sold_yet_is_a_report_of_noughts(isp: Isp) -> None:
    rows = isp("report", "--months", "2").rows
    assert [(row["column"], row["income"], row["average"]) for row in rows] == [
        ("last", "0.00", None),
        ("current", "0.00", None),
        ("forecast", "0.00", None),
    ]
    assert "2026-03" in isp("report", human=True).out
