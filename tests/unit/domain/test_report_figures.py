"""The figures of a month, and which months a report has."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.report import Column, Figures, months, total

FIGURES = st.builds(
    Figures,
    income=st.integers(-(10**12), 10**12),
    purchases=st.integers(-(10**12), 10**12),
    units=st.dictionaries(st.sampled_from(["internal", "external", "seat"]), st.integers(0, 10_000)),
)


@given(parts=st.lists(FIGURES))
def test_what_is_left_of_the_sum_is_the_sum_of_what_is_left(parts: list[Figures]) -> None:
    everything = total(parts)
    assert everything.margin == everything.income - everything.purchases == sum(each.margin for each in parts)
    assert everything.total == sum(each.total for each in parts)


@given(one=FIGURES, other=FIGURES)
def test_the_order_does_not_matter(one: Figures, other: Figures) -> None:
    assert one + other == other + one


@pytest.mark.parametrize(
    ("income", "units", "average"),
    [(45_000, {"a": 200, "b": 100}, 150), (10_150, {"a": 51}, 199), (5, {}, None), (5, {"a": 0}, None)],
)
def test_the_average_is_rounded_once_and_nothing_without_units(income: int, units: dict[str, int], average: int | None) -> None:
    assert Figures(income=income, units=units).average == average


@pytest.mark.parametrize(
    ("today", "count", "told"),
    [
        (date(2026, 1, 31), 1, ["2026-01 current", "2026-02 forecast"]),
        (date(2026, 1, 31), 3, ["2025-11 earlier", "2025-12 last", "2026-01 current", "2026-02 forecast"]),
        (date(2026, 12, 1), 2, ["2026-11 last", "2026-12 current", "2027-01 forecast"]),
    ],
)
def test_the_months_of_a_report(today: date, count: int, told: list[str]) -> None:
    assert [f"{month} {column}" for month, column in months(today, count)] == told


def test_six_months_are_six_and_the_next() -> None:
    assert [column for _, column in months(date(2026, 3, 15), 6)] == [
        *[Column.EARLIER] * 4,
        Column.LAST,
        Column.CURRENT,
        Column.FORECAST,
    ]
