"""The forecast: who can pay for the next period, and which add-ons are kept where the money does not reach for all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple


class Policy(StrEnum):
    """What happens where the money reaches for some add-ons but not for all."""

    BY_PRIORITY = "by_priority"
    ALL_OR_NONE = "all_or_none"


class AddOn(NamedTuple):
    """One add-on of an account: its place in the queue, its subscription, and the price of its next period (minor units).

    Add-ons sort in the order in which they are asked.
    """

    priority: int
    ordered_at: datetime
    subscription_id: int
    price: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Which subscriptions stay on and which are suspended, each in the order in which they were asked."""

    keep: tuple[int, ...]
    suspend: tuple[int, ...]


def choose(available: int, dues: int, add_ons: Iterable[AddOn], *, policy: Policy, unlimited: bool = False) -> Choice:
    """Decide what *available* minor units pay for, after the billing's own *dues*.

    Add-ons are asked by priority (1 first), then the oldest order first; each is kept that what is left still pays for.
    Unlimited accounts keep all.
    """
    queue = sorted(add_ons)
    everything = tuple(add_on.subscription_id for add_on in queue)
    if unlimited:
        return Choice(everything, ())
    left = available - dues
    if policy is Policy.ALL_OR_NONE:
        affordable = sum(add_on.price for add_on in queue) <= left
        return Choice(everything, ()) if affordable else Choice((), everything)
    return _by_priority(left, queue)


def _by_priority(left: int, queue: Sequence[AddOn]) -> Choice:
    keep: list[int] = []
    suspend: list[int] = []
    for add_on in queue:
        if add_on.price <= left:
            left -= add_on.price
            keep.append(add_on.subscription_id)
        else:
            suspend.append(add_on.subscription_id)
    return Choice(tuple(keep), tuple(suspend))


def brake_trips(*, suspend: int, total: int, share: float, minimum: int) -> bool:
    """Whether a run that would suspend *suspend* of *total* running subscriptions must stop and ask a person."""
    return total >= minimum and suspend > Fraction(str(share)) * total
