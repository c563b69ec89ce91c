"""The catalogue: graduated prices with their days, terms and limits, taken in as a whole or not at all."""

from pathlib import Path

import pytest

from acceptance.kit import APRIL, MARCH_10, MARCH_31, MAY, Isp

SCAN = """\
catalogue: 1
currency: EUR
products:
  scan:
    kind: quantity
    vendor: {vendor}
    prices:
      - ranges:
          - {{first: 1, last: 50, price: {p1}}}
          - {{first: 51, last: {last}, price: 1.50}}
          - {{first: 251, last: 300, price: 1.00}}
"""
NOD = '''
"""A vendor that does everything at once."""

from isp_addons.vendor_api import Capabilities, Done, LicenceView, SuspendKind, VendorPlugin, hookimpl


class Nod(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=True, changes_quantity=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        return Done()
'''


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP with a vendor that does what it is told."""
    isp.gets_plugin("nod", NOD)
    return isp


def written(isp: Isp, text: str) -> str:
    """A catalogue's file."""
    path = isp.folder / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def scan(*, p1: str = "2.00", last: int = 250) -> str:
    return SCAN.format(vendor="nod", p1=p1, last=last)


def product(prices: str, **fields: str) -> str:
    """A catalogue with one product."""
    more = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    return f"catalogue: 1\ncurrency: EUR\nproducts:\n  add-on:\n    kind: other\n    vendor: nod\n    prices: {prices}\n{more}"


def test_the_sample_is_taken_in_and_a_second_time_changes_nothing(isp: Isp) -> None:
    isp("catalogue", "sample", "--output", str(isp.folder / "sample.yaml"), human=True)
    file = str(isp.folder / "sample.yaml")
    assert isp("catalogue", "check", file).row["products"] == 7
    taken = isp("catalogue", "import", file).row
    assert len(taken["added"]) == 7
    before = isp.dump()
    again = isp("catalogue", "import", file).row
    assert (again["added"], again["changed"], len(again["same"])) == ([], [], 7)
    assert isp.dump() == before
    assert len(isp("products", "list").rows) == 7


def test_what_is_exported_is_what_is_taken_in(isp: Isp) -> None:
    isp("catalogue", "sample", "--output", str(isp.folder / "sample.yaml"), human=True)
    isp("catalogue", "import", str(isp.folder / "sample.yaml"))
    isp("catalogue", "export", "--output", str(isp.folder / "export.yaml"), human=True)
    again = isp("catalogue", "import", str(isp.folder / "export.yaml")).row
    assert (again["added"], again["changed"], len(again["same"])) == ([], [], 7)


@pytest.mark.acceptance("G49")
@pytest.mark.parametrize(
    ("quantity", "total", "average"),
    [
        ("1", "2.00", "2.00"),
        ("50", "100.00", "2.00"),
        ("51", "101.50", "1.99"),
        ("200", "325.00", "1.63"),
        ("250", "400.00", "1.60"),
        ("251", "401.00", "1.60"),
        ("300", "450.00", "1.50"),
    ],
)
def test_each_range_prices_only_its_own_units(shop: Isp, quantity: str, total: str, average: str) -> None:
    shop("catalogue", "import", written(shop, scan()))
    row = shop("catalogue", "price", "scan", quantity).row
    assert (row["total"], row["average"]) == (total, average)
    shop.opens("42", total)
    shop.orders("42", "scan", quantity=quantity)
    assert shop.balance("42") == "0.00", "an order costs what was told"


@pytest.mark.acceptance("G49")
def test_the_price_is_told_range_by_range(shop: Isp) -> None:
    shop("catalogue", "import", written(shop, scan()))
    told = shop("catalogue", "price", "scan", "300", human=True).out.split()
    assert [each for each in told if each[0].isdigit()] == [
        *("1-50", "50", "2.00", "100.00", "51-250", "200", "1.50", "300.00", "251-300", "50", "1.00", "50.00"),
        *("300", "1", "450.00"),
    ]


@pytest.mark.acceptance("G50")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("last: 250", "last: 200"), "catalogue.yaml:8: The ranges 51-200 and 251-300 leave a gap: 201-250 has no price."),
        (("last: 250", "last: 260"), "catalogue.yaml:8: The ranges 51-260 and 251-300 overlap: both price 251-260."),
        (("first: 1,", "first: 2,"), "catalogue.yaml:8: The first range is 2-50; a price list starts at 1."),
    ],
)
def test_ranges_that_do_not_fit_are_refused_by_name_and_nothing_is_taken(shop: Isp, change: tuple[str, str], says: str) -> None:
    shop("catalogue", "import", written(shop, scan()))
    shop.refuses("catalogue", "import", written(shop, scan().replace(*change)), exits=2, names=says)


@pytest.mark.acceptance("G50")
def test_above_the_last_range_nothing_can_be_ordered(shop: Isp) -> None:
    shop("catalogue", "import", written(shop, scan()))
    shop.opens("42", "9999.00")
    refused = shop.refuses("order", "42", "scan", "--quantity", "301", exits=1, names="the price list ends at 300")
    assert refused.row["error"] == "no_price"


@pytest.mark.acceptance("G48")
@pytest.mark.parametrize("price", ["-1.00", "two", "2.005", "1e3", "２"])
def test_a_price_that_is_none_is_refused_with_its_line(shop: Isp, price: str) -> None:
    shop.refuses("catalogue", "import", written(shop, scan(p1=price)), exits=2, names="catalogue.yaml:9: ")


@pytest.mark.acceptance("G48")
def test_a_new_price_counts_from_the_next_period_on(shop: Isp) -> None:
    shop("catalogue", "import", written(shop, scan()))
    shop.opens("42", "1000.00")
    subscription = shop.orders("42", "scan", quantity="10")
    assert shop.balance("42") == "980.00"
    shop.at = MARCH_10
    shop("catalogue", "import", written(shop, scan(p1="3.00")))
    assert shop.balance("42") == "980.00", "what is paid stays paid"
    assert shop.subscription(subscription)["price"] == "30.00"
    shop.at = APRIL
    shop.begins_periods()
    assert shop.balance("42") == "950.00"


def test_a_price_list_counts_from_its_day_for_orders_periods_and_the_forecast(shop: Isp) -> None:
    lists = "[{ranges: [{first: 1, price: 10.00}]}, {valid_from: 2026-05-01, ranges: [{first: 1, price: 25.00}]}]"
    shop("catalogue", "import", written(shop, product(lists)))
    shop.opens("42", "40.00")
    shop.opens("43", "45.00")
    subscriptions = [shop.orders(ref, "add-on") for ref in ("42", "43")]
    shop.at = APRIL
    shop.begins_periods()
    assert (shop.balance("42"), shop.balance("43")) == ("20.00", "25.00")
    assert shop.subscription(subscriptions[0])["price"] == "25.00", "May costs 25.00"
    shop.at = "2026-04-30T12:00:00+00:00"
    shop("before-period-end", "--apply")
    assert [shop.held_by(each) for each in subscriptions] == ["forecast", ""]
    shop.at = MAY
    shop.begins_periods()
    assert (shop.balance("42"), shop.balance("43")) == ("20.00", "0.00")
    shop.opens("44", "25.00")
    shop.orders("44", "add-on")
    assert shop.balance("44") == "0.00"


def test_a_product_whose_first_prices_are_not_valid_yet_cannot_be_ordered(shop: Isp) -> None:
    lists = "[{valid_from: 2026-05-01, ranges: [{first: 1, price: 25.00}]}]"
    shop("catalogue", "import", written(shop, product(lists)))
    shop.opens("42", "40.00")
    shop.refuses("order", "42", "add-on", exits=1, names="has no price that is valid at")


@pytest.mark.acceptance("C36")
@pytest.mark.parametrize(
    ("rule", "left"), [("none", "69.00"), ("by_time", "78.50"), ("by_day", "78.00"), ("whole_months", "69.00")]
)
def test_what_begins_in_the_middle_of_a_period_pays_by_the_rule_of_its_product(shop: Isp, rule: str, left: str) -> None:
    shop("catalogue", "import", written(shop, product("31.00", proration=rule)))
    shop.opens("42", "100.00")
    shop.at = MARCH_10  # 21.5 of 31 days are left
    shop.orders("42", "add-on")
    assert shop.balance("42") == left
    before = shop.balance("42")
    shop.at = APRIL
    shop.begins_periods()
    assert float(before) - float(shop.balance("42")) == 31.0, "the next period is paid whole"


@pytest.mark.acceptance("X04")
@pytest.mark.parametrize(("term", "cost"), [("1", "10.00"), ("12", "120.00")])
def test_a_yearly_price_is_paid_for_the_months_of_the_term(shop: Isp, term: str, cost: str) -> None:
    shop("catalogue", "import", written(shop, product("[{per: year, ranges: [{first: 1, price: 120.00}]}]", terms="[1, 12]")))
    shop.opens("42", cost)
    shop.orders("42", "add-on", plan="one_off", term=term)
    assert shop.balance("42") == "0.00"


@pytest.mark.acceptance("X04")
@pytest.mark.parametrize("term", ["0", "2", "13", "-1", "1.5", "１２"])
def test_another_term_is_refused(shop: Isp, term: str) -> None:
    shop("catalogue", "import", written(shop, product("10.00", terms="[1, 12]")))
    shop.opens("42", "9999.00")
    shop.refuses("order", "42", "add-on", "--plan", "one_off", f"--term={term}", exits=2, names="term")


@pytest.mark.parametrize(("quantity", "says"), [("9", "sold 10 to 20 at a time, not 9"), ("21", "not 21")])
def test_a_quantity_outside_the_limits_is_refused(shop: Isp, quantity: str, says: str) -> None:
    shop("catalogue", "import", written(shop, product("1.00", quantity="{least: 10, most: 20}")))
    shop.opens("42", "9999.00")
    shop.refuses("order", "42", "add-on", "--quantity", quantity, exits=2, names=says)
    shop.orders("42", "add-on", quantity="20")


def test_an_order_that_was_imported_keeps_the_price_that_was_agreed(shop: Isp, tmp_path: Path) -> None:
    shop("catalogue", "import", written(shop, product("10.00")))
    shop.opens("42", "100.00")
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "account_id,product,quantity,price,priority,ordered_at\n42,add-on,2,7.00,1,2026-02-01T00:00:00+00:00\n",
        encoding="utf-8",
    )
    shop("orders", "import", str(orders))
    shop("catalogue", "import", written(shop, product("50.00")))
    (row,) = shop("subscriptions", "list", "--account", "42").rows
    assert row["price"] == "14.00"


def test_a_change_is_told_by_the_audit_with_what_it_was(shop: Isp) -> None:
    shop("catalogue", "import", written(shop, scan()))
    shop("catalogue", "import", written(shop, scan(p1="3.00")))
    newest = next(row for row in shop("audit").rows if row["field"] == "prices")
    assert newest["before"].startswith("from 1970-01-01: 1-50 at 2.00, 51-250 at 1.50")
    assert newest["after"].startswith("from 1970-01-01: 1-50 at 3.00, 51-250 at 1.50")


@pytest.mark.parametrize(
    ("text", "exits", "says"),
    [
        (product("1.00").replace("EUR", "USD"), 2, "the prices are in USD, but this installation's currency is EUR"),
        (product("1.00").replace("nod", "ghost"), 2, "There is no vendor 'ghost'"),
        (product("1.00").replace("other", "code"), 1, "add-on is sold as codes, but the vendor nod issues none"),
        ("just words\n", 2, "names with values are expected here"),
    ],
)
def test_a_catalogue_that_cannot_be_meant_changes_nothing(shop: Isp, text: str, exits: int, says: str) -> None:
    shop("catalogue", "import", written(shop, product("10.00")))
    shop.refuses("catalogue", "import", written(shop, text), exits=exits, names=says)


def test_what_the_file_does_not_name_is_left_alone(shop: Isp) -> None:
    shop("products", "add", "other", "--price", "5.00")
    taken = shop("catalogue", "import", written(shop, product("10.00"))).row
    assert (taken["added"], taken["left_alone"]) == (["add-on"], ["other"])
    assert {row["code"] for row in shop("products", "list").rows} == {"add-on", "other"}


def test_a_closed_product_goes_on_for_those_who_have_it(shop: Isp) -> None:
    shop("catalogue", "import", written(shop, product("10.00")))
    shop.opens("42", "100.00")
    subscription = shop.orders("42", "add-on")
    shop("catalogue", "import", written(shop, product("10.00", on_sale="no")))
    shop.refuses("order", "42", "add-on", exits=1, names="is not on sale")
    shop.at = MARCH_31
    shop("before-period-end", "--apply")
    shop.at = APRIL
    shop.begins_periods()
    assert shop.subscription(subscription)["status"] == "running"
    assert shop.balance("42") == "80.00"
