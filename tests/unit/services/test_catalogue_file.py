"""The catalogue's file: read as a whole with every problem named by line, and written so that it reads the same."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.catalogue import DatedPrices, Kind, ProductTerms, WhileSuspended
from isp_addons.domain.price_list import PriceList, PriceRange
from isp_addons.domain.problem import BadInput
from isp_addons.domain.proration import Proration
from isp_addons.services import catalogue_file
from isp_addons.services.located_yaml import read_text

HEAD = "catalogue: 1\ncurrency: EUR\nproducts:\n"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_it(text: str) -> list[ProductTerms]:
        path = tmp_path / "catalogue.yaml"
        path.write_text(text, encoding="utf-8")
        return catalogue_file.read(path, currency="EUR")

    return read_it


def problems(read: Any, text: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read(text)
    assert caught.value.code in ("bad_file", "price_gap")
    return caught.value.message.splitlines()


def test_a_product_needs_a_kind_and_a_price_and_nothing_more(read: Any) -> None:
    (found,) = read(HEAD + "  av:\n    kind: other\n    prices: 150.00\n")
    assert found == ProductTerms(
        code="av",
        name="av",
        kind=Kind.OTHER,
        prices=(DatedPrices(date(1970, 1, 1), PriceList((PriceRange(1, None, 15_000),))),),
    )


def test_everything_can_be_said(read: Any) -> None:
    (found,) = read(
        HEAD
        + """\
  scan:
    name: Vulnerability scan
    article: {name: Schwachstellen-Scan, number: GCS-1}
    vendor: greenbone
    kind: quantity
    split: [internal, external]
    quantity: {least: 10, most: 300}
    terms: [12, 1]
    proration: whole_months
    trial_days: 14
    tariffs: [business]
    priority: 2
    while_suspended: full
    on_sale: no
    resale: yes
    options: {mode: gmp, id: 0815}
    prices:
      - valid_from: 2026-01-01
        per: year
        ranges: [{first: 1, last: 50, price: 24.00}, {first: 51, price: 18.00}]
      - valid_from: 2027-01-01
        ranges: [{first: 1, price: 2.50}]
"""
    )
    assert found == ProductTerms(
        code="scan",
        name="Vulnerability scan",
        kind=Kind.QUANTITY,
        prices=(
            DatedPrices(date(2026, 1, 1), PriceList((PriceRange(1, 50, 2400), PriceRange(51, None, 1800)), per_months=12)),
            DatedPrices(date(2027, 1, 1), PriceList((PriceRange(1, None, 250),))),
        ),
        vendor="greenbone",
        article_name="Schwachstellen-Scan",
        article_number="GCS-1",
        terms=(1, 12),
        proration=Proration.WHOLE_MONTHS,
        trial_days=14,
        tariffs=("business",),
        priority=2,
        while_suspended=WhileSuspended.FULL,
        least=10,
        most=300,
        split=("internal", "external"),
        on_sale=False,
        resale=True,
        options={"mode": "gmp", "id": "0815"},
    )


def test_json_is_read_as_well(read: Any) -> None:
    (found,) = read('{"catalogue": 1, "currency": "EUR", "products": {"av": {"kind": "seat", "prices": "1.50"}}}')
    assert (found.code, found.prices[0].prices.price(2)) == ("av", 300)


def test_every_problem_is_named_by_its_line_in_their_order(read: Any) -> None:
    text = """\
  scan:
    kind: quantity
    prices:
      - ranges:
          - {first: 1, last: 50, price: 2.00}
          - {first: 51, last: 200, price: 1.505}
  av:
    kind: seet
    price: 3
    quantity: {least: 0}
    terms: [1, 1.5, １]
"""
    assert problems(read, HEAD + text) == [
        "catalogue.yaml:9: a price range of scan, price: The amount '1.505' has more decimals than EUR has: at most 2.",
        "catalogue.yaml:11: av has no prices.",
        "catalogue.yaml:11: av, kind: 'seet' is not one of seat, account_wide, quantity, device, code, other.",
        "catalogue.yaml:12: av: 'price' is not known; did you mean prices?",
        "catalogue.yaml:13: the quantity of av, least: The number '0' is not a whole number from 1 to 10000.",
        "catalogue.yaml:14: av, terms: The number '1.5' is not a whole number from 1 to 120.",
    ]


def test_ranges_with_a_gap_are_refused_by_name(read: Any) -> None:
    text = """\
  scan:
    kind: quantity
    prices:
      - ranges: [{first: 1, last: 50, price: 2}, {first: 51, last: 200, price: 1.5}, {first: 251, last: 300, price: 1}]
"""
    assert problems(read, HEAD + text) == ["catalogue.yaml:7: The ranges 51-200 and 251-300 leave a gap: 201-250 has no price."]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "catalogue.yaml is empty."),
        ("catalogue: 1\n  currency: EUR\n", "catalogue.yaml:2: mapping values are not allowed here."),
        ("catalogue: 2\ncurrency: EUR\nproducts: {}\n", "catalogue.yaml:1: the catalogue, catalogue: the version '2' is not 1"),
        ("catalogue: 1\ncurrency: USD\nproducts: {}\n", "the prices are in USD, but this installation's currency is EUR."),
        ("catalogue: 1\ncurrency: EUR\n", "catalogue.yaml:1: the catalogue has no products."),
        ("- a\n- b\n", "catalogue.yaml:1: the catalogue: names with values are expected here."),
        (HEAD + "  av: &a {kind: seat, prices: 1}\n  b: *a\n", "catalogue.yaml:5: aliases are not read."),
        (HEAD + "  av: {kind: seat, prices: 1}\n  av: {}\n", "catalogue.yaml:5: 'av' stands in line 4 already."),
        (HEAD + "  av: {kind: seat, split: [a, b], prices: 1}\n", "only a quantity can be split."),
        (HEAD + "  av: {kind: seat, prices: -1}\n", "is too small: at least 0.00."),
        (HEAD + "  av: {kind: seat, prices: 1, article: {number: 5}}\n", "the article of av has no name."),
        (HEAD + "  av: {kind: seat, prices: [{valid_from: soon, ranges: []}]}\n", "'soon' is not a day such as 2027-01-01."),
        (HEAD + '  "a\\u0007b": {kind: seat, prices: 1}\n', "is not 1 to 64 printable characters."),
        ("[" * 5000, "catalogue.yaml is nested too deeply."),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_line(read: Any, text: str, says: str) -> None:
    assert says in "\n".join(problems(read, text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="is not UTF-8"):
        catalogue_file.read(path, currency="EUR")
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        catalogue_file.read(tmp_path / "missing.yaml", currency="EUR")


def test_more_than_twenty_problems_are_counted(read: Any) -> None:
    found = problems(read, HEAD + "".join(f"  p{number}: {{}}\n" for number in range(30)))
    assert len(found) == 21
    assert found[-1] == "… and 40 more."


def test_a_plain_value_stays_what_was_written() -> None:
    fields = read_text("a: 0815\nb: 1e3\nc: yes\nd: 2026-01-01\ne:\n", name="x").fields()
    assert [each.text() for each in fields.values()] == ["0815", "1e3", "yes", "2026-01-01", ""]


_names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
_ranges = st.lists(st.integers(1, 500), min_size=1, max_size=4).flatmap(
    lambda lengths: st.tuples(st.just(lengths), st.lists(st.integers(0, 10**6), min_size=len(lengths), max_size=len(lengths)))
)


@st.composite
def _terms(draw: st.DrawFn) -> ProductTerms:
    lengths, prices = draw(_ranges)
    firsts = [sum(lengths[:number]) + 1 for number in range(len(lengths))]
    ranges = [
        PriceRange(first, first + length - 1, price) for first, length, price in zip(firsts, lengths, prices, strict=True)
    ]
    if draw(st.booleans()):
        ranges[-1] = PriceRange(ranges[-1].first, None, ranges[-1].unit_price)
    days = sorted(draw(st.sets(st.dates(date(1971, 1, 1), date(2100, 1, 1)), min_size=1, max_size=3)))
    return ProductTerms(
        code=draw(_names),
        name=draw(_names),
        kind=Kind.QUANTITY,
        prices=tuple(DatedPrices(day, PriceList(tuple(ranges), draw(st.sampled_from([1, 12])))) for day in days),
        terms=tuple(sorted(draw(st.sets(st.integers(1, 120), min_size=1, max_size=4)))),
        tariffs=tuple(draw(st.lists(_names, max_size=2))),
        trial_days=draw(st.integers(0, 365)),
        split=draw(st.sampled_from([(), ("internal", "external")])),
        on_sale=draw(st.booleans()),
        resale=draw(st.booleans()),
        options=draw(st.dictionaries(_names, _names, max_size=3)),
    )


@given(st.lists(_terms(), max_size=3, unique_by=lambda terms: terms.code))
def test_what_is_written_is_read_as_the_same(products: list[ProductTerms]) -> None:
    text = catalogue_file.write(products, currency="EUR")
    assert catalogue_file.parse(read_text(text, name="x"), currency="EUR") == products
