"""The stand-in's bill: what one licence costs, day by day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from isp_addons_eset.sandbox_billing import billed
from isp_addons_eset.sandbox_msp import Change

BRATISLAVA = ZoneInfo("Europe/Bratislava")


def at(text: str) -> int:
    """Unix seconds of a moment in Bratislava."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BRATISLAVA).timestamp())


def bill(*changes: tuple[str, int], until: str = "2026-03-14 12:00") -> dict[int, int]:
    """Seats by the day of March."""
    history = [Change(at(moment), seats, "") for moment, seats in changes]
    return {each.day.day: each.seats for each in billed(history, until=at(until), zone=BRATISLAVA)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("2026-03-10 12:00", 3)], {10: 3, 11: 3, 12: 3, 13: 3}),
        ([("2026-03-11 00:10", 3)], {10: 3, 11: 3, 12: 3, 13: 3}),  # ordered before the cut: the day before is billed
        ([("2026-03-11 00:30", 3)], {11: 3, 12: 3, 13: 3}),
        ([("2026-03-10 12:00", 3), ("2026-03-12 09:00", 5)], {10: 3, 11: 3, 12: 5, 13: 5}),
        ([("2026-03-10 12:00", 3), ("2026-03-12 09:00", 9), ("2026-03-12 23:00", 4)], {10: 3, 11: 3, 12: 4, 13: 4}),
        ([("2026-03-10 12:00", 3), ("2026-03-12 09:00", 0)], {10: 3, 11: 3, 12: 3}),
        ([("2026-03-10 12:00", 3), ("2026-03-12 00:10", 0)], {10: 3, 11: 3}),  # before the cut: still the day before
        ([("2026-03-10 12:00", 3), ("2026-03-10 13:00", 0)], {10: 3}),
        ([("2026-03-10 12:00", 3), ("2026-03-11 09:00", 0), ("2026-03-13 09:00", 3)], {10: 3, 11: 3, 13: 3}),
        ([("2026-03-10 12:00", 3), ("2026-03-11 09:00", 0), ("2026-03-11 10:00", 3)], {10: 3, 11: 3, 12: 3, 13: 3}),
        ([("2026-03-10 12:00", 0)], {}),
        ([], {}),
    ],
)
def test_what_stands_at_the_cut_is_billed_and_the_day_of_a_suspension(
    changes: list[tuple[str, int]], expected: dict[int, int]
) -> None:
    assert bill(*changes) == expected


def test_the_days_on_which_the_clock_is_changed_are_billed_once() -> None:
    history = [Change(int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()), 1, "")]
    days = [each.day for each in billed(history, until=int(datetime(2027, 1, 1, 12, tzinfo=UTC).timestamp()), zone=BRATISLAVA)]
    assert (len(days), len(set(days)), days[0], days[-1]) == (365, 365, date(2026, 1, 1), date(2026, 12, 31))
