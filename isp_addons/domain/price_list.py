"""What a quantity costs: graduated ranges, each of which prices only the units that fall into it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from isp_addons.domain.money import half_up
from isp_addons.domain.problem import BadInput, Refused


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The units from *first* to *last* (None = all that follow) cost *unit_price* each, in minor units."""

    first: int
    last: int | None
    unit_price: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}" if self.last is not None else f"from {self.first}"


@dataclass(frozen=True, slots=True)
class PriceList:
    """Ranges without a gap or an overlap, from 1 on; only the last may be open. Prices are for *per_months* months.

    *discount*: the share (0 to 1) that is taken off for whom the list is meant.
    """

    ranges: tuple[PriceRange, ...]
    per_months: int = 1
    discount: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        check_ranges(self.ranges)

    def price(self, quantity: int) -> int:
        """What *quantity* units cost for `per_months`, in minor units, nothing taken off. Raises `Refused` (``no_price``)."""
        last = self.ranges[-1].last
        if last is not None and quantity > last:
            raise Refused(f"There is no price for {quantity}: the price list ends at {last}.", code="no_price")
        return sum(_units(each, quantity) * each.unit_price for each in self.ranges)

    def shares(self, quantity: int) -> list[tuple[PriceRange, int]]:
        """How many of *quantity* units fall into each range, ranges without any left out."""
        return [(each, units) for each in self.ranges if (units := _units(each, quantity))]

    @property
    def at_list(self) -> "PriceList":
        """The same list for whom there is no discount."""
        return self.less(Fraction(0))

    def less(self, discount: Fraction) -> "PriceList":
        """The same list with *discount* (0 to 1) taken off."""
        return replace(self, discount=discount)

    def price_for(self, quantity: int, *, months: Fraction | int) -> int:
        """What *quantity* units cost for *months* months with the discount taken off, rounded once."""
        return half_up(Fraction(self.price(quantity)) * Fraction(months) / self.per_months * (1 - self.discount))

    def price_of_more(self, extra: int, *, beyond: int, months: Fraction | int) -> int:
        """What *extra* units cost on top of the *beyond* that are there, for *months*, discount taken off, rounded once."""
        more = Fraction(self.price(beyond + extra) - self.price(beyond))
        return half_up(more * Fraction(months) / self.per_months * (1 - self.discount))

    def average(self, quantity: int) -> Fraction | None:
        """What one unit costs on average, in minor units of `per_months`; None for no units."""
        return Fraction(self.price(quantity), quantity) if quantity else None


def flat(unit_price: int, *, per_months: int = 1) -> PriceList:
    """Every unit at the same price."""
    return PriceList((PriceRange(1, None, unit_price),), per_months)


def check_ranges(ranges: Sequence[PriceRange]) -> None:
    """Raise `BadInput`, naming the ranges, unless they are contiguous, start at 1, and only the last is open."""
    if not ranges:
        raise BadInput("A price list needs at least one range.", code="price_range")
    if ranges[0].first != 1:
        raise BadInput(f"The first range is {ranges[0]}; a price list starts at 1.", code="price_start")
    for each in ranges:
        if each.unit_price < 0:
            raise BadInput(f"The price of the range {each} is negative.", code="bad_amount")
        if each.last is not None and each.last < each.first:
            raise BadInput(f"The range {each} ends before it begins.", code="price_range")
    for before, after in pairwise(ranges):
        if before.last is None:
            raise BadInput(f"Only the last range may be open, but {before} is followed by {after}.", code="price_overlap")
        if after.first <= before.last:
            raise BadInput(
                f"The ranges {before} and {after} overlap: both price {_span(after.first, before.last)}.", code="price_overlap"
            )
        if after.first > before.last + 1:
            raise BadInput(
                f"The ranges {before} and {after} leave a gap: {_span(before.last + 1, after.first - 1)} has no price.",
                code="price_gap",
            )


def _units(each: PriceRange, quantity: int) -> int:
    """How many of *quantity* units fall into the range."""
    reached = quantity if each.last is None else min(quantity, each.last)
    return max(reached - each.first + 1, 0)


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
