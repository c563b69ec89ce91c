"""What every billing adapter can be asked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session


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

    def never_existed(self, refs: Sequence[str]) -> list[str]:
        """Those of *refs* that the billing has no account for, deleted ones aside."""

    def check(self) -> tuple[str, ...]:
        """Prove the connection and the tables with harmless reads; sentences for ``doctor``. Raises `Problem`."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a billing said before our transaction began: nothing where the money lives in our own database.

    ``refs`` None = every account.
    """

    refs: tuple[str, ...] | None
    at: datetime
    funds: Iterable[Funds] = ()


class Billing(Protocol):
    """Where the money lives. A remote billing is asked in `gather`, outside any transaction; `fill` only writes it down."""

    takes_money: bool
    """Whether add-ons are charged by us (``ledger``) or by the billing itself (read-only adapters)."""

    def gather(self, refs: Sequence[str] | None, *, at: datetime) -> Gathered:
        """Ask about the accounts *refs* (None: all) as they are at *at*."""

    def fill(self, session: Session, gathered: Gathered) -> None:
        """Put one row for each live account into `isp_addons.store.scratch.funds`."""

    def never_existed(self, session: Session, refs: Sequence[str]) -> list[str]:
        """Those of *refs* that the billing has no account for, not even a deleted one."""

    def check(self) -> tuple[str, ...]:
        """Prove that the billing can be used; sentences for ``doctor``. Raises `Problem`."""

    def close(self) -> None:
        """Let go of connections."""
