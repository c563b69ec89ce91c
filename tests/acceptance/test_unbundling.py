"""A bundle is shown as its parts: other lines, the same money."""

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  user:
    kind: seat
    article: {name: User}
    prices: 30.00
  user-ai:
    kind: seat
    article: {name: User with AI Assist}
    unbundle:
      - {name: User, share: 30.00}
      - {name: AI Assist, number: AI-1, share: 15.00}
    prices: 45.00
  thirds:
    kind: seat
    unbundle:
      - {name: Telephony, share: 6.67}
      - {name: Recording, share: 3.33}
    prices: 10.00
"""


@pytest.fixture
def shop(isp: Isp) -> Isp:
    takes(isp, CATALOGUE)
    isp.opens("42", "1000.00")
    return isp


def takes(isp: Isp, text: str, *, exits: int = 0) -> str:
    path = isp.folder / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    return isp("catalogue", "import", str(path), exits=exits).err


def lines(isp: Isp, month: str = "2026-03") -> list[tuple[str, int, str, str]]:
    found = isp("statements", "show", "42", "--month", month).row
    return [(line["article"], line["quantity"], line["unit_price"], line["net"]) for line in found["lines"]]


def total(isp: Isp, month: str = "2026-03") -> str:
    found: str = isp("statements", "show", "42", "--month", month).row["total"]
    return found


@pytest.mark.acceptance("C32")
@pytest.mark.acceptance("C33")
@pytest.mark.acceptance("C34")
def test_a_bundle_is_shown_as_its_parts_and_the_sum_is_the_same(shop: Isp) -> None:
    shop.orders("42", "user", quantity="10")
    shop.orders("42", "user-ai", quantity="2")
    assert lines(shop) == [("User", 10, "30.00", "300.00"), ("User", 2, "30.00", "60.00"), ("AI Assist", 2, "15.00", "30.00")]
    assert total(shop) == "390.00"
    found = shop("statements", "show", "42", "--month", "2026-03").row["lines"]
    assert [(line["number"], line["part_of"]) for line in found[1:]] == [
        ("", "User with AI Assist"),
        ("AI-1", "User with AI Assist"),
    ]


@pytest.mark.acceptance("C34")
@pytest.mark.parametrize(("quantity", "parts"), [("3", ("20.01", "9.99")), ("1", ("6.67", "3.33")), ("7", ("46.69", "23.31"))])
def test_a_bundle_that_does_not_divide_evenly_leaves_the_rest_to_the_last_line(
    shop: Isp, quantity: str, parts: tuple[str, str]
) -> None:
    shop.orders("42", "thirds", quantity=quantity)
    assert tuple(net for *_, net in lines(shop)) == parts
    assert total(shop) == f"{10 * int(quantity)}.00"


@pytest.mark.acceptance("C32")
@pytest.mark.acceptance("C36")
def test_a_prorated_bundle_keeps_its_sum_too(shop: Isp) -> None:
    shop.at = MARCH_10
    shop.orders("42", "thirds", quantity="3")
    shop.at = APRIL
    shop.begins_periods()
    assert [net for *_, net in lines(shop)] == ["13.88", "6.93"]
    assert total(shop) == "20.81"
    assert (lines(shop, "2026-04"), total(shop, "2026-04")) == (
        [("Telephony", 3, "6.67", "20.01"), ("Recording", 3, "3.33", "9.99")],
        "30.00",
    )


@pytest.mark.acceptance("C35")
def test_without_a_bundle_nothing_changes(shop: Isp) -> None:
    shop.orders("42", "user", quantity="2")
    before = (lines(shop), total(shop), shop.balance("42"))
    takes(shop, CATALOGUE.replace("share: 15.00", "share: 10.00").replace("User, share: 30.00", "User, share: 35.00"))
    assert (lines(shop), total(shop), shop.balance("42")) == before == ([("User", 2, "30.00", "60.00")], "60.00", "940.00")


@pytest.mark.acceptance("C33")
@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ("      - {name: Telephony, share: 6.67}\n", "two to 20 different names"),
        ("      - {name: A, share: 1}\n      - {name: A, share: 2}\n", "two to 20 different names"),
        ("      - {name: A, share: 0}\n      - {name: B, share: 0}\n", "more than nothing"),
        ("      - {name: A, share: -1}\n      - {name: B, share: 2}\n", "too small"),
        ('      - {name: "", share: 1}\n      - {name: B, share: 2}\n', "it is empty"),
        ("      - {name: A}\n      - {name: B, share: 2}\n", "has no share"),
    ],
)
def test_parts_that_cannot_be_are_refused(isp: Isp, wrong: str, names: str) -> None:
    head, _, tail = CATALOGUE.rpartition("    unbundle:\n")
    text = head + "    unbundle:\n" + wrong + tail[tail.index("    prices:") :]
    assert names in takes(isp, text, exits=2)
    assert isp("products", "list").rows == []


def test_the_parts_come_back_when_the_catalogue_is_exported(shop: Isp) -> None:
    exported = shop("catalogue", "export", "--output", str(shop.folder / "out.yaml"), human=True)
    assert exported.code == 0
    again = shop("catalogue", "import", str(shop.folder / "out.yaml")).row
    assert (again["added"], again["changed"]) == ([], [])
