"""What people type: quantities are plain positive whole numbers, text is one printable line; at every door."""

from collections.abc import Iterator

import click
import pytest

from acceptance.kit import Isp
from acceptance.people_kit import takes_in
from isp_addons.cli.main import cli

WRONG_QUANTITIES = ("0", "-1", "1000000000", "1e3", " 5 ", "５", "2.5", "", "+5", "0x5")
WRONG_TEXTS = {"too long": "x" * 401, "a bell": "ring\x07", "two lines": "one\ntwo", "a broken encoding": "half\udcff"}

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  av:
    kind: seat
    vendor: avdesk
    quantity: {most: 50}
    resale: yes
    prices: 10.00
"""

QUANTITIES = {
    "catalogue price": ["catalogue", "price", "av", "--", "{}"],
    "order": ["order", "42", "av", "--quantity={}"],
    "purchases create": ["purchases", "create", "42", "av", "--by", "balance", "--quantity={}"],
    "renew": ["renew", "1", "--quantity={}"],
    "resellers order": [
        *[
            "--as",
            "rita@partner.example",
            "resellers",
            "order",
            "Bakery",
            "--contact",
            "Bo Baker",
            "--email",
            "bo@bakery.example",
        ],
        *["--product", "av", "--term", "1", "--quantity={}"],
    ],
    "subscriptions change": ["subscriptions", "change", "1", "--quantity={}"],
    "subscriptions reactivate": ["subscriptions", "reactivate", "1", "--quantity={}"],
}
"""Every command that takes a quantity, with a place for it."""

TEXTS = {
    "accounts add REF": ["accounts", "add", "{}"],
    "accounts add --tariff": ["accounts", "add", "43", "--tariff={}"],
    "accounts pay --key": ["accounts", "pay", "42", "5", "--key={}"],
    "customers add COMPANY": ["customers", "add", "{}", "--contact", "Bo Baker", "--email", "bo@x.example", "--no-invitation"],
    "customers add --contact": ["customers", "add", "Bakery", "--contact={}", "--email", "bo@x.example", "--no-invitation"],
    "customers add --email": ["customers", "add", "Bakery", "--contact", "Bo Baker", "--email={}", "--no-invitation"],
    "customers add --key": [
        *["customers", "add", "Bakery", "--contact", "Bo Baker", "--email", "bo@x.example", "--no-invitation", "--key={}"]
    ],
    "customers address --street": ["customers", "address", "1", "--street={}", "--city", "Ulm", "--country", "DE"],
    "customers address --city": ["customers", "address", "1", "--street", "Weg 1", "--city={}", "--country", "DE"],
    "customers address --company": [
        *["customers", "address", "1", "--street", "Weg 1", "--city", "Ulm", "--country", "DE", "--company={}"]
    ],
    "customers address --vat-id": [
        *["customers", "address", "1", "--street", "Weg 1", "--city", "Ulm", "--country", "DE", "--vat-id={}"]
    ],
    "hold --note": ["hold", "1", "--note={}"],
    "order --key": ["order", "42", "av", "--key={}"],
    "order PRODUCT": ["order", "42", "{}"],
    "order ACCOUNT": ["order", "{}", "av"],
    "people add --name": ["people", "add", "x@x.example", "--name={}", "--role", "admin", "--customer", "1", "--no-invitation"],
    "products add CODE": ["products", "add", "{}", "--price", "1"],
    "products add --name": ["products", "add", "x", "--price", "1", "--name={}"],
    "products include TARIFF": ["products", "include", "av", "{}"],
    "renew --key": ["renew", "1", "--key={}"],
    "resellers add --help-text": ["resellers", "add", "1", "--discount", "20", "--help-text={}"],
    "subscriptions change --key": ["subscriptions", "change", "1", "--quantity", "3", "--key={}"],
    "vendors pause --note": ["vendors", "pause", "avdesk", "--note={}"],
}
"""Commands that keep a text that somebody typed."""


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP with one product, an account that has a term of it, a reseller, and a customer of the ISP's own."""
    path = isp.folder / "catalogue.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    isp("catalogue", "import", str(path))
    isp.opens("42", "100.00")
    isp.orders("42", "av", "one_off")
    isp.opens("partner", "100.00")
    words = ("--role", "reseller", "--mode", "managed", "--account", "partner")
    takes_in(isp, "Partner", "rita@partner.example", *words)
    isp("resellers", "add", "1", "--discount", "20")
    return isp


@pytest.mark.acceptance("Z08")
@pytest.mark.parametrize("command", QUANTITIES)
def test_only_a_plain_positive_whole_number_is_a_quantity(shop: Isp, command: str) -> None:
    before = shop.dump()
    for wrong in WRONG_QUANTITIES:
        refused = shop(*(word.format(wrong) for word in QUANTITIES[command]), exits=2)
        assert refused.row["error"] == "bad_quantity", wrong
        assert wrong in refused.row["message"]
        assert "Traceback" not in refused.err
    assert shop.dump() == before


def test_every_command_that_takes_a_quantity_is_tried_above() -> None:
    taking = {" ".join(path) for path, command in commands(cli) if any(each.name == "quantity" for each in command.params)}
    assert taking == set(QUANTITIES)


@pytest.mark.acceptance("Z08")
def test_the_parts_of_a_quantity_are_plain_whole_numbers_too(shop: Isp) -> None:
    before = shop.dump()
    for wrong in ("-1", "1000000000", "1e3", " 5 ", "５", "2.5", "", "+5"):
        refused = shop("order", "42", "av", f"--split=internal={wrong}", exits=2)
        assert refused.row["error"] == "bad_split", wrong
    assert shop.dump() == before


@pytest.mark.acceptance("Z09")
@pytest.mark.parametrize("field", TEXTS)
def test_a_text_is_one_printable_line_of_limited_length(shop: Isp, field: str) -> None:
    before = shop.dump()
    for what, wrong in WRONG_TEXTS.items():
        refused = shop(*(word.format(wrong) for word in TEXTS[field]), exits=2)
        assert refused.row["error"].startswith("bad_"), (what, refused.out)
        assert len(refused.row["message"]) < 400, "not all of it is printed again"
    assert shop.dump() == before


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below *group*, with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif command is not None:
            yield (*path, name), command
