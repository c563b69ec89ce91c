"""How the stand-in bills: once a day, at half past midnight, the seats that are ordered then, and the day of a suspension too.

Source: ESET's staff on forum.eset.com (30935): ordered seats are billed each day at 00:30 CET, changes before that moment are
free; faq: a suspended licence is billed on the day on which it was suspended, then no more.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from isp_addons_eset.sandbox_msp import Change

CUT = time(0, 30)


class BilledDay(NamedTuple):
    """The seats of one licence that one day costs; the day is the one that has just ended."""

    day: date
    seats: int


def billed(history: Sequence[Change], *, until: int, zone: ZoneInfo) -> Iterator[BilledDay]:
    """The days of a licence that were billed up to *until* (Unix seconds). *history* is in the order of time."""
    if not history:
        return
    day = datetime.fromtimestamp(history[0].at, UTC).astimezone(zone).date()
    before = history[0].at
    while True:
        tick = _cut_of(day, zone)
        if tick > until:
            return
        seats = _seats(history, before, tick)
        if tick > history[0].at and seats:
            yield BilledDay(day - timedelta(days=1), seats)
        before, day = tick, day + timedelta(days=1)


def _seats(history: Sequence[Change], before: int, tick: int) -> int:
    """What stands at the cut; where that is nothing, what stood last since the cut before."""
    standing = [change for change in history if change.at < tick]
    if not standing or standing[-1].seats:
        return standing[-1].seats if standing else 0
    since = [change for change in standing if change.at >= before]
    at_first = [change for change in standing if change.at < before][-1:]
    return next((change.seats for change in reversed([*at_first, *since]) if change.seats), 0)


def _cut_of(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, CUT, tzinfo=zone).timestamp())
