"""A stock of activation codes: what state a code is in, how it is shown, and when the stock needs somebody's attention."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LOW_STOCK = 10
EXPIRY_WARNING_DAYS = 30

POLICY = (
    "An activation code that was handed out cannot be taken back, suspended or refunded. While a hold stands or a period is "
    "not paid, no next code is issued and nothing is charged."
)
"""What an admin and a subscriber must know of a product that is sold as codes."""

_OPEN = 4


class CodeState(StrEnum):
    """What has become of a code. A taken one stays taken, whether its date has passed or not."""

    FREE = "free"
    TAKEN = "taken"
    EXPIRED = "expired"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRules:
    """When to warn: fewer free codes than ``low``; free codes that expire within ``days``."""

    low: int = LOW_STOCK
    days: int = EXPIRY_WARNING_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """The codes of one article of one vendor. ``expiring``: those of the free ones that expire soon."""

    vendor: str
    article: str
    free: int = 0
    taken: int = 0
    expired: int = 0
    void: int = 0
    expiring: int = 0


def article_of(product: str, options: Mapping[str, object]) -> str:
    """Which codes a product sells: its option ``article``, else its own code."""
    return str(options.get("article") or product)


def state_of(*, taken_at: datetime | None, voided_at: datetime | None, expires_at: datetime | None, now: datetime) -> CodeState:
    """The state of a code at *now*."""
    if voided_at is not None:
        return CodeState.VOID
    if taken_at is not None:
        return CodeState.TAKEN
    return CodeState.EXPIRED if expires_at is not None and expires_at <= now else CodeState.FREE


def starred(code: str) -> str:
    """A code as it may be shown: its last four characters, and of a short one nothing."""
    return f"*{code[-_OPEN:]}" if len(code) > 2 * _OPEN else "*"


def warnings(level: StockLevel, rules: StockRules) -> tuple[str, ...]:
    """What an admin should be told of one article, a sentence each."""
    told = []
    if not level.free:
        told.append(f"No code of {level.article} is free: nobody can buy it or renew it; run: isp-addons codes import")
    elif level.free < rules.low:
        told.append(
            f"Only {level.free} codes of {level.article} are free (low_stock = {rules.low}); run: isp-addons codes import"
        )
    if level.expiring:
        told.append(
            f"{level.expiring} free codes of {level.article} expire within {rules.days} days (expiry_warning_days); "
            "the ones that expire first are sold first"
        )
    return tuple(told)
