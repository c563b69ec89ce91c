"""What part of a period is paid when something begins in the middle of it; one rule for each product."""

import math
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from isp_addons.domain.period import DAYS_OF_MONTH
from isp_addons.domain.problem import Refused

MONTH = timedelta(days=DAYS_OF_MONTH)
"""A month where months are counted in days; a year is twelve of them."""


class Proration(StrEnum):
    """``by_time``: to the second. ``by_day``: days begun. ``whole_months``: months of 30 days begun. ``none``: the whole."""

    BY_TIME = "by_time"
    BY_DAY = "by_day"
    WHOLE_MONTHS = "whole_months"
    NONE = "none"


def months_left(*, now: datetime, end: datetime) -> int:
    """How many months of 30 days are left until *end*, begun ones counted whole: 50 days are 2.

    Raises `Refused` (``renew_first``) when nothing is left.
    """
    if end <= now:
        raise Refused(f"The period ended at {end.isoformat()}; renew it first.", code="renew_first")
    return math.ceil(math.ceil((end - now) / timedelta(days=1)) / (MONTH / timedelta(days=1)))


def months_to_pay(rule: Proration, *, now: datetime, start: datetime, end: datetime, months: int) -> Fraction:
    """How many months are paid for what begins at *now* in the period from *start* to *end*, which is *months* long.

    Raises `Refused` (``renew_first``) when nothing of the period is left.
    """
    if end <= now:
        raise Refused(f"The period ended at {end.isoformat()}; renew it first.", code="renew_first")
    if rule is Proration.NONE or now <= start:
        return Fraction(months)
    if rule is Proration.WHOLE_MONTHS:
        return Fraction(min(months_left(now=now, end=end), months))
    if rule is Proration.BY_DAY:
        day = timedelta(days=1)
        return months * min(Fraction(math.ceil((end - now) / day), math.ceil((end - start) / day)), Fraction(1))
    return months * Fraction(int((end - now).total_seconds()), int((end - start).total_seconds()))
