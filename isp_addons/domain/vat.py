"""Value added tax: on what basis a sale stands, and which VAT ids count. What the rates are is told by others.

The rules: council directive 2006/112/EC, articles 44 and 196 (services to a business in another member state: the customer
accounts for the tax) and 59 (customers outside the Union). A VAT id is only checked by its own digits here.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from isp_addons.domain.country import COUNTRIES, same_country
from isp_addons.domain.money import half_up
from isp_addons.domain.problem import BadInput

EU = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
"""The member states, by their codes in ISO 3166."""

_PREFIX = {"GR": "EL"}
_NOT_FOR_SERVICES = ("XI", "EU")
_LONGEST_ID = 20
_HIGHEST_RATE = 50
_RATE = re.compile(r"([A-Za-z]{2}) ([0-9]{1,2}(?:\.[0-9]{1,2})?)")


class VatBasis(StrEnum):
    """``none``: no VAT is configured. ``standard``: VAT at a rate. ``reverse_charge``: the customer accounts for it himself.

    ``not_subject``: not subject to EU VAT, or to that of the seller's country.
    """

    NONE = "none"
    STANDARD = "standard"
    REVERSE_CHARGE = "reverse_charge"
    NOT_SUBJECT = "not_subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vat:
    """How one sale is taxed. ``rate``: in hundredths of a percent; ``country``: whose rate it is, empty where there is none."""

    basis: VatBasis = VatBasis.NONE
    country: str = ""
    rate: int = 0

    @property
    def percent(self) -> str:
        """The rate in percent: ``19`` or ``25.5``."""
        return f"{(Decimal(self.rate) / 100).normalize():f}"

    def of(self, net: int) -> int:
        """The tax on *net* minor units, rounded half up once."""
        return half_up(Fraction(net * self.rate, 10_000))


def basis(*, home: str, country: str, vat_id: str, business: bool) -> tuple[VatBasis, str]:
    """The basis of a sale from *home* to a customer in *country* (empty: at home), and whose rate counts (empty: none).

    *vat_id*: as `parse_vat_id` gave it, or empty. At home there is always VAT; in another member state a business with a VAT id
    of that state accounts for it, anybody else pays the rate of his own state; outside there is none.
    """
    here, there = same_country(home), same_country(country or home)
    if here == there:
        return VatBasis.STANDARD, here
    if here not in EU or there not in EU:
        return VatBasis.NOT_SUBJECT, ""
    if business and vat_id.startswith(_PREFIX.get(there, there)):
        return VatBasis.REVERSE_CHARGE, ""
    return VatBasis.STANDARD, there


def parse_vat_id(text: str, *, country: str, home: str = "") -> str:
    """Read the VAT id of a customer in *country*, spaces and small letters allowed: `` de 136 695 976 `` is ``DE136695976``.

    Empty text gives an empty id, unless *home* is told and is another country (``vat_id_required``). Raises `BadInput`:
    ``bad_vat_id`` (its digits do not fit together, or it is of no country), ``vat_country_mismatch``. What has no known form,
    such as an id from outside the Union, is taken as it stands. Greek ids begin with EL or GR, and are kept with EL.
    """
    there = same_country(country)
    plain = "".join(each for each in text.upper() if each not in " .-/")
    if not plain:
        if home and there != same_country(home):
            raise BadInput(f"A customer in {there} needs a VAT id, such as FR40303265045; enter it.", code="vat_id_required")
        return ""
    if not (plain.isascii() and plain.isalnum()) or not 4 <= len(plain) <= _LONGEST_ID:
        raise _bad(text)
    prefix = plain[:2]
    own = prefix if prefix in _NOT_FOR_SERVICES else same_country(prefix)
    if there in EU:
        return _of_member_state(plain, own, there, text)
    if prefix.isalpha() and (own in EU or prefix in _NOT_FOR_SERVICES) and (prefix, there) != ("XI", "GB"):
        raise _mismatch(text, there)
    return plain


def _of_member_state(plain: str, own: str, there: str, text: str) -> str:
    """Whether the digits fit is asked first: who mistypes a number should not be told of countries."""
    from stdnum.eu import vat
    from stdnum.exceptions import ValidationError

    try:
        vat.validate(plain)
    except ValidationError as error:
        raise _bad(text) from error
    if own != there:
        raise _mismatch(text, there)
    return _PREFIX.get(own, own) + plain[2:]


def _bad(text: str) -> BadInput:
    return BadInput(
        f"{text[:40]!r} is not a valid VAT id: it begins with the code of its country, and its digits must fit together; "
        "correct it or leave it out.",
        code="bad_vat_id",
    )


def _mismatch(text: str, country: str) -> BadInput:
    return BadInput(
        f"The VAT id {text[:40]!r} is not of {country}, where the customer is; correct the id or the country.",
        code="vat_country_mismatch",
    )


def parse_rates(text: str) -> dict[str, int]:
    """Read ``DE 19, FR 20`` as rates in hundredths of a percent by country. Raises `BadInput` (``bad_vat_rates``)."""
    rates: dict[str, int] = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        found = _RATE.fullmatch(each)
        country = same_country(found[1]) if found else ""
        if found is None or country not in COUNTRIES or country in rates or Decimal(found[2]) > _HIGHEST_RATE:
            raise BadInput(
                f"{each[:40]!r} is not a country and its VAT rate, each country once, such as DE 19.", code="bad_vat_rates"
            )
        rates[country] = int(Decimal(found[2]) * 100)
    return rates
