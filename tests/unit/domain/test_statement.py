"""Months on the account's own clock, and the days that a line is for."""

from datetime import UTC, date, datetime

import pytest

from isp_addons.domain.period import time_zone
from isp_addons.domain.problem import BadInput
from isp_addons.domain.statement import Line, days, parse_month

KYIV = time_zone("Europe/Kyiv")


@pytest.mark.parametrize(
    ("month", "last"),
    [
        ("2026-06", date(2026, 6, 30)),
        ("2026-02", date(2026, 2, 28)),
        ("2028-02", date(2028, 2, 29)),
        ("2026-12", date(2026, 12, 31)),
    ],
)
def test_a_statement_is_dated_on_the_last_day(month: str, last: date) -> None:
    assert parse_month(month).last == last
    assert str(parse_month(month)) == month


def test_a_month_begins_at_midnight_of_the_account_whatever_its_clock_does_meanwhile() -> None:
    first, over = parse_month("2026-03").bounds(KYIV)
    assert first == datetime(2026, 2, 28, 22, tzinfo=UTC)
    assert over == datetime(2026, 3, 31, 21, tzinfo=UTC), "summer time began on the 29th"


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", "0001-01", "", "２０２６-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_month(text)
    assert caught.value.code == "bad_month"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-01T00:00", "2026-04-01T00:00", ("2026-03-01", "2026-03-31")),
        ("2026-03-10T12:00", "2026-04-01T00:00", ("2026-03-10", "2026-03-31")),
        ("2026-03-10T12:00", "2026-03-10T12:00", ("2026-03-10", "2026-03-10")),
    ],
)
def test_a_period_is_told_by_its_first_and_last_day(start: str, end: str, expected: tuple[str, str]) -> None:
    moments = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end)]
    assert tuple(str(each) for each in days(*moments, time_zone("UTC"))) == expected


def test_the_unit_price_is_told_before_the_discount() -> None:
    day = date(2026, 6, 1)
    line = Line(kind="charge", subscription=1, article="a", number="", first=day, last=day, quantity=3, net=900, discount=300)
    assert line.unit_price == 400
