"""Terms and periods. Month arithmetic happens on the account's own wall clock; the answers are UTC."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.relativedelta import relativedelta

from isp_addons.domain.problem import BadInput

LONGEST_TERM = 120
DAYS_OF_MONTH = 30
_WHOLE = re.compile(r"[1-9][0-9]{0,9}")


def time_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name such as ``Europe/Kyiv``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"{name!r} is not a time zone; write an IANA name such as Europe/Kyiv.", code="bad_zone") from error


def parse_moment(text: str) -> datetime:
    """Read ``2026-12-31T21:00+03:00`` as UTC. A time without a zone is refused: it means another moment to each reader."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a time such as 2026-12-31T21:00+03:00.", code="bad_time") from error
    if moment.tzinfo is None:
        raise BadInput(f"The time {text!r} has no zone; write for example {text}+03:00 or {text}Z.", code="naive_time")
    if not 1970 <= moment.year < 3000:
        raise BadInput(f"The year of {text!r} is not from 1970 to 2999.", code="bad_time")
    return moment.astimezone(UTC).replace(microsecond=0)


def parse_whole(text: str, *, name: str, most: int) -> int:
    """Read a plain positive whole number of at most *most*; anything else (0, −1, 1.5, ``1e3``, ``５``) is refused."""
    if not _WHOLE.fullmatch(text) or int(text) > most:
        raise BadInput(f"The {name} {text!r} is not a whole number from 1 to {most}.", code=f"bad_{name.replace(' ', '_')}")
    return int(text)


class Month(StrEnum):
    """What a month of a term is: one of the calendar, or 30 days, so that a year is 360."""

    CALENDAR = "calendar"
    DAYS_30 = "30_days"


def add_months(moment: datetime, months: int, zone: ZoneInfo, *, rule: Month = Month.CALENDAR) -> datetime:
    """*moment* plus months on the clock of *zone*; calendar months: 31 January + 1 month = 28 (or 29) February."""
    more = relativedelta(months=months) if rule is Month.CALENDAR else relativedelta(days=DAYS_OF_MONTH * months)
    local = moment.astimezone(zone).replace(tzinfo=None) + more
    return local.replace(tzinfo=zone).astimezone(UTC)


def next_term(
    paid_until: datetime | None,
    *,
    now: datetime,
    months: int,
    zone: ZoneInfo,
    rule: Month = Month.CALENDAR,
    goes_on: bool = False,
) -> tuple[datetime, datetime]:
    """From when to when a renewal of *months* is: from the old expiry when it has not passed or it *goes_on*, else from now."""
    start = paid_until if paid_until is not None and (goes_on or paid_until > now) else now
    return start, add_months(start, months, zone, rule=rule)
