"""Seats: how many users a subscription is for, and who of the account has one."""

from collections.abc import Mapping
from dataclasses import dataclass

from isp_addons.domain.problem import Refused

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

    def give(self) -> "Pool":
        """The pool after one more was given. Raises `Refused` (``no_free_seat``)."""
        if not self.available:
            raise Refused(
                f"All {self.total} seats are given to users; take one back first, or order more.", code="no_free_seat"
            )
        return Pool(total=self.total, assigned=self.assigned + 1)

    def take_back(self) -> "Pool":
        """The pool after one was returned to it."""
        return Pool(total=self.total, assigned=self.assigned - 1)


def is_account_wide(options: Mapping[str, object]) -> bool:
    """Whether a product with these *options* is for every user of its account: who is there has it, whoever comes gets it."""
    return str(options.get(SCOPE, "")) == ACCOUNT_WIDE


def by_hand(options: Mapping[str, object], *, product: str) -> None:
    """Raise `Refused` (``account_level_addon``) where nobody gives seats by hand."""
    if is_account_wide(options):
        raise Refused(
            f"{product} is for the whole account: every user of it has it, so nobody is given it or loses it by hand.",
            code="account_level_addon",
        )
