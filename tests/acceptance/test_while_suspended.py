"""What a period costs that begins while an add-on is suspended: nothing, or the same as ever. Its product says which."""

from decimal import Decimal

import pytest

from acceptance.kit import APRIL, MARCH_10, MARCH_31, MAY, Isp

WORDS = ("none", "full")
APRIL_10 = "2026-04-10T12:00:00+00:00"


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """Two products of 10.00 that differ in what they cost while they are suspended."""
    lines = (
        f"  {word}:\n    kind: other\n    vendor: avdesk\n    prices: 10.00\n    while_suspended: {word}\n" for word in WORDS
    )
    file = isp.folder / "catalogue.yaml"
    file.write_text("catalogue: 1\ncurrency: EUR\nproducts:\n" + "".join(lines), encoding="utf-8")
    isp("catalogue", "import", str(file))
    return isp


def both(isp: Isp, *, left: str) -> dict[str, int]:
    """An account with both products, so that *left* remains when March is paid."""
    isp.prices.update(dict.fromkeys(WORDS, Decimal(10)))
    made = dict(zip(WORDS, isp.subscriber("42", *WORDS, left=left), strict=True))
    isp("converge")
    return made


def test_what_a_person_holds_is_charged_for_a_period_if_its_product_says_so(shop: Isp) -> None:
    made = both(shop, left="45.00")
    shop.at = MARCH_10
    for subscription in made.values():
        shop("hold", str(subscription), "--note", "asked for it")
    shop.at = APRIL
    shop.begins_periods()

    assert shop.balance("42") == "35.00", "10.00 for the one, nothing for the other"
    assert shop.held_by(made["full"]) == "admin"
    assert shop.held_by(made["none"]) == "admin, forecast"
    assert {shop.at_vendor(each) for each in made.values()} == {"suspended"}

    shop.at = APRIL_10
    shop("release", str(made["full"]))
    assert shop.balance("42") == "35.00", "the running period is paid"
    shop("release", str(made["none"]))
    assert shop.balance("42") == "25.00", "the running period is charged now"
    shop("converge")
    assert {shop.at_vendor(each) for each in made.values()} == {"active"}
    shop.at = MAY
    shop.begins_periods()
    assert shop.balance("42") == "5.00", "both as ever"


def test_a_blocked_account_is_charged_for_a_period_if_the_product_says_so(shop: Isp) -> None:
    made = both(shop, left="45.00")
    shop.at = MARCH_10
    shop.hears("on_block", "42")
    shop.at = APRIL
    shop.begins_periods()
    assert shop.balance("42") == "35.00"
    assert {shop.at_vendor(each) for each in made.values()} == {"suspended"}

    shop.at = APRIL_10
    shop.hears("on_unblock", "42")
    assert shop.balance("42") == "25.00", "what was not charged while it was suspended is charged as it comes back"
    assert {shop.at_vendor(each) for each in made.values()} == {"active"}


@pytest.mark.parametrize(("left", "after", "holds"), [("9.99", "9.99", "admin, forecast"), ("10.00", "0.00", "admin")])
def test_it_never_takes_what_is_not_there(shop: Isp, left: str, after: str, holds: str) -> None:
    full = both(shop, left=left)["full"]
    shop("hold", str(full), "--note", "asked for it")
    shop("cancel", str(full - 1), "--now")
    shop.at = MARCH_31
    shop.looks_ahead()
    assert shop.held_by(full) == holds
    shop.at = APRIL
    shop.begins_periods()
    assert (shop.balance("42"), shop.held_by(full)) == (after, holds)


def test_the_forecast_keeps_money_for_what_is_charged_while_it_is_suspended(shop: Isp) -> None:
    made = both(shop, left="10.00")
    shop("hold", str(made["full"]), "--note", "asked for it")
    (told,) = shop("before-period-end").rows

    assert (told["keep"], told["suspend"]) == (["none"], ["full"])
    shop("cancel", str(made["none"]), "--now")
    assert shop("before-period-end").rows[0]["keep"] == ["full"]


def test_a_vendor_of_codes_is_not_paid_for_codes_that_are_not_issued(isp: Isp) -> None:
    isp.configure("vendor:stock", plugin="codes")
    file = isp.folder / "catalogue.yaml"
    file.write_text(
        "catalogue: 1\ncurrency: EUR\nproducts:\n  code:\n    kind: code\n    vendor: stock\n    options: { article: KL-1M }\n"
        "    prices: 3.90\n    while_suspended: full\n",
        encoding="utf-8",
    )
    before = isp.dump()
    refused = isp.refuses("catalogue", "import", str(file), exits=1, names="code cannot be charged while it is suspended")
    assert refused.row["error"] == "bad_kind"
    assert isp.dump() == before
