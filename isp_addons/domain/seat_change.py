"""A change of seats: who is to have a seat of which subscription and who none, confirmed as one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.problem import BadInput
from isp_addons.domain.quote import Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of one subscription. Users are named by e-mail address, or by the vendor's id."""

    subscription: int
    give: tuple[str, ...] = ()
    take: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The same in a line, such as ``7: +anna@example.net -bo@example.net``."""
        return f"{self.subscription}: {' '.join((*(f'+{each}' for each in self.give), *(f'-{each}' for each in self.take)))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """Everything that is confirmed at once. ``buy``: buy the seats that are missing; ``key``: the caller's own, once.

    ``quote``: the code of the quote that a preview gave; something else than it said is not done. ``swap``: each seat goes
    from one user to another, so that as many are used as before.
    """

    asked: tuple[Asked, ...]
    buy: bool = False
    swap: bool = False
    key: str | None = None
    quote: str | None = None

    @property
    def words(self) -> str:
        """What is asked, in a line."""
        return "; ".join(each.words for each in self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsChanged:
    """What became of one subscription: who was given a seat, who lost his, for whom nothing changed.

    ``bought`` seats cost ``charged`` now; the next period costs ``next_price`` (minor units). ``total``, ``assigned`` and
    ``available``: the pool afterwards.
    """

    subscription: int
    product: str
    given: tuple[str, ...]
    taken: tuple[str, ...]
    unchanged: tuple[str, ...]
    bought: int
    charged: int
    next_price: int
    currency: str
    total: int
    assigned: int
    available: int

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "SeatsChanged":
        """The same from the JSON values of `dataclasses.asdict`."""
        return cls(**{**plain, **{name: tuple(plain[name]) for name in ("given", "taken", "unchanged")}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What became of each subscription, and what all of it costs; ``quote`` None: nothing to buy, or a repeated key."""

    changes: tuple[SeatsChanged, ...]
    quote: Quote | None = field(default=None, compare=False)


def merged(asked: Iterable[Asked]) -> tuple[Asked, ...]:
    """*asked* with each subscription once, by number. Raises `BadInput` (``nothing_named``, ``too_many``)."""
    give: dict[int, dict[str, None]] = {}
    take: dict[int, dict[str, None]] = {}
    for each in asked:
        give.setdefault(each.subscription, {}).update(dict.fromkeys(each.give))
        take.setdefault(each.subscription, {}).update(dict.fromkeys(each.take))
    named = sum(map(len, (*give.values(), *take.values())))
    if not named:
        raise BadInput("No user was named; nothing was changed.", code="nothing_named")
    if named > MOST_QUANTITY:
        raise BadInput(f"{named} names are more than {MOST_QUANTITY}, which is the most at once.", code="too_many")
    return tuple(Asked(subscription=each, give=tuple(give[each]), take=tuple(take[each])) for each in sorted(give))
