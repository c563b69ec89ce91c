"""How an add-on that everybody had becomes one for those with a seat: three days, on the account's own calendar."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from isp_addons.domain.problem import BadInput

USUAL_DAYS = ((6, 3), (6, 4), (6, 30))
"""Month and day of `Schedule.assign_from`, ``grace_from`` and ``enforce_from`` where a catalogue names only the year."""


class Phase(StrEnum):
    """Where a day stands: seats cannot be given yet, can be given, must soon be given, and only they count."""

    BEFORE = "before"
    ASSIGN = "assign"
    GRACE = "grace"
    ENFORCED = "enforced"


class Stage(StrEnum):
    """When the owners and admins are reminded of users without a seat."""

    GRACE = "grace"
    WEEK_BEFORE = "week_before"
    DAY_BEFORE = "day_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Seats can be given from ``assign_from``; until ``enforce_from`` everybody keeps access. ``grace_from``: first reminder.

    Each day begins at midnight in the account's time zone.
    """

    assign_from: date
    grace_from: date
    enforce_from: date

    def __post_init__(self) -> None:
        if not self.assign_from <= self.grace_from <= self.enforce_from:
            raise BadInput(
                f"The schedule must stand by day: assign_from {self.assign_from}, grace_from {self.grace_from}, "
                f"enforce_from {self.enforce_from}.",
                code="schedule_order",
            )
        if self.assign_from.year != self.enforce_from.year:
            raise BadInput("The three days of a schedule are of one year.", code="schedule_order")

    def phase(self, at: datetime, zone: ZoneInfo) -> Phase:
        """Where the moment *at* stands on the calendar of *zone*."""
        day = at.astimezone(zone).date()
        if day >= self.enforce_from:
            return Phase.ENFORCED
        if day >= self.grace_from:
            return Phase.GRACE
        return Phase.ASSIGN if day >= self.assign_from else Phase.BEFORE

    def due(self, at: datetime, zone: ZoneInfo) -> Stage | None:
        """The last reminder whose day has come, None before the first and once the schedule is enforced."""
        day = at.astimezone(zone).date()
        if day >= self.enforce_from:
            return None
        days = (
            (self.grace_from, Stage.GRACE),
            (self.enforce_from - timedelta(days=7), Stage.WEEK_BEFORE),
            (self.enforce_from - timedelta(days=1), Stage.DAY_BEFORE),
        )
        come = [(begin, number) for number, (begin, _) in enumerate(days) if self.assign_from <= begin <= day]
        return days[max(come)[1]][1] if come else None


def dated(year: int, days: tuple[tuple[int, int], tuple[int, int], tuple[int, int]] = USUAL_DAYS) -> Schedule:
    """The schedule of *year* with *days* (month, day). Raises `BadInput` (``bad_day``, ``schedule_order``)."""
    try:
        assign, grace, enforce = (date(year, month, day) for month, day in days)
    except ValueError as error:
        raise BadInput(f"A day of the schedule does not exist in {year}: {error}.", code="bad_day") from error
    return Schedule(assign_from=assign, grace_from=grace, enforce_from=enforce)
