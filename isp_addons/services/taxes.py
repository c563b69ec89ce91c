"""Which VAT a sale bears. The rates come from whoever keeps them; see `Taxes`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.problem import Refused
from isp_addons.domain.vat import Vat, VatBasis, basis
from isp_addons.store.tables import Account, Customer


class Taxes(Protocol):
    """What the installation knows of VAT."""

    @property
    def home(self) -> str:
        """The seller's country (ISO 3166); empty: it is not known."""

    @property
    def configured(self) -> bool:
        """Whether there is anything to tell of VAT."""

    def rate(self, country: str, *, at: datetime) -> int | None:
        """The standard rate of *country* at *at*, in hundredths of a percent; None: it is not known."""


@dataclass(frozen=True, slots=True)
class NoTaxes:
    """No VAT is configured: every quote says so."""

    home: str = ""
    configured: bool = False

    def rate(self, country: str, *, at: datetime) -> int | None:  # noqa: ARG002 - see `Taxes.rate`
        """None is known."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedTaxes:
    """The same rate at any time; *rates*: hundredths of a percent by country."""

    home: str
    rates: Mapping[str, int] = field(default_factory=dict)
    configured: bool = True

    def rate(self, country: str, *, at: datetime) -> int | None:  # noqa: ARG002 - see `Taxes.rate`
        """See `Taxes.rate`."""
        return self.rates.get(country)


def vat_of(taxes: Taxes, session: Session, *, account_id: int, at: datetime) -> Vat:
    """The VAT on a sale to the account at *at*. An account that is no customer's counts as a private one at home.

    Raises `Refused` (``vat_rate_missing``): a rate is never guessed.
    """
    if not taxes.configured:
        return Vat()
    theirs = select(Customer).join(Account, Account.customer_id == Customer.id).where(Account.id == account_id)
    customer = session.scalar(theirs)
    country, vat_id = (customer.country, customer.vat_id) if customer is not None else ("", "")
    found, whose = basis(home=taxes.home, country=country, vat_id=vat_id, business=bool(vat_id))
    if found is not VatBasis.STANDARD:
        return Vat(basis=found)
    rate = taxes.rate(whose, at=at)
    if rate is None:
        raise Refused(f"No VAT rate is known for {whose}; add it to rates in the section [vat].", code="vat_rate_missing")
    return Vat(basis=found, country=whose, rate=rate)
