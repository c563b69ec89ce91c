"""Money as whole minor units (cents, kopecks) of one currency. No float ever enters."""

import re
from decimal import Decimal
from fractions import Fraction

from isp_addons.domain.problem import BadInput

_EXPONENTS = {"BHD": 3, "CLP": 0, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "OMR": 3, "TND": 3, "VND": 0}
_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")

LARGEST = 10**12
"""The largest amount in minor units: times 10,000 units and 120 months it still fits the 64 bits that databases give."""


def exponent(currency: str) -> int:
    """How many decimals *currency* (ISO 4217) has: 2 for most, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def parse_amount(text: str, *, currency: str, minimum: int | None = None) -> int:
    """Read ``150.00`` as 15000 minor units. Refuses signs of guessing: exponents, spaces, too many decimals."""
    if not _PLAIN.fullmatch(text):
        raise BadInput(f"The amount {text!r} is not a plain number such as 150.00.", code="bad_amount")
    scaled = Decimal(text).scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise BadInput(
            f"The amount {text!r} has more decimals than {currency} has: at most {exponent(currency)}.",
            code="bad_amount",
        )
    amount = int(scaled)
    if abs(amount) > LARGEST:
        raise BadInput(f"The amount {text!r} is too large: at most {format_amount(LARGEST, currency)}.", code="bad_amount")
    if minimum is not None and amount < minimum:
        raise BadInput(f"The amount {text!r} is too small: at least {format_amount(minimum, currency)}.", code="bad_amount")
    return amount


def format_amount(minor: int, currency: str, *, with_currency: bool = False) -> str:
    """Write 15000 minor units as ``150.00``, or as ``150.00 EUR``."""
    places = exponent(currency)
    text = f"{Decimal(minor).scaleb(-places):.{places}f}"
    return f"{text} {currency}" if with_currency else text


def half_up(value: Fraction) -> int:
    """Round to the nearest minor unit, halves away from zero: the one rounding of a line."""
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))
