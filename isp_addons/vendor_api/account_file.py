"""Vendors that take a file about all accounts at once: how each stands with the ISP, and whether it is to be blocked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStanding:
    """How one account with a running subscription at the vendor stands. Money in whole units of ``currency``, exact.

    ``devices``: its devices by the vendor's own numbers. ``fee``: what it pays for one period of all that it has from this
    vendor. ``balance`` None: the billing has no such account. ``blocked``: a hold stands. ``paid_until``: the day, by its own
    calendar, on which the next payment is due.
    """

    account: str
    devices: tuple[str, ...]
    fee: Decimal
    balance: Decimal | None
    currency: str
    blocked: bool
    paid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """What of an account could not be put into the file, and why, as a sentence. ``device`` "" = the whole account."""

    account: str
    device: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFile:
    """A file for the vendor. ``rows``: how many it has; ``blocked``: the accounts that it carries whole, and what it says."""

    name: str
    content: bytes
    rows: int
    blocked: Mapping[str, bool]
    refused: tuple[RefusedRow, ...] = ()


@runtime_checkable
class TakesAccountFile(Protocol):
    """A plugin whose vendor takes such a file."""

    def account_file(self, standings: Sequence[AccountStanding], *, at: datetime) -> AccountFile:
        """The file for *standings*, written at *at*. What is wrong with one row never keeps the others out."""

    def file_folder(self) -> Path | None:
        """The folder in which files are kept, if one is set."""

    def upload(self, path: Path) -> bool:
        """Bring the file to the vendor; False: nothing is set for it, a person must. Raises a `VendorError`."""
