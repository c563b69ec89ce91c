"""What an account owes for a month: lines, one for each charge and each refund."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from isp_addons.domain.money import half_up
from isp_addons.domain.problem import BadInput
from isp_addons.domain.unbundling import Part, divide

_MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar."""

    first: date

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def last(self) -> date:
        """Its last day, the date of a statement: 28 or 29 February."""
        return self._next - timedelta(days=1)

    @property
    def _next(self) -> date:
        return (self.first + timedelta(days=32)).replace(day=1)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The moments at which it begins and is over on the clock of *zone*."""
        first, after = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (self.first, self._next))
        return first, after


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. ``net`` is what counts, in minor units, the discount taken off; ``unit_price``: of one, before the discount.

    ``kind``: ``charge`` or ``refund`` (negative). ``first`` and ``last`` are the days that it is for. ``part_of`` names the
    bundle that this is a part of.
    """

    kind: str
    subscription: int
    article: str
    number: str
    first: date
    last: date
    quantity: int
    net: int
    discount: int = 0
    part_of: str = ""

    @property
    def unit_price(self) -> int:
        return half_up(Fraction(self.net + self.discount, self.quantity)) if self.quantity else 0


def parse_month(text: str) -> Month:
    """Read ``2026-06``. Raises `BadInput` (``bad_month``)."""
    found = _MONTH.fullmatch(text)
    if not found or not 1 <= int(found["month"]) <= 12 or not 1970 <= int(found["year"]) < 3000:
        raise BadInput(f"{text!r} is not a month such as 2026-06.", code="bad_month")
    return Month(date(int(found["year"]), int(found["month"]), 1))


def days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day of a period that ends at *end* exclusive, on the clock of *zone*."""
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return first, max(first, last)


def unbundled(line: Line, parts: Sequence[Part]) -> list[Line]:
    """*line* as lines of the bundle's *parts*; itself without parts, nothing for a quantity of 0. The sums stay the same."""
    if not line.quantity:
        return []
    if not parts:
        return [line]
    nets, discounts = divide(line.net, parts), divide(line.discount, parts)
    return [
        replace(line, article=part.name, number=part.number, net=net, discount=discount, part_of=line.article)
        for part, net, discount in zip(parts, nets, discounts, strict=True)
    ]


def total(lines: Iterable[Line]) -> int:
    """What the lines add up to, in minor units."""
    return sum(each.net for each in lines)
