"""What is given back of a payment whose time is not used up."""

import math
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from isp_addons.domain.money import half_up

_DAY = timedelta(days=1)


def unused_part(*, start: datetime, end: datetime, now: datetime, zone: ZoneInfo) -> Fraction:
    """The share of the days from *start* to *end* that is left at *now*, on the calendar of *zone*; a day begun is used."""
    days = _days(start, end, zone)
    used = min(max(_days(start, now, zone), 0), days)
    return Fraction(days - used, days) if days > 0 else Fraction(0)


def unused(amount: int, *, start: datetime, end: datetime, now: datetime, zone: ZoneInfo) -> int:
    """What is given back of *amount* (minor units), rounded half up: 6.00 for 30 days, stopped after 10, are 4.00."""
    return half_up(amount * unused_part(start=start, end=end, now=now, zone=zone))


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Days begun, as the calendar of *zone* counts them, however long the clock makes them."""
    return math.ceil((end.astimezone(zone).replace(tzinfo=None) - start.astimezone(zone).replace(tzinfo=None)) / _DAY)
