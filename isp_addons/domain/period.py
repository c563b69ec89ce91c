"""Terms and periods. Month arithmetic happens on the account's own wall clock; the answers are UTC."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.relativedelta import relativedelta

from isp_addons.domain.problem import BadInput

LONGEST_TERM = 120
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


def add_months(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """*moment* plus calendar months on the clock of *zone*: 31 January + 1 month = 28 (or 29) February."""
    local = moment.astimezone(zone).replace(tzinfo=None) + relativedelta(months=months)
    return local.replace(tzinfo=zone).astimezone(UTC)


def extend(paid_until: datetime | None, *, now: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Where a renewal of *months* leads: from the old expiry when it has not passed, else from *now*."""
    start = paid_until if paid_until is not None and paid_until > now else now
    return add_months(start, months, zone)
