"""Changing the quantity of a subscription: one rule for every product."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from isp_addons.domain.problem import Refused


class When(StrEnum):
    """From when a change is wished to count: at once, or from the beginning of the next period."""

    NOW = "now"
    NEXT = "next"


class Effect(StrEnum):
    """What a wish leads to: nothing, the new quantity now or with the next period, or the pending change is taken back."""

    NOTHING = "nothing"
    NOW = "now"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wished for. ``key``: the caller's own; the same key twice is one change."""

    subscription: int
    quantity: int
    when: When = When.NEXT
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a wish led to: what was charged at once, from when the quantity counts, what the next period costs (minor units)."""

    subscription: int
    effect: Effect
    before: int
    quantity: int
    from_at: datetime
    charged: int
    next_price: int
    currency: str


def decide(*, old: int, new: int, pending: int | None, when: When) -> Effect:
    """What happens when *new* units are wished for where there are *old* ones and *pending* are to come (None: no change is).

    At most one change is pending: another wish replaces it, an increase now clears it, and to wish for what there is takes
    it back. More counts from *when*, less only from the next period: raises `Refused` (``downgrade_at_period_end``).
    """
    if new == old:
        return Effect.NOTHING if pending is None else Effect.WITHDRAWN
    if when is When.NEXT:
        return Effect.NOTHING if new == pending else Effect.PENDING
    if new < old:
        raise Refused(
            f"{new} are fewer than the {old} that are paid for, which stay until the period ends; let it count from the next.",
            code="downgrade_at_period_end",
        )
    return Effect.NOW
