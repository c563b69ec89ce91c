"""More now or next period, less at the period's end: one rule for every product, and one pending change at most."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import isp_addons
from acceptance.kit import APRIL, MARCH, MARCH_10, MARCH_31, MAY, Isp
from isp_addons_eset import Eset

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  pool:
    kind: seat
    vendor: {vendor}
    terms: [1, 12]
    proration: {proration}
    quantity: {{least: 2, most: 400}}
    prices:
      - per: {per}
        ranges: [{{first: 1, last: 300, price: {price}}}]
"""


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP that sells stations at 10.00 a month, and an account with five of them and 100.00 left."""
    isp.sells("av", "10.00")
    isp.opens("42", "150.00")
    isp.orders("42", "av", quantity="5")
    isp("converge")
    isp.vendor.new_calls()
    return isp


def changes(isp: Isp, quantity: int, *words: str) -> dict[str, Any]:
    return isp("subscriptions", "change", "1", "--quantity", str(quantity), *words).row


def stations(isp: Isp) -> list[str]:
    """What became of each station of the account, in the order of their numbers."""
    found = sorted(isp.vendor.stations("42"), key=lambda each: int(each["id"].rpartition("-")[2]))
    return ["deleted" if each["deleted"] else "there" for each in found]


def sells_terms(isp: Isp, *, proration: str = "whole_months", price: str = "10.00", per: str = "month") -> None:
    path = isp.folder / "catalogue.yaml"
    path.write_text(CATALOGUE.format(vendor="avdesk", proration=proration, price=price, per=per), encoding="utf-8")
    isp("catalogue", "import", str(path))


@pytest.mark.acceptance("G17")
@pytest.mark.acceptance("Z03")
def test_more_now_is_charged_for_the_rest_of_the_period_and_there_at_once(shop: Isp) -> None:
    shop.at = MARCH_10
    before = shop.dump()
    told = changes(shop, 8, "--when", "now", "--dry-run")
    assert shop.dump() == before
    done = changes(shop, 8, "--when", "now")
    assert (done["charged"], done["next_price"], done["effect"], done["from_at"]) == ("20.81", "80.00", "now", MARCH_10)
    assert {**{name: told[name] for name in done}, "dry_run": False} == done
    assert shop.balance("42") == "79.19", "three more for 21.5 of 31 days"
    shop("converge")
    assert stations(shop) == ["there"] * 8
    shop.at = APRIL
    shop.begins_periods()
    assert shop.balance("42") == "79.19", "80.00 are not there: nothing is taken, and all eight are held"
    assert shop.held_by(1) == "forecast"


@pytest.mark.acceptance("G18")
@pytest.mark.acceptance("Z03")
@pytest.mark.parametrize(
    ("begins", "asked", "counts"),
    [
        ("2026-01-01T00:00:00+00:00", "2026-01-31T23:59:59+00:00", "2026-02-01T00:00:00+00:00"),
        ("2026-12-01T00:00:00+00:00", "2026-12-31T10:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2028-02-01T00:00:00+00:00", "2028-02-29T10:00:00+00:00", "2028-03-01T00:00:00+00:00"),
    ],
)
def test_more_from_the_next_period_costs_nothing_now(isp: Isp, begins: str, asked: str, counts: str) -> None:
    isp.at = begins
    isp.sells("av", "10.00")
    isp.opens("42", "100.00")
    isp.orders("42", "av", quantity="2")
    isp.at = asked
    done = changes(isp, 3)
    assert (done["effect"], done["from_at"], done["charged"], done["next_price"]) == ("pending", counts, "0.00", "30.00")
    isp("converge")
    assert (isp.balance("42"), stations(isp)) == ("80.00", ["there"] * 2)
    found = isp.subscription(1)
    assert (found["quantity"], found["pending_quantity"], found["pending_from"]) == (2, 3, counts)
    isp.at = counts
    isp.begins_periods()
    assert (isp.balance("42"), stations(isp)) == ("50.00", ["there"] * 3)
    found = isp.subscription(1)
    assert (found["quantity"], found["pending_quantity"]) == (3, None)


@pytest.mark.acceptance("G19")
@pytest.mark.acceptance("Z03")
def test_less_counts_when_the_period_is_over_and_until_then_all_is_usable(shop: Isp) -> None:
    shop.at = MARCH_10
    shop.refuses("subscriptions", "change", "1", "--quantity", "3", "--when", "now", exits=1, names="fewer than the 5")
    refused = shop("subscriptions", "change", "1", "--quantity", "3", "--when", "now", exits=1)
    assert refused.row["error"] == "downgrade_at_month_end"
    assert changes(shop, 3)["from_at"] == APRIL
    shop.at = MARCH_31
    shop.looks_ahead()
    assert (stations(shop), shop.vendor.new_calls()) == (["there"] * 5, [])
    assert "3 from 2026-04-01" in shop("subscriptions", "list", human=True).out
    assert "5 units, 3 from 2026-04-01" in shop("accounts", "show", "42", human=True).out
    shop.at = APRIL
    shop.begins_periods()
    assert stations(shop) == ["there"] * 3 + ["deleted"] * 2
    assert shop.vendor.new_calls() == ["stations/delete"] * 2
    assert (shop.balance("42"), shop.at_vendor(1)) == ("70.00", "active")
    shop("subscriptions", "change", "1", "--quantity", "4", "--when", "now")
    shop("converge")
    assert stations(shop) == ["there"] * 4 + ["deleted"], "the fourth station is the one that it was before"


@pytest.mark.acceptance("G19")
def test_the_forecast_sees_what_the_next_period_will_cost(isp: Isp) -> None:
    isp.sells("av", "10.00")
    isp.opens("42", "80.00")
    isp.orders("42", "av", quantity="5")
    isp.at = MARCH_31
    isp.looks_ahead()
    assert isp.held_by(1) == "forecast", "30.00 are left, and five cost 50.00"
    changes(isp, 3)
    assert isp.held_by(1) == "", "three can be paid"
    isp.at = APRIL
    isp.begins_periods()
    assert (isp.balance("42"), isp.held_by(1)) == ("0.00", "")
    isp.at = MAY
    isp.begins_periods()
    refused = isp("subscriptions", "change", "1", "--quantity", "1", exits=1)
    assert refused.row["error"] == "held", "this period is not paid"


@pytest.mark.acceptance("G21")
def test_one_change_is_pending_at_most_and_it_can_be_taken_back(shop: Isp) -> None:
    shop.at = MARCH_10
    changes(shop, 3)
    changes(shop, 2)
    assert (shop.subscription(1)["pending_quantity"], shop.subscription(1)["price"]) == (2, "20.00")
    assert shop("subscriptions", "withdraw", "1").row["changed"] is True
    assert (shop.subscription(1)["pending_quantity"], shop.subscription(1)["price"]) == (None, "50.00")
    assert shop("subscriptions", "withdraw", "1").row["changed"] is False
    changes(shop, 2)
    assert changes(shop, 5)["effect"] == "withdrawn", "to wish for what there is takes it back"
    changes(shop, 2)
    changes(shop, 6, "--when", "now")
    found = shop.subscription(1)
    assert (found["quantity"], found["pending_quantity"], found["price"]) == (6, None, "60.00")
    shop.at = APRIL
    shop.begins_periods()
    assert shop.subscription(1)["quantity"] == 6


def test_the_same_key_twice_is_one_change(shop: Isp) -> None:
    shop.at = MARCH_10
    first = changes(shop, 8, "--when", "now", "--key", "web-7")
    balance = shop.balance("42")
    assert changes(shop, 8, "--when", "now", "--key", "web-7") == first
    later = changes(shop, 4, "--key", "web-8")
    shop("subscriptions", "withdraw", "1")
    assert changes(shop, 4, "--key", "web-8") == later
    assert (shop.balance("42"), shop.subscription(1)["pending_quantity"]) == (balance, None)
    refused = shop("subscriptions", "change", "1", "--quantity", "9", "--key", "web-7", exits=1)
    assert refused.row["error"] == "key_used"


def test_two_changes_at_the_same_moment_are_both_charged(shop: Isp) -> None:
    changes(shop, 6, "--when", "now")
    changes(shop, 7, "--when", "now")
    assert shop.balance("42") == "80.00"
    assert len(shop.dump("charge")["charge"]) == 3, "the order at the same moment is a charge too"


@pytest.mark.acceptance("Z03")
def test_a_vendor_of_quantities_is_told_of_the_change(isp: Isp) -> None:
    with Eset.sandbox() as server:
        isp.configure("vendor:eset", plugin="eset", **server.options())
        isp.sells("eset", "10.00", vendor="eset")
        isp.opens("42", "200.00")
        isp.orders("42", "eset", quantity="5")
        isp("converge")

        def has() -> tuple[str, int]:
            (only,) = server.standing(datetime.fromisoformat(isp.at).astimezone(UTC))
            return only.state.value, only.quantity

        assert has() == ("active", 5)
        isp.at = MARCH_10
        changes(isp, 8, "--when", "now")
        isp("converge")
        assert has() == ("active", 8)
        changes(isp, 2)
        isp("converge")
        assert has() == ("active", 8)
        isp.at = APRIL
        isp.begins_periods()
        assert has() == ("active", 2)


@pytest.mark.acceptance("X18")
@pytest.mark.acceptance("X19")
@pytest.mark.parametrize(
    ("days", "months"), [(1, 1), (30, 1), (31, 2), (50, 2), (59, 2), (60, 2), (61, 3), (331, 12), (360, 12)]
)
def test_more_in_a_term_is_paid_for_the_months_that_are_left(isp: Isp, days: int, months: int) -> None:
    sells_terms(isp)
    isp.opens("42", "2000.00")
    isp.orders("42", "pool", "one_off", term="12", quantity="2")
    end = datetime.fromisoformat("2027-03-01T00:00:00+00:00")
    isp.at = (end - timedelta(days=days)).isoformat()
    done = changes(isp, 3, "--when", "now")
    assert done["charged"] == f"{months * 10}.00"
    assert isp.balance("42") == f"{2000 - 240 - months * 10}.00"


@pytest.mark.acceptance("X19")
def test_a_term_that_is_over_is_renewed_first(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "2000.00")
    isp.orders("42", "pool", "one_off", term="12", quantity="2")
    isp.at = "2027-03-01T00:00:00+00:00"
    refused = isp("subscriptions", "change", "1", "--quantity", "3", "--when", "now", exits=1)
    assert refused.row["error"] == "renew_first"


@pytest.mark.acceptance("X20")
@pytest.mark.parametrize(
    ("price", "per", "charged"), [("10.00", "month", "60.00"), ("120.00", "year", "60.00"), ("100.00", "year", "50.00")]
)
def test_three_more_for_fifty_days_are_rounded_once(isp: Isp, price: str, per: str, charged: str) -> None:
    sells_terms(isp, price=price, per=per)
    isp.opens("42", "2000.00")
    isp.orders("42", "pool", "one_off", term="12", quantity="2")
    isp.at = "2027-01-10T00:00:00+00:00"
    assert changes(isp, 5, "--when", "now")["charged"] == charged


@pytest.mark.acceptance("X21")
def test_what_was_added_ends_with_the_term(isp: Isp) -> None:
    sells_terms(isp, proration="by_time")
    isp.opens("42", "500.00")
    isp.orders("42", "pool", "one_off", term="1", quantity="2")
    isp("converge")
    isp.at = MARCH_10
    changes(isp, 3, "--when", "now")
    changes(isp, 4, "--when", "now")
    isp("converge")
    assert {each["expires"][:16] for each in isp.vendor.stations("42")} == {"2026-04-01T00:00"}
    assert len(isp.vendor.stations("42")) == 4


@pytest.mark.acceptance("X24")
def test_a_term_renewed_with_fewer_loses_the_rest_when_the_old_one_is_over(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "500.00")
    isp.orders("42", "pool", "one_off", term="1", quantity="5")
    isp("converge")
    isp.at = MARCH_10
    refused = isp("subscriptions", "change", "1", "--quantity", "3", exits=1)
    assert (refused.row["error"], "isp-addons renew 1 --quantity 3" in refused.err) == ("change_at_renewal", True)
    isp.refuses("renew", "1", "--quantity", "1", exits=2, names="is sold 2 to 400 at a time")
    isp("renew", "1", "--quantity", "3")
    assert (isp.balance("42"), isp.subscription(1)["pending_quantity"]) == ("420.00", 3)
    for words in (["subscriptions", "withdraw", "1"], ["renew", "1", "--quantity", "4"]):
        assert isp(*words, exits=1).row["error"] == "renewed"
    isp("converge")
    assert stations(isp) == ["there"] * 5
    isp.at = APRIL
    isp("worker", "--once")
    assert stations(isp) == ["there"] * 3 + ["deleted"] * 2
    isp.at = "2026-05-02T00:00:00+00:00"
    isp("renew", "1", "--quantity", "4")
    assert (isp.balance("42"), isp.subscription(1)["quantity"]) == ("380.00", 4)


@pytest.mark.acceptance("Z03")
def test_what_cannot_be_changed_is_refused_and_changes_nothing(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "100.00")
    isp.orders("42", "pool", quantity="2")

    def error(quantity: str, *words: str, exits: int = 1) -> str:
        before = isp.dump()
        code: str = isp("subscriptions", "change", "1", f"--quantity={quantity}", *words, exits=exits).row["error"]
        assert isp.dump() == before
        return code

    for wrong in ("0", "-1", "1.5", "abc", "", "10001"):
        assert error(wrong, exits=2) == "bad_quantity"
    assert error("1", exits=2) == "bad_quantity", "at least 2"
    assert error("401", exits=2) == "bad_quantity", "at most 400"
    assert error("301") == "no_price"
    assert error("300", "--when", "now") == "insufficient_funds"
    isp("hold", "1", "--note", "asked")
    assert error("3", "--when", "now") == error("3") == "held"
    isp("release", "1")
    isp.at = APRIL
    assert error("3", exits=75) == "period_is_over"
    isp("period-begin")
    isp("cancel", "1")
    assert error("3") == "not_running"
    isp.refuses("subscriptions", "change", "9", "--quantity", "3", exits=2, names="There is no subscription")


def test_a_cancelled_subscription_drops_what_was_pending(shop: Isp) -> None:
    changes(shop, 3)
    shop("cancel", "1")
    shop.at = APRIL
    shop("worker", "--once")
    assert stations(shop) == ["deleted"] * 5
    found = shop.subscription(1)
    assert (found["status"], found["quantity"], found["pending_quantity"]) == ("ended", 5, None)


def test_a_new_price_counts_for_the_quantity_that_is_to_come(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "500.00")
    isp.orders("42", "pool", quantity="5")
    changes(isp, 3)
    sells_terms(isp, price="20.00")
    assert isp.subscription(1)["price"] == "60.00"
    isp("subscriptions", "withdraw", "1")
    assert isp.subscription(1)["price"] == "100.00"


def test_several_periods_that_are_caught_up_begin_with_the_new_quantity_once(shop: Isp) -> None:
    assert shop.at == MARCH
    changes(shop, 2)
    shop.at = "2026-06-01T00:00:00+00:00"
    shop.begins_periods()
    assert (shop.balance("42"), stations(shop)) == ("40.00", ["there"] * 2 + ["deleted"] * 3)


SAMPLE = Path(isp_addons.__file__).parent / "catalogue.sample.yaml"
FIXED = {"aircall-analytics": (1, "quantity_fixed"), "ajax-cloud": (2, "bad_quantity")}
"""What has no quantity, since everybody of the account has it, or it is one bundle of devices; and how it is refused."""


@pytest.mark.acceptance("Z03")
def test_every_product_of_the_sample_goes_up_now_and_down_with_the_next_period(isp: Isp) -> None:
    isp("catalogue", "import", str(SAMPLE))
    products = {row["code"]: row for row in isp("products", "list").rows}
    isp.opens("42", "5000.00")
    for number, code in enumerate(products, 1):
        parts = ["--split", "internal=0"] if code == "greenbone-scan" else []
        quantity = "1" if code in FIXED else "3"
        isp("order", "42", code, "--quantity", quantity, *parts)
        isp.at = MARCH_10
        change = ["subscriptions", "change", str(number), *parts]
        if code in FIXED:
            for more in (["--quantity", "2"], ["--quantity", "2", "--when", "now"]):
                exits, error = FIXED[code]
                assert isp(*change, *more, exits=exits).row["error"] == error, code
        else:
            assert isp(*change, "--quantity", "4", "--when", "now").row["effect"] == "now", code
            assert isp(*change, "--quantity", "2", "--when", "now", exits=1).row["error"] == "downgrade_at_month_end", code
            told = isp(*change, "--quantity", "2").row
            assert (told["effect"], told["from_at"], told["charged"]) == ("pending", APRIL, "0.00"), code
        isp.at = MARCH
    isp.at = APRIL
    isp("period-begin")
    left = {row["product"]: row["quantity"] for row in isp("subscriptions", "list").rows}
    assert left == {code: 1 if code in FIXED else 2 for code in products}
