"""What was earned in a month: income, purchases, margin, and for how many units. Amounts in minor units of one currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from isp_addons.domain.money import half_up
from isp_addons.domain.statement import Month

MOST_MONTHS = 36


class Column(StrEnum):
    """What a month is to whoever looks: the present one, the one before, the next, which is foretold, or an older one."""

    EARLIER = "earlier"
    LAST = "last"
    CURRENT = "current"
    FORECAST = "forecast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one month. ``units``: by part of a split, such as internal and external, else by the kind of the product."""

    income: int = 0
    purchases: int = 0
    units: Mapping[str, int] = field(default_factory=dict)

    @property
    def margin(self) -> int:
        """What is left of the income."""
        return self.income - self.purchases

    @property
    def total(self) -> int:
        """All units."""
        return sum(self.units.values())

    @property
    def average(self) -> int | None:
        """The income by unit, rounded once; None without units."""
        return half_up(Fraction(self.income, self.total)) if self.total else None

    def __add__(self, other: "Figures") -> "Figures":
        units = {name: self.units.get(name, 0) + other.units.get(name, 0) for name in sorted({*self.units, *other.units})}
        return Figures(income=self.income + other.income, purchases=self.purchases + other.purchases, units=units)


def total(figures: Iterable[Figures]) -> Figures:
    """All together; they are of one currency."""
    return sum(figures, Figures())


def months(today: date, count: int) -> list[tuple[Month, Column]]:
    """*count* months up to the present one, the oldest first, and the next one as forecast."""
    found = [Month(today.replace(day=1))]
    while len(found) < count:
        found.insert(0, Month((found[0].first - timedelta(days=1)).replace(day=1)))
    named = {len(found) - 1: Column.CURRENT, len(found) - 2: Column.LAST}
    told = [(month, named.get(number, Column.EARLIER)) for number, month in enumerate(found)]
    return [*told, (Month(found[-1].last + timedelta(days=1)), Column.FORECAST)]
