"""What every billing adapter can be asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """One account as the billing knows it at one moment; all money in minor units of ``currency``.

    ``available``: balance + credit − what expires before ``period_end``. ``dues``: what the billing itself will take up to and
    at ``period_end``, without our add-ons, taxes included. ``blocked``: by whatever the billing blocks for. ``unlimited``:
    never blocked for money. ``tariff``: the billing's name of the tariff, if it has one.
    """

    ref: str
    currency: str
    period_start: datetime
    period_end: datetime
    balance: int
    available: int
    dues: int
    blocked: bool
    unlimited: bool
    tariff: str | None = None


class BillingReader(Protocol):
    """The read side of a billing that lives elsewhere. Every call re-reads; nothing is kept."""

    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> Iterator[Funds]:
        """The live (not deleted) accounts among *refs*, or all of them when None, ordered by account."""

    def check(self) -> tuple[str, ...]:
        """Prove the connection and the tables with harmless reads; sentences for ``doctor``. Raises `Problem`."""

    def close(self) -> None:
        """Let go of connections."""
