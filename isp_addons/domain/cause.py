"""Why something changes: the part of an audit row that is the same for a whole request."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """Through which door a change came in."""

    ADMIN = "admin"
    SUBSCRIBER = "subscriber"
    HOOK = "hook"
    VENDOR = "vendor"
    TIMETABLE = "timetable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who asked, through which door, when (aware, UTC) and why. ``at`` is also the *now* of every rule applied.

    ``person``: the id of the person who asks by his own rights; None: the ISP's staff, or the product itself.
    """

    actor: str
    source: Source
    at: datetime
    why: str
    person: int | None = None
