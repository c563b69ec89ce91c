"""Seats: how many users a subscription is for, who of the account has one, and what a change of that comes to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from isp_addons.domain.catalogue import Kind
from isp_addons.domain.problem import BadInput, Refused

SCOPE = "scope"
"""The product's option that says whom it is for: ``seat`` (each user who is given one) or ``account`` (everybody)."""

ACCOUNT_WIDE = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The seats of one subscription: ``total`` are paid for, ``assigned`` of them are given to users, suspended or not."""

    total: int
    assigned: int

    @property
    def available(self) -> int:
        """How many can still be given; never below 0."""
        return max(self.total - self.assigned, 0)


@dataclass(frozen=True, slots=True)
class Moves:
    """What a wish comes to: who is given a seat, who loses his, for whom nothing changes, and how many seats are missing."""

    give: tuple[int, ...]
    take: tuple[int, ...]
    same: tuple[int, ...]
    gap: int


def moves(*, total: int | None, holders: Collection[int], give: Collection[int], take: Collection[int]) -> Moves:
    """What it comes to when *give* are to have a seat and *take* none, where *holders* have one; each user counts once.

    *total*: how many seats there are, None = as many as anybody wants. Who has a seat already, or has none to lose, stays as
    he is. What is taken can be given at once. Raises `BadInput` (``given_and_taken``) for a user in both.
    """
    wanted, unwanted = dict.fromkeys(give), dict.fromkeys(take)
    if both := wanted.keys() & unwanted.keys():
        raise BadInput(f"{len(both)} users are to be given a seat and to lose it at once; say which.", code="given_and_taken")
    giving = tuple(each for each in wanted if each not in holders)
    taking = tuple(each for each in unwanted if each in holders)
    same = tuple(each for each in (*wanted, *unwanted) if each not in (*giving, *taking))
    after = len(holders) - len(taking) + len(giving)
    gap = max(after - max(total, len(holders) - len(taking)), 0) if total is not None else 0
    return Moves(giving, taking, same, gap)


def is_account_wide(options: Mapping[str, object]) -> bool:
    """Whether a product with these *options* is for every user of its account: who is there has it, whoever comes gets it."""
    return str(options.get(SCOPE, "")) == ACCOUNT_WIDE


def by_hand(kind: str, options: Mapping[str, object], *, product: str) -> None:
    """Raise `Refused` (``account_level_addon``, ``not_provisioned``) where nobody gives seats by hand."""
    if kind == Kind.ACCOUNT_WIDE.value or is_account_wide(options):
        raise Refused(
            f"{product} is for the whole account: every user of it has it, so nobody is given it or loses it by hand.",
            code="account_level_addon",
        )
    if kind != Kind.SEAT.value:
        raise Refused(
            f"{product} is not given to single users (its kind is {kind}): nothing changes in what anybody may use.",
            code="not_provisioned",
        )
