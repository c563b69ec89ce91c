"""From when rights can be delegated, and how much fits into a bundle."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.bundle import Bundle
from isp_addons.domain.delegation import is_open
from isp_addons.domain.problem import Refused


@pytest.mark.parametrize(
    ("zone", "first_moment"),
    [
        ("UTC", datetime(2026, 12, 31, tzinfo=UTC)),
        ("Europe/Kyiv", datetime(2026, 12, 30, 22, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 12, 31, 5, tzinfo=UTC)),
    ],
)
def test_delegation_opens_with_the_first_moment_of_its_day(zone: str, first_moment: datetime) -> None:
    def open_at(moment: datetime) -> bool:
        return is_open(date(2026, 12, 31), at=moment, zone=ZoneInfo(zone))

    assert not open_at(first_moment - timedelta(microseconds=1))
    assert open_at(first_moment)
    assert open_at(first_moment + timedelta(days=400))


@settings(deadline=None, max_examples=50)
@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_without_a_day_it_never_opens(moment: datetime) -> None:
    assert not is_open(None, at=moment, zone=ZoneInfo("UTC"))


@settings(deadline=None, max_examples=100)
@given(size=st.integers(1, 10_000), active=st.integers(0, 10_000), more=st.integers(1, 10))
def test_a_bundle_takes_what_fits_and_no_more(size: int, active: int, more: int) -> None:
    bundle = Bundle(size=size, active=active)

    if active + more <= size:
        bundle.check_fits(more)
    else:
        with pytest.raises(Refused) as caught:
            bundle.check_fits(more)
        assert caught.value.code == "bundle_full"
    assert bundle.is_idle == (active == 0)
