"""Changing the quantity of a subscription: one rule for every product."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from isp_addons.domain.problem import Refused
from isp_addons.domain.quote import Quote


class When(StrEnum):
    """From when a change is wished to count: at once, or from the beginning of the next period."""

    NOW = "now"
    NEXT = "next"


class Effect(StrEnum):
    """What a wish leads to: nothing, the new quantity now or with the next period, or the pending change is taken back.

    ``split``: as many as before, distributed in another way from now on. ``reactivated``: what was over runs again.
    """

    NOTHING = "nothing"
    NOW = "now"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"
    SPLIT = "split"
    REACTIVATED = "reactivated"


@dataclass(frozen=True, slots=True)
class Units:
    """So many units, and how they are distributed over their parts (see `isp_addons.domain.split.as_text`)."""

    quantity: int
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wished for. ``key``: the caller's own; the same key twice is one change.

    ``quantity`` None: as many as there are. ``split``: how they are distributed; one part may be left out, it gets the rest.
    ``quote``: the code of the quote that is confirmed.
    """

    subscription: int
    quantity: int | None = None
    when: When = When.NEXT
    key: str | None = None
    split: Mapping[str, int] = field(default_factory=dict)
    quote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a wish led to: what was charged at once, from when the quantity counts, what the next period costs (minor units).

    ``split``: how the new quantity is distributed; nothing for products without parts. ``quote``: how the price came about;
    None for a repeated key.
    """

    subscription: int
    effect: Effect
    before: int
    quantity: int
    from_at: datetime
    charged: int
    next_price: int
    currency: str
    split: Mapping[str, int] = field(default_factory=dict)
    quote: Quote | None = field(default=None, compare=False)


def decide(*, old: Units, new: Units, pending: Units | None, when: When) -> Effect:
    """What happens when *new* units are wished for where there are *old* ones and *pending* are to come (None: no change is).

    At most one change is pending: another wish replaces it, an increase now clears it, and to wish for what there is takes
    it back. As many in another split count at once and leave what is pending alone. More counts from *when*, less only from
    the next period: raises `Refused` (``downgrade_at_month_end``).
    """
    if new == old:
        return Effect.NOTHING if pending is None else Effect.WITHDRAWN
    if new.quantity == old.quantity:
        return Effect.SPLIT
    if when is When.NEXT:
        return Effect.NOTHING if new == pending else Effect.PENDING
    if new.quantity < old.quantity:
        raise Refused(
            f"{new.quantity} are fewer than the {old.quantity} that are paid for, which stay until the period ends; let it "
            "count from the next.",
            code="downgrade_at_month_end",
        )
    return Effect.NOW
