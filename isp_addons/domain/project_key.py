"""Project keys: in which state one is, from when to when it pays, what is earned by it, and when its end is announced."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from isp_addons.domain.money import format_amount
from isp_addons.domain.period import add_months
from isp_addons.domain.problem import BadInput, Refused

NOTICE_DAYS = (30, 7, 1)
"""How many days before a key's term is over its customer is told."""


class KeyState(StrEnum):
    """What has become of a key. A used one stays used; an expired one was never used."""

    UNUSED = "unused"
    EXPIRED = "expired"
    USED = "used"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a key pays."""

    start: datetime
    until: datetime


def state_of(*, used_at: datetime | None, until: datetime | None, expires_at: datetime | None, now: datetime) -> KeyState:
    """The state of a key at *now*."""
    if used_at is not None:
        return KeyState.OVER if until is not None and until <= now else KeyState.USED
    return KeyState.EXPIRED if expires_at is not None and expires_at <= now else KeyState.UNUSED


def parse_key(text: str) -> str:
    """*text* as it was entered, spaces around it left out. Raises `BadInput` (``project_key_missing``)."""
    code = text.strip()
    if not code:
        raise BadInput("No project key was entered.", code="project_key_missing")
    return code


def require_unused(state: KeyState, *, shown: str) -> None:
    """Raise `Refused` (``project_key_used``, ``project_key_expired``) for a key that pays for nothing any more."""
    if state is KeyState.EXPIRED:
        raise Refused(f"The project key {shown} has expired; ask the vendor for another.", code="project_key_expired")
    if state is not KeyState.UNUSED:
        raise Refused(f"The project key {shown} was used already; each key is for one customer, once.", code="project_key_used")


def span(*, now: datetime, paid_until: datetime | None, instantly: bool, months: int, zone: ZoneInfo) -> Span:
    """When a key that is redeemed at *now* pays: from the end of what is paid already, or *instantly* from now."""
    start = paid_until if paid_until is not None and paid_until > now and not instantly else now
    return Span(start, add_months(start, months, zone))


def warnings(*, selling: int | None, purchase: int, currency: str) -> tuple[str, ...]:
    """What whoever sells a key should be told, a sentence each. Prices in minor units."""
    if selling is None or selling >= purchase:
        return ()
    loss = format_amount(purchase - selling, currency, with_currency=True)
    return (f"The selling price is {loss} below the purchase price.",)


def notice(*, until: datetime, now: datetime) -> int | None:
    """Which of `NOTICE_DAYS` counts at *now*: the last one that has come; None before the first, and once the term is over."""
    if until <= now:
        return None
    return min((days for days in NOTICE_DAYS if until - timedelta(days=days) <= now), default=None)
