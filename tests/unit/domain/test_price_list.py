"""Graduated prices: each range prices only the units that fall into it; ranges without a gap or an overlap."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.price_list import PriceList, PriceRange, flat
from isp_addons.domain.problem import BadInput, Refused

SCANS = PriceList((PriceRange(1, 50, 200), PriceRange(51, 250, 150), PriceRange(251, 300, 100)))


@st.composite
def price_lists(draw: st.DrawFn) -> PriceList:
    lengths = draw(st.lists(st.integers(1, 400), min_size=1, max_size=6))
    ranges, first = [], 1
    for length in lengths:
        ranges.append(PriceRange(first, first + length - 1, draw(st.integers(0, 10_000))))
        first += length
    if draw(st.booleans()):
        ranges[-1] = PriceRange(ranges[-1].first, None, ranges[-1].unit_price)
    return PriceList(tuple(ranges))


@pytest.mark.parametrize(
    ("quantity", "price"),
    [(0, 0), (1, 200), (50, 10_000), (51, 10_150), (200, 32_500), (250, 40_000), (251, 40_100), (300, 45_000)],
)
def test_each_range_prices_only_its_own_units(quantity: int, price: int) -> None:
    assert SCANS.price(quantity) == price


@pytest.mark.parametrize(("quantity", "average"), [(300, Fraction(150)), (51, Fraction(10_150, 51)), (0, None)])
def test_the_average_of_no_units_is_none(quantity: int, average: Fraction | None) -> None:
    assert SCANS.average(quantity) == average


def test_above_the_last_range_there_is_no_price() -> None:
    with pytest.raises(Refused, match="There is no price for 301: the price list ends at 300") as caught:
        SCANS.price(301)
    assert caught.value.code == "no_price"


def test_an_open_last_range_prices_any_quantity() -> None:
    assert flat(200).price(10_000_000) == 2_000_000_000


@pytest.mark.parametrize(
    ("ranges", "code", "says"),
    [
        ([(1, 50), (51, 200), (251, 300)], "price_gap", "The ranges 51-200 and 251-300 leave a gap: 201-250 has no price."),
        ([(1, 50), (52, 60)], "price_gap", "leave a gap: 51 has no price."),
        ([(1, 50), (50, 60)], "price_overlap", "The ranges 1-50 and 50-60 overlap: both price 50."),
        ([(1, None), (51, 60)], "price_overlap", "Only the last range may be open, but from 1 is followed by 51-60."),
        ([(2, 50)], "price_start", "The first range is 2-50; a price list starts at 1."),
        ([(1, 0)], "price_range", "The range 1-0 ends before it begins."),
        ([], "price_range", "at least one range"),
    ],
)
def test_ranges_that_cannot_be_are_refused_by_name(ranges: list[tuple[int, int | None]], code: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        PriceList(tuple(PriceRange(first, last, 100) for first, last in ranges))
    assert says in caught.value.message
    assert caught.value.code == code


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(BadInput, match="negative"):
        flat(-1)


@pytest.mark.parametrize(
    ("unit_price", "per_months", "discount", "price"),
    [
        (1000, 1, Fraction(1, 4), 4500),  # 3 more, 2 months, 10.00 a month, 25 % off
        (12_000, 12, Fraction(1, 4), 4500),  # the same from a price for a year
        (10_000, 12, Fraction(0), 5000),  # 100.00 a year is 8.333… a month: rounded once, at the end
    ],
)
def test_a_line_is_rounded_once(unit_price: int, per_months: int, discount: Fraction, price: int) -> None:
    assert flat(unit_price, per_months=per_months).less(discount).price_of_more(3, beyond=5, months=2) == price


def test_five_for_a_year_with_a_fifth_off() -> None:
    assert flat(1000).less(Fraction(1, 5)).price_for(5, months=12) == 48_000


@given(price_lists(), st.integers(0, 1000), st.integers(0, 1000))
def test_more_never_costs_less(prices: PriceList, one: int, other: int) -> None:
    last = prices.ranges[-1].last or 2000
    less, more = sorted((min(one, last), min(other, last)))
    assert prices.price(less) <= prices.price(more)


@given(price_lists(), st.integers(0, 500), st.integers(0, 500))
def test_what_is_added_costs_the_difference(prices: PriceList, there: int, extra: int) -> None:
    last = prices.ranges[-1].last or 2000
    there = min(there, last)
    extra = min(extra, last - there)
    assert prices.price_of_more(extra, beyond=there, months=1) == prices.price(there + extra) - prices.price(there)


@given(price_lists(), st.integers(0, 1000))
def test_a_quantity_costs_the_sum_of_its_units(prices: PriceList, quantity: int) -> None:
    quantity = min(quantity, prices.ranges[-1].last or 2000)
    one_by_one = sum(
        next(each.unit_price for each in prices.ranges if each.first <= unit and (each.last is None or unit <= each.last))
        for unit in range(1, quantity + 1)
    )
    assert prices.price(quantity) == one_by_one
