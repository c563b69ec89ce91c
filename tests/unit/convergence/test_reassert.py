"""When a suspension is asked for again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.convergence.answers import reassert_at, seen_by
from isp_addons.vendor_api import SeenLicence, SeenState

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lasts", "again"),
    [
        (timedelta(days=365), timedelta(days=335)),
        (timedelta(days=60), timedelta(days=30)),
        (timedelta(days=10), timedelta(days=5)),
        (timedelta(hours=1), timedelta(minutes=30)),
        (timedelta(seconds=10), timedelta(minutes=1)),
        (-timedelta(days=3), timedelta(minutes=1)),
    ],
)
def test_it_is_asked_for_thirty_days_before_it_ends_or_half_way(lasts: timedelta, again: timedelta) -> None:
    assert reassert_at(NOW + lasts, NOW) == NOW + again


def test_a_suspension_without_end_is_not_asked_for_again() -> None:
    assert reassert_at(None, NOW) is None


@given(st.timedeltas(min_value=timedelta(minutes=2), max_value=timedelta(days=20_000)))
def test_it_is_asked_for_before_it_ends_and_not_at_once(lasts: timedelta) -> None:
    again = reassert_at(NOW + lasts, NOW)
    assert again is not None
    assert NOW < again < NOW + lasts


@pytest.mark.parametrize(
    ("begins", "wanted_from", "again"),
    [
        (None, None, False),
        (timedelta(days=5), None, True),
        (timedelta(days=5), timedelta(days=5), False),
        (timedelta(days=6), timedelta(days=5), True),
    ],
)
def test_one_that_begins_later_than_wanted_is_asked_for_at_once(
    begins: timedelta | None, wanted_from: timedelta | None, again: bool
) -> None:
    has = SeenLicence(key="k", state=SeenState.SUSPENDED, suspended_from=NOW + begins if begins else None)
    seen = seen_by(has, NOW + wanted_from if wanted_from else None, NOW)
    assert (seen.reassert_at == NOW) is again
