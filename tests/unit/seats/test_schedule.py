"""Schedules on the account's own calendar: when seats can be given, when only they count, and when somebody is reminded."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput
from isp_addons.domain.schedule import Phase, Schedule, Stage, dated

USUAL = dated(2026)
KYIV, UTC_ZONE = ZoneInfo("Europe/Kyiv"), ZoneInfo("UTC")


def test_the_usual_days_are_in_june() -> None:
    assert Schedule(assign_from=date(2026, 6, 3), grace_from=date(2026, 6, 4), enforce_from=date(2026, 6, 30)) == USUAL


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        ("2026-01-01T00:00:00", Phase.BEFORE),
        ("2026-06-02T23:59:59", Phase.BEFORE),
        ("2026-06-03T00:00:00", Phase.ASSIGN),
        ("2026-06-04T00:00:00", Phase.GRACE),
        ("2026-06-29T23:59:59", Phase.GRACE),
        ("2026-06-30T00:00:00", Phase.ENFORCED),
        ("2031-01-01T00:00:00", Phase.ENFORCED),
    ],
)
def test_each_day_begins_at_midnight_of_the_account(moment: str, phase: Phase) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=KYIV)
    assert USUAL.phase(at, KYIV) is phase
    assert USUAL.phase(at.astimezone(UTC), KYIV) is phase


def test_the_same_moment_is_another_day_elsewhere() -> None:
    at = datetime(2026, 6, 29, 21, 30, tzinfo=UTC)
    assert (USUAL.phase(at, KYIV), USUAL.phase(at, UTC_ZONE)) == (Phase.ENFORCED, Phase.GRACE)


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        (3, None),
        (4, Stage.GRACE),
        (22, Stage.GRACE),
        (23, Stage.WEEK_BEFORE),
        (28, Stage.WEEK_BEFORE),
        (29, Stage.DAY_BEFORE),
        (30, None),
    ],
)
def test_the_last_reminder_whose_day_has_come_is_due(day: int, stage: Stage | None) -> None:
    assert USUAL.due(datetime(2026, 6, day, tzinfo=UTC), UTC_ZONE) is stage


def test_a_short_schedule_reminds_of_nothing_before_seats_can_be_given() -> None:
    short = dated(2026, ((6, 28), (6, 29), (6, 30)))
    stages = [short.due(datetime(2026, 6, day, tzinfo=UTC), UTC_ZONE) for day in (23, 27, 28, 29, 30)]
    assert stages == [None, None, None, Stage.DAY_BEFORE, None]
    assert dated(2026, ((6, 30), (6, 30), (6, 30))).due(datetime(2026, 6, 30, tzinfo=UTC), UTC_ZONE) is None


@pytest.mark.parametrize("days", [((6, 3), (6, 4), (6, 2)), ((6, 3), (6, 2), (6, 30)), ((7, 1), (6, 4), (6, 30))])
def test_days_that_do_not_stand_in_order_are_refused(days: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]) -> None:
    with pytest.raises(BadInput) as caught:
        dated(2026, days)
    assert caught.value.code == "schedule_order"


def test_a_day_that_does_not_exist_is_refused_and_a_leap_day_is_one() -> None:
    assert dated(2028, ((2, 29), (3, 1), (3, 2))).assign_from == date(2028, 2, 29)
    with pytest.raises(BadInput) as caught:
        dated(2026, ((2, 29), (3, 1), (3, 2)))
    assert caught.value.code == "bad_day"


@settings(deadline=None, max_examples=100)
@given(hours=st.integers(0, 24 * 40), later=st.integers(0, 24 * 10))
def test_time_only_ever_leads_on(hours: int, later: int) -> None:
    order = list(Phase)
    first = datetime(2026, 5, 25, tzinfo=UTC) + timedelta(hours=hours)
    phases = [USUAL.phase(each, KYIV) for each in (first, first + timedelta(hours=later))]
    assert order.index(phases[0]) <= order.index(phases[1])
