"""A bundle's parts add up to the bundle, whatever it costs."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput
from isp_addons.domain.statement import Line, total, unbundled
from isp_addons.domain.unbundling import Part, check_parts, divide

SHARES = st.lists(st.integers(min_value=0, max_value=10**9), min_size=2, max_size=20).filter(any)


def parts(*shares: int) -> list[Part]:
    return [Part(f"part {number}", share) for number, share in enumerate(shares)]


def line(*, net: int, quantity: int = 1, discount: int = 0) -> Line:
    day = date(2026, 6, 1)
    return Line(
        kind="charge",
        subscription=1,
        article="bundle",
        number="",
        first=day,
        last=day,
        quantity=quantity,
        net=net,
        discount=discount,
    )


@settings(deadline=None, max_examples=200)
@given(
    shares=SHARES,
    net=st.integers(min_value=-(10**12), max_value=10**12),
    quantity=st.integers(min_value=1, max_value=10_000),
    discount=st.integers(min_value=0, max_value=10**12),
)
def test_the_sum_is_the_same_before_and_after(shares: list[int], net: int, quantity: int, discount: int) -> None:
    whole = line(net=net, quantity=quantity, discount=discount)
    split = unbundled(whole, parts(*shares))
    assert total(split) == total([whole])
    assert sum(each.discount for each in split) == discount
    assert {each.quantity for each in split} == {quantity}
    assert len(split) == len(shares)


@pytest.mark.parametrize(
    ("net", "shares", "expected"),
    [
        (3000, (667, 333), [2001, 999]),
        (2000, (667, 333), [1334, 666]),
        (9000, (3000, 1500), [6000, 3000]),
        (100, (1, 1, 1), [33, 33, 34]),
        (-100, (1, 1, 1), [-33, -33, -34]),
        (500, (0, 5), [0, 500]),
    ],
)
def test_the_last_part_gets_what_is_left(net: int, shares: tuple[int, ...], expected: list[int]) -> None:
    assert divide(net, parts(*shares)) == expected


def test_nothing_bought_is_no_line_and_without_parts_nothing_changes() -> None:
    assert unbundled(line(net=0, quantity=0), parts(1, 2)) == []
    assert unbundled(line(net=500, quantity=2), []) == [line(net=500, quantity=2)]


@pytest.mark.parametrize("wrong", [parts(1), parts(0, 0), [Part("a", 1), Part("a", 2)], parts(*range(1, 22))])
def test_what_cannot_be_the_parts_of_a_bundle_is_refused(wrong: list[Part]) -> None:
    with pytest.raises(BadInput) as caught:
        check_parts(wrong)
    assert caught.value.code == "bad_parts"
