"""What is given back of a payment whose time is not used up."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.refund import unused, unused_part

UTC_ZONE, KYIV = ZoneInfo("UTC"), ZoneInfo("Europe/Kyiv")
APRIL, MAY = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


def april(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "back"),
    [
        (april(11), 400),
        (april(11, 1), 380),
        (april(30, 1), 0),
        (MAY, 0),
        (MAY + timedelta(days=9), 0),
        (APRIL, 600),
        (april(30), 20),
    ],
)
def test_a_day_that_has_begun_is_used(now: datetime, back: int) -> None:
    assert unused(600, start=APRIL, end=MAY, now=now, zone=UTC_ZONE) == back


def test_what_has_not_begun_yet_goes_back_whole() -> None:
    assert unused(600, start=APRIL, end=MAY, now=APRIL - timedelta(days=3), zone=UTC_ZONE) == 600


def test_half_a_cent_is_rounded_up() -> None:
    assert unused(1, start=APRIL, end=MAY, now=april(16), zone=UTC_ZONE) == 1
    assert unused(1, start=APRIL, end=MAY, now=april(17), zone=UTC_ZONE) == 0


@pytest.mark.parametrize(("month", "days"), [(3, 31), (10, 31)])
def test_a_day_of_23_or_25_hours_is_a_day(month: int, days: int) -> None:
    start, end = (datetime(2026, each, 1, tzinfo=KYIV) for each in (month, month + 1))
    last = datetime(2026, month, days, tzinfo=KYIV)
    assert unused(3100, start=start, end=end, now=last, zone=KYIV) == 100
    assert unused(3100, start=start, end=end, now=start, zone=KYIV) == 3100


@given(
    amount=st.integers(0, 10**9),
    days=st.integers(1, 400),
    hours=st.integers(-100, 12_000),
    later=st.integers(0, 1000),
    zone=st.sampled_from([UTC_ZONE, KYIV]),
)
def test_never_more_than_was_paid_and_ever_less_with_time(
    amount: int, days: int, hours: int, later: int, zone: ZoneInfo
) -> None:
    end, now = APRIL + timedelta(days=days), APRIL + timedelta(hours=hours)
    part = unused_part(start=APRIL, end=end, now=now, zone=zone)
    assert 0 <= part <= 1
    back = unused(amount, start=APRIL, end=end, now=now, zone=zone)
    assert 0 <= back <= amount
    assert unused(amount, start=APRIL, end=end, now=now + timedelta(hours=later), zone=zone) <= back
