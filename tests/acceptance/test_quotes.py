"""A quote before buying: what is bought, the price of each line, discount, VAT, from when; and only that is confirmed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from acceptance.kit import APRIL, MARCH, MARCH_10, Isp
from acceptance.people_kit import takes_in

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  pool:
    kind: seat
    article: {{ name: AxCrypt Business, number: AX-B }}
    terms: [1, 12]
    proration: whole_months
    resale: yes
    prices:
      - per: {per}
        ranges: [{{first: 1, price: {price}}}]
"""


def sells(isp: Isp, *, price: str = "10.00", per: str = "month") -> None:
    path = isp.folder / "catalogue.yaml"
    path.write_text(CATALOGUE.format(price=price, per=per), encoding="utf-8")
    isp("catalogue", "import", str(path))


def later(isp: Isp, **time: float) -> None:
    isp.at = (datetime.fromisoformat(isp.at) + timedelta(**time)).isoformat()


def looks(isp: Isp, *words: str) -> dict[str, Any]:
    """The quote of a dry run, which changes nothing."""
    before = isp.dump()
    told = isp(*words, "--dry-run").row
    assert isp.dump() == before
    return told


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP with VAT that sells a pool of licences, and an account with money."""
    isp.configure("vat", home_country="DE", rates="DE 19, FR 20")
    sells(isp)
    isp.opens("42", "2000.00")
    return isp


TWO = ("order", "42", "pool", "--quantity", "2")


@pytest.mark.acceptance("C17")
def test_a_preview_says_what_is_bought_at_which_price_and_vat_and_changes_nothing(shop: Isp) -> None:
    told = looks(shop, *TWO)
    (line,) = told["lines"]
    assert (line["article_name"], line["article_number"], line["quantity"]) == ("AxCrypt Business", "AX-B", 2)
    assert (line["months"], line["from"], line["until"]) == ("1", MARCH, APRIL)
    assert (line["list_price"], line["discount"], line["net"]) == ("20.00", "0.00", "20.00")
    assert (told["vat_basis"], told["vat_country"], told["vat_rate"]) == ("standard", "DE", "19")
    assert (told["net"], told["vat"], told["gross"], told["currency"]) == ("20.00", "3.80", "23.80", "EUR")
    assert (told["from"], told["next_price"]) == (MARCH, "20.00")
    shown = shop(*TWO, "--dry-run", human=True).out
    for word in ("AxCrypt Business", "VAT 19 % (DE) 3.80: 23.80 EUR", f"--quote {told['quote']}"):
        assert word in shown


@pytest.mark.acceptance("C17")
def test_a_price_that_changed_since_the_preview_is_not_booked_and_a_new_preview_is(shop: Isp) -> None:
    old = looks(shop, *TWO)["quote"]
    sells(shop, price="11.00")
    shop.refuses(*TWO, "--quote", old, exits=1, names="has changed since")
    assert shop(*TWO, "--quote", old, exits=1).row["error"] == "stale_quote"
    new = looks(shop, *TWO)
    shop(*TWO, "--quote", new["quote"])
    assert (new["net"], shop.balance("42")) == ("22.00", "1978.00")


def test_a_quote_is_booked_as_it_was_shown_though_time_has_passed(shop: Isp) -> None:
    shop.sells("av", "300.00")
    shop.at = MARCH_10
    words = ("order", "42", "av")
    told = looks(shop, *words)
    later(shop, minutes=14)
    assert looks(shop, *words)["net"] != told["net"], "by the second"
    made = shop(*words, "--quote", told["quote"]).row["subscription"]
    assert shop.balance("42") == f"{2000 - float(told['net']):.2f}"
    assert shop.subscription(made)["price"] == told["next_price"] == "300.00"


def test_a_quote_of_yesterday_or_of_another_order_or_none_at_all_is_refused(shop: Isp) -> None:
    told = looks(shop, *TWO)["quote"]
    three = ("order", "42", "pool", "--quantity", "3")
    shop.refuses(*three, "--quote", told, exits=1, names="has changed since")
    shop.refuses(*TWO, "--quote", "cheap", exits=2, names="not the code of a quote")
    later(shop, minutes=16)
    shop.refuses(*TWO, "--quote", told, exits=1, names="too old")
    shop.at = MARCH
    later(shop, seconds=-1)
    shop.refuses(*TWO, "--quote", told, exits=1, names="too old")


def test_a_quote_of_the_period_that_is_over_is_not_booked_in_the_next(shop: Isp) -> None:
    shop.sells("av", "300.00")
    shop.at = "2026-03-31T23:55:00+00:00"
    told = looks(shop, "order", "42", "av")["quote"]
    later(shop, minutes=10)
    shop("period-begin")
    shop.refuses("order", "42", "av", "--quote", told, exits=1, names="has changed since")


def test_more_units_are_previewed_and_confirmed(shop: Isp) -> None:
    made = shop.orders("42", "pool", "one_off", term="12", quantity="2")
    shop.at = "2027-01-10T00:00:00+00:00"
    words = ("subscriptions", "change", str(made), "--quantity", "5", "--when", "now")
    told = looks(shop, *words)
    (line,) = told["lines"]
    assert (line["quantity"], line["months"], line["net"], told["gross"]) == (3, "2", "60.00", "71.40"), "50 days are 2 months"
    later(shop, minutes=5)
    other = ("subscriptions", "change", str(made), "--quantity", "6", "--when", "now")
    shop.refuses(*other, "--quote", told["quote"], exits=1, names="has changed since")
    assert shop(*words, "--quote", told["quote"]).row["charged"] == "60.00"
    assert shop.balance("42") == "1700.00"


def test_what_counts_from_the_next_period_costs_nothing_now(shop: Isp) -> None:
    made = shop.orders("42", "pool", quantity="2")
    told = looks(shop, "subscriptions", "change", str(made), "--quantity", "1")
    assert (told["lines"], told["net"], told["from"], told["next_price"]) == ([], "0.00", APRIL, "10.00")


def test_a_renewal_is_previewed_and_confirmed(shop: Isp) -> None:
    made = shop.orders("42", "pool", "one_off", term="1", quantity="2")
    words = ("renew", str(made), "--term", "12", "--quantity", "3")
    told = looks(shop, *words)
    (line,) = told["lines"]
    assert (line["quantity"], line["months"], line["from"], line["net"]) == (3, "12", APRIL, "360.00")
    sells(shop, price="12.00")
    shop.refuses(*words, "--quote", told["quote"], exits=1, names="has changed since")
    shop(*words, "--quote", looks(shop, *words)["quote"])
    assert shop.balance("42") == "1548.00"


def test_what_the_order_refuses_its_preview_refuses_too(shop: Isp) -> None:
    shop.opens("43", "0.00")
    for account, code in (("43", "insufficient_funds"), ("44", "unknown_account")):
        refused = shop.anyhow("order", account, "pool", "--dry-run")
        assert refused.row["error"] == code


@pytest.mark.acceptance("X05")
def test_a_valid_vat_id_of_another_member_state_removes_the_vat(shop: Isp) -> None:
    customer = takes_in(shop, "Boulangerie", "bo@boulangerie.example", "--mode", "managed", "--account", "42")
    words = ("customers", "address", str(customer), "--street", "Rue 1", "--city", "Lyon", "--country", "FR")
    before = looks(shop, *TWO)
    assert (before["vat_basis"], before["gross"]) == ("standard", "23.80")
    refused = shop.refuses(*words, "--vat-id", "FR40303265046", exits=2, names="is not a valid VAT id")
    assert refused.row["error"] == "bad_vat_id"
    assert looks(shop, *TWO) == before, "the price is not changed silently"
    shop(*words, "--vat-id", "fr 40 303 265 045")
    told = looks(shop, *TWO)
    assert (told["vat_basis"], told["vat"], told["gross"]) == ("reverse_charge", "0.00", "20.00")
    shop.refuses(*TWO, "--quote", before["quote"], exits=1, names="has changed since")
    assert "reverse charge" in shop(*TWO, "--dry-run", human=True).out


def test_without_a_rate_nothing_is_guessed_and_without_any_nothing_is_told(shop: Isp) -> None:
    shop.configure("vat", rates="FR 20")
    shop.refuses(*TWO, exits=1, names="No VAT rate is known for DE")
    shop.configure("vat", rates="FR 20 %")
    assert "DE 19, FR 20" in shop(*TWO, exits=78).err
    del shop.config["vat"]
    shop.write_config()
    told = looks(shop, *TWO)
    assert (told["vat_basis"], told["vat_rate"], told["vat"], told["gross"]) == ("none", "0", "0.00", "20.00")


@pytest.fixture
def resold(shop: Isp) -> Isp:
    """The account belongs to a customer in the care of a reseller with 20 % off."""
    words = ("--role", "reseller")
    partner = takes_in(shop, "Partner", "rita@partner.example", *words)
    shop("resellers", "add", str(partner), "--discount", "20")
    takes_in(shop, "Bakery", "bo@bakery.example", "--role", "agent", "--account", "42", "--reseller", str(partner))
    return shop


@pytest.mark.acceptance("X06")
@pytest.mark.parametrize(("discount", "net", "left"), [("20", "480.00", "1520.00"), ("0", "600.00", "1400.00")])
def test_the_resellers_discount_is_taken_off_by_itself(resold: Isp, discount: str, net: str, left: str) -> None:
    resold("resellers", "add", "1", "--discount", discount)
    words = ("order", "42", "pool", "--plan", "one_off", "--term", "12", "--quantity", "5")
    told = resold("--as", "rita@partner.example", *words, "--dry-run").row
    (line,) = told["lines"]
    assert (line["list_price"], line["net"], told["net"]) == ("600.00", net, net)
    resold("--as", "rita@partner.example", *words, "--quote", told["quote"])
    assert resold.balance("42") == left
    for wrong in ("101", "-1"):
        assert resold("resellers", "add", "1", f"--discount={wrong}", exits=2).row["error"] == "bad_discount"


@pytest.mark.acceptance("X20")
@pytest.mark.parametrize(
    ("price", "per", "discount", "net"),
    [("10.00", "month", "25", "45.00"), ("120.00", "year", "25", "45.00"), ("100.00", "year", "0", "50.00")],
)
def test_three_more_for_fifty_days_with_a_quarter_off(resold: Isp, price: str, per: str, discount: str, net: str) -> None:
    sells(resold, price=price, per=per)
    resold("resellers", "add", "1", "--discount", discount)
    made = resold.orders("42", "pool", "one_off", term="12", quantity="2")
    resold.at = "2027-01-10T00:00:00+00:00"
    words = ("subscriptions", "change", str(made), "--quantity", "5", "--when", "now")
    told = looks(resold, *words)
    done = resold(*words, "--quote", told["quote"]).row
    assert (told["lines"][0]["net"], told["charged"], done["charged"]) == (net, net, net)


def test_the_next_period_carries_the_discount_and_follows_it(resold: Isp) -> None:
    made = resold.orders("42", "pool", quantity="5")
    assert resold.subscription(made)["price"] == "40.00"
    resold("subscriptions", "change", str(made), "--quantity", "3")
    assert resold.subscription(made)["price"] == "24.00"
    sells(resold, price="20.00")
    assert resold.subscription(made)["price"] == "48.00"
    resold("resellers", "add", "1", "--discount", "50")
    assert resold.subscription(made)["price"] == "30.00"
    resold("subscriptions", "withdraw", str(made))
    assert resold.subscription(made)["price"] == "50.00"
    resold.at = APRIL
    before = float(resold.balance("42"))
    resold.begins_periods()
    assert resold.balance("42") == f"{before - 50:.2f}"
