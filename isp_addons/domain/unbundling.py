"""A bundle shown as its parts: other lines, the same money."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from isp_addons.domain.money import half_up
from isp_addons.domain.problem import BadInput
from isp_addons.domain.text import parse_line

_MOST_PARTS = 20
_LONGEST_NAME, _LONGEST_NUMBER = 120, 40


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bundle: what a unit of it costs of the bundle's price, in minor units, and its article's number."""

    name: str
    share: int
    number: str = ""

    def __post_init__(self) -> None:
        parse_line(self.name, name="part", most=_LONGEST_NAME)
        if self.number:
            parse_line(self.number, name="article number", most=_LONGEST_NUMBER)
        if self.share < 0:
            raise BadInput(f"The share of {self.name} is negative.", code="bad_amount")


def check_parts(parts: Sequence[Part]) -> None:
    """Raise `BadInput` (``bad_parts``) unless these can be the parts of a bundle."""
    if not parts:
        return
    if not 2 <= len(parts) <= _MOST_PARTS or len({each.name for each in parts}) != len(parts):
        raise BadInput(f"The parts of a bundle must be two to {_MOST_PARTS} different names.", code="bad_parts")
    if not sum(each.share for each in parts):
        raise BadInput("The shares of a bundle's parts must add up to more than nothing.", code="bad_parts")


def divide(amount: int, parts: Sequence[Part]) -> list[int]:
    """*amount* minor units by the parts' shares, each rounded once; the last gets what is left, so that nothing is lost."""
    whole = sum(each.share for each in parts)
    shares = [half_up(Fraction(amount * each.share, whole)) for each in parts[:-1]]
    return [*shares, amount - sum(shares)]
