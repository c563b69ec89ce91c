"""What each account owes for a month: from the charges themselves, and never changed once it is closed."""

import csv
from typing import Any

import pytest

from acceptance.kit import APRIL, MARCH_10, MARCH_31, MAY, Isp

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  av:
    kind: seat
    vendor: avdesk
    {article}
    prices: 10.00
"""


def imports(isp: Isp, article: str, *, exits: int = 0) -> str:
    path = isp.folder / "catalogue.yaml"
    path.write_text(CATALOGUE.format(article=article), encoding="utf-8")
    return isp("catalogue", "import", str(path), exits=exits).err


def statement(isp: Isp, month: str, account: str = "42") -> dict[str, Any]:
    return isp("statements", "show", account, "--month", month).row


def nets(isp: Isp, month: str) -> list[tuple[str, str]]:
    return [(line["kind"], line["net"]) for line in statement(isp, month)["lines"]]


def moves(isp: Isp, street: str) -> None:
    place = ("--street", street, "--city", "Berlin", "--postcode", "10115", "--country", "DE")
    isp("--as", "eve@example.com", "customers", "address", "1", *place)


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP that sells seats at 10.00 a month, and an account of a customer."""
    imports(isp, 'article: {name: "Virus protection", number: "AV-0815"}')
    isp.opens("42", "500.00")
    who = ("--contact", "Eve", "--email", "eve@example.com", "--account", "42", "--no-invitation")
    isp("customers", "add", "Example Ltd", *who)
    moves(isp, "1 Old Street")
    return isp


@pytest.mark.acceptance("G47")
@pytest.mark.acceptance("X28")
def test_a_statement_tells_what_was_charged_with_the_articles_name_and_number(shop: Isp) -> None:
    shop.orders("42", "av", quantity="3")
    found = statement(shop, "2026-03")
    assert (found["reference"], found["date"], found["status"], found["total"]) == ("2026-03-42", "2026-03-31", "open", "30.00")
    assert found["customer"]["name"] == "Example Ltd"
    (line,) = found["lines"]
    assert line == {
        "kind": "charge",
        "subscription": line["subscription"],
        "article": "Virus protection",
        "number": "AV-0815",
        "first": "2026-03-01",
        "last": "2026-03-31",
        "quantity": 3,
        "unit_price": "10.00",
        "discount": "0.00",
        "net": "30.00",
        "part_of": "",
    }
    printed = shop("statements", "show", "42", "--month", "2026-03", human=True).out
    for said in ("2026-03-42", "2026-03-31", "Example Ltd", "Virus protection", "AV-0815", "Total without tax: 30.00 EUR"):
        assert said in printed
    rows = list(csv.DictReader(shop("statements", "show", "42", "--month", "2026-03", "--csv", human=True).out.splitlines()))
    assert [(row["article"], row["net"]) for row in rows] == [("Virus protection", "30.00")]


@pytest.mark.acceptance("G47")
@pytest.mark.parametrize(
    ("article", "names"),
    [
        ('article: {name: "", number: "7"}', "it is empty"),
        ('article: {number: "7"}', "has no name"),
        (f"article: {{name: {'x' * 121}}}", "not 1 to 120"),
        (f"article: {{name: AV, number: {'7' * 41}}}", "not 1 to 40"),
    ],
)
def test_an_article_without_a_name_or_too_long_is_refused(isp: Isp, article: str, names: str) -> None:
    assert names in imports(isp, article, exits=2)
    assert isp("products", "list").rows == []


@pytest.mark.acceptance("G47")
def test_an_articles_number_may_be_any_text(isp: Isp) -> None:
    imports(isp, "article: {name: AV, number: 00-4711/b}")
    isp.opens("42", "10.00")
    isp.orders("42", "av")
    assert statement(isp, "2026-03")["lines"][0]["number"] == "00-4711/b"


@pytest.mark.acceptance("C36")
def test_what_begins_in_the_middle_of_a_period_is_prorated_and_then_whole(shop: Isp) -> None:
    shop.at = MARCH_10
    shop.orders("42", "av")
    shop.at = APRIL
    shop.begins_periods()
    assert nets(shop, "2026-03") == [("charge", "6.94")], "21.5 of 31 days"
    assert nets(shop, "2026-04") == [("charge", "10.00")]


def test_more_units_in_the_middle_of_a_period_are_a_line_of_their_own(shop: Isp) -> None:
    made = shop.orders("42", "av", quantity="2")
    shop.at = MARCH_10
    shop("subscriptions", "change", str(made), "--quantity", "5", "--when", "now")
    lines = statement(shop, "2026-03")["lines"]
    assert [(line["quantity"], line["net"]) for line in lines] == [(2, "20.00"), (3, "20.81")]


def test_what_is_given_back_is_a_line_of_the_month_in_which_it_was(shop: Isp) -> None:
    made = shop.orders("42", "av", "one_off")
    shop.at = "2026-03-30T00:00:00+00:00"
    assert nets(shop, "2026-03") == [("charge", "10.00")]
    back = shop("subscriptions", "stop", str(made)).row["refunded"]
    assert nets(shop, "2026-03") == [("charge", "10.00"), ("refund", f"-{back}")]
    refund = statement(shop, "2026-03")["lines"][1]
    assert (refund["first"], refund["last"]) == ("2026-03-30", "2026-03-31")
    (row,) = shop("statements", "list", "--month", "2026-03").rows
    assert (row["lines"], row["total"]) == (2, statement(shop, "2026-03")["total"])


def test_a_month_is_that_of_the_accounts_own_clock(shop: Isp) -> None:
    shop.opens("kyiv", "50.00", zone="Europe/Kyiv")
    shop.at = "2026-03-31T22:30:00+00:00"
    for account in ("42", "kyiv"):
        shop.orders(account, "av", "one_off")
    assert [row["account"] for row in shop("statements", "list", "--month", "2026-03").rows] == ["42"]
    assert [row["account"] for row in shop("statements", "list", "--month", "2026-04").rows] == ["kyiv"]
    assert statement(shop, "2026-04", "kyiv")["lines"][0]["first"] == "2026-04-01"


@pytest.mark.acceptance("X13")
@pytest.mark.acceptance("X28")
def test_a_closed_statement_never_changes_and_the_next_one_has_the_right_address(shop: Isp) -> None:
    shop.orders("42", "av")
    shop.at = APRIL
    shop.begins_periods()
    assert shop("statements", "close", "--month", "2026-03").row["closed"] == 1
    closed = statement(shop, "2026-03")
    assert (closed["status"], closed["customer"]["street"], closed["total"]) == ("closed", "1 Old Street", "10.00")
    moves(shop, "2 New Street")
    imports(shop, 'article: {name: "Antivirus", number: "1"}')
    assert shop("statements", "close", "--month", "2026-03").row["closed"] == 0
    assert statement(shop, "2026-03") == closed
    now = statement(shop, "2026-04")
    assert (now["customer"]["street"], now["lines"][0]["article"]) == ("2 New Street", "Antivirus")
    (row,) = shop("statements", "list", "--month", "2026-03").rows
    assert (row["status"], row["total"]) == ("closed", "10.00")


def test_a_month_that_runs_is_not_closed(shop: Isp) -> None:
    shop.orders("42", "av")
    shop.at = MARCH_31
    refused = shop.refuses("statements", "close", "--month", "2026-03", exits=1, names="is not over yet")
    assert refused.row["error"] == "month_not_over"


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-03", "2026-3", "march", "0000-01"])
def test_what_is_no_month_is_refused(shop: Isp, month: str) -> None:
    for words in (("show", "42"), ("list",), ("close",)):
        assert shop("statements", *words, "--month", month, exits=2).row["error"] == "bad_month"


def test_only_what_is_in_his_care_is_seen(shop: Isp) -> None:
    shop.opens("7", "20.00")
    for account in ("42", "7"):
        shop.orders(account, "av")
    as_eve = ("--as", "eve@example.com", "statements")
    assert [row["account"] for row in shop(*as_eve, "list", "--month", "2026-03").rows] == ["42"]
    assert shop(*as_eve, "show", "7", "--month", "2026-03", exits=2).row["error"] == "not_yours"
    assert shop(*as_eve, "close", "--month", "2026-02", exits=1).row["error"] == "not_permitted"
    assert shop("statements", "show", "99", "--month", "2026-03", exits=2).row["error"] == "unknown_account"


def test_a_hundred_accounts_are_closed_in_one_go(shop: Isp) -> None:
    for number in range(1000, 1010):
        shop.opens(str(number), "10.00")
        shop.orders(str(number), "av")
    shop.at = MAY
    assert shop("statements", "close", "--month", "2026-03", "--account", "1003").row["closed"] == 1
    assert shop("statements", "close", "--month", "2026-03").row["closed"] == 9
    rows = shop("statements", "list", "--month", "2026-03", "--limit", "3").rows
    assert [(row["account"], row["status"]) for row in rows] == [("1000", "closed"), ("1001", "closed"), ("1002", "closed")]
