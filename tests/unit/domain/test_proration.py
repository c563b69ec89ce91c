"""What begins in the middle of a period pays for what is left of it, by its product's rule."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import Refused
from isp_addons.domain.proration import Proration, months_left, months_to_pay

END = datetime(2027, 1, 1, tzinfo=UTC)
NOVEMBER = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "months"),
    [(1, 1), (30, 1), (31, 2), (50, 2), (59, 2), (60, 2), (61, 3), (331, 12), (360, 12), (0.1, 1), (30.5, 2)],
)
def test_months_begun_count_whole(days: float, months: int) -> None:
    assert months_left(now=END - timedelta(days=days), end=END) == months


@pytest.mark.parametrize("rule", list(Proration))
def test_what_is_over_must_be_renewed_first(rule: Proration) -> None:
    with pytest.raises(Refused, match="renew it first") as caught:
        months_to_pay(rule, now=END, start=END - timedelta(days=30), end=END, months=1)
    assert caught.value.code == "renew_first"


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        (Proration.NONE, Fraction(1)),
        (Proration.WHOLE_MONTHS, Fraction(1)),
        (Proration.BY_DAY, Fraction(20, 30)),
        (Proration.BY_TIME, Fraction(39, 60)),
    ],
)
def test_what_begins_on_the_eleventh_at_noon(rule: Proration, part: Fraction) -> None:
    now = datetime(2026, 11, 11, 12, tzinfo=UTC)
    assert months_to_pay(rule, now=now, start=NOVEMBER[0], end=NOVEMBER[1], months=1) == part


@given(
    st.sampled_from(list(Proration)),
    st.integers(1, 366),
    st.integers(0, 400 * 86_400),
    st.integers(0, 400 * 86_400),
    st.sampled_from([1, 3, 12]),
)
def test_what_begins_later_never_pays_more(rule: Proration, days: int, one: int, other: int, months: int) -> None:
    start, end = END - timedelta(days=days), END
    sooner, later = sorted(END - timedelta(seconds=max(each, 1)) for each in (one, other))
    paid = [months_to_pay(rule, now=now, start=start, end=end, months=months) for now in (sooner, later)]
    assert months >= paid[0] >= paid[1] > 0


@given(seconds=st.integers(1, 3 * 360 * 86_400))
def test_begun_months_of_30_days_are_counted_whole(seconds: int) -> None:
    left, month = timedelta(seconds=seconds), timedelta(days=30)
    months = months_left(now=END - left, end=END)
    assert (months - 1) * month < left <= months * month
