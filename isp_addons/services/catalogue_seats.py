"""What the catalogue's file says of seats: from when they count, and what those who have one may use."""

from collections.abc import Mapping
from typing import Any

from isp_addons.domain.entitlement import UserRole, parse_role
from isp_addons.domain.problem import BadInput
from isp_addons.domain.schedule import USUAL_DAYS, Schedule, dated
from isp_addons.services.located_yaml import Reader, Value

_NAMES = ("assign_from", "grace_from", "enforce_from")
_USUAL = dict(zip(_NAMES, USUAL_DAYS, strict=True))
_EVERYONE = "everyone"
_YEARS = (1970, 2999)

Features = Mapping[str, tuple[UserRole, ...]]


def read_schedule(value: Value, code: str) -> Schedule | None:
    """A ``year`` and three days of it, such as ``06-30``; a day that is not named is the usual one."""
    reader = Reader(value, what=f"the schedule of {code}")
    year = reader.need("year", _year, default=0)
    days = {name: reader.read(name, _month_and_day, default=_USUAL[name]) for name in _NAMES}
    return reader.made(lambda: dated(year, (days["assign_from"], days["grace_from"], days["enforce_from"])))


def read_features(value: Value) -> Features:
    """Each feature with the roles that may use it, or ``everyone``."""
    return {name: _roles(each) for name, each in value.fields().items()}


def plain_schedule(schedule: Schedule | None) -> dict[str, Any]:
    """The schedule as it is written."""
    if schedule is None:
        return {}
    days = {name: f"{getattr(schedule, name):%m-%d}" for name in _NAMES}
    return {"year": schedule.assign_from.year, **days}


def plain_features(features: Features) -> dict[str, Any]:
    """The features as they are written."""
    return {name: [role.value for role in roles] or _EVERYONE for name, roles in features.items()}


def _year(value: Value) -> int:
    text = value.text()
    if not (text.isascii() and text.isdecimal() and _YEARS[0] <= int(text[:5]) <= _YEARS[1]):
        raise BadInput(f"{text!r} is not a year such as 2027.", code="bad_file")
    return int(text)


def _month_and_day(value: Value) -> tuple[int, int]:
    month, dash, day = value.text().partition("-")
    if not dash or not all(len(part) == 2 and part.isascii() and part.isdecimal() for part in (month, day)):
        raise BadInput(f"{value.text()!r} is not a month and day such as 06-30.", code="bad_file")
    return int(month), int(day)


def _roles(value: Value) -> tuple[UserRole, ...]:
    if value.data == _EVERYONE:
        return ()
    roles = tuple(dict.fromkeys(parse_role(each.text()) for each in value.items()))
    if not roles:
        raise BadInput(f"no role may use it; name roles, or {_EVERYONE}.", code="bad_file")
    return roles
