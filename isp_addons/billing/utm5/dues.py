"""What UTM5 will take from an account by the end of its period, and what the account has to pay it with.

Pure arithmetic on decimals; times are whole UNIX seconds, rounded sums are minor units. The *horizon* is the end of the
accounting period that a link belongs to. Source: UTM5 5.2-5.5, ``discount_method`` 1 at the period's start, 2 at its end, 3 in
a flow; taxes on top of each charge; the tariff changes when the period does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import IntEnum
from functools import lru_cache

# UTM5 keeps money as binary doubles, so 450.00 may be stored as 449.99999999999994. What is this near to a whole minor unit
# is that unit: else the rounding would take a cent from, or for, nothing.
_DUST = Decimal("0.00001")
_NOTHING = Decimal(0)


class Method(IntEnum):
    """When a periodic service is charged (``periodic_services_data.discount_method``)."""

    AT_START = 1
    AT_END = 2
    FLOW = 3


@dataclass(frozen=True, slots=True)
class Period:
    """One instance of an accounting period, from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Taxes:
    """The account's rates as fractions: 0.2 is 20 %."""

    vat: Decimal = _NOTHING
    sales: Decimal = _NOTHING

    def on_top(self, net: Decimal) -> Decimal:
        """*net* with both taxes."""
        return net * (1 + self.vat) * (1 + self.sales)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A periodic service that an account has.

    ``cost``: for a whole period, without taxes, the link's own factor included. ``charged`` and ``repaid``: in this period so
    far, without taxes. ``replaced``: a default service of a tariff that ends with this period.
    """

    cost: Decimal
    method: int
    period: Period
    starts: int
    expires: int
    charged: Decimal = _NOTHING
    repaid: Decimal = _NOTHING
    replaced: bool = False

    @property
    def live(self) -> bool:
        """Started by the horizon, and goes on after it."""
        return self.starts <= self.period.end < self.expires

    def net_due(self, *, now: int) -> Decimal:
        """What is still to be charged up to and at the horizon, without taxes.

        At the start: the next period's cost. At the end: what this period has not taken yet. Flow: the rest of this period, by
        the second. A method that is not known counts as the first, the dearest one.
        """
        if self.method == Method.AT_END:
            return max(self.cost - self.charged + self.repaid, _NOTHING)
        if self.method == Method.FLOW:
            return self.cost * _part_left(self.period, now=now)
        return self.cost


def decimal(value: object) -> Decimal:
    """A number of the database, exactly as it is written out; NULL is 0."""
    return _NOTHING if value is None else _decimal(str(value))


@lru_cache(maxsize=4096)
def _decimal(text: str) -> Decimal:
    return Decimal(text)


def round_up(amount: Decimal, *, places: int) -> int:
    """*amount* in minor units (*places* decimals), a begun unit counted whole: for what is owed."""
    return int((_settled(amount, places)).to_integral_value(ROUND_CEILING))


def round_down(amount: Decimal, *, places: int) -> int:
    """*amount* in minor units (*places* decimals), a begun unit left out: for what is there to pay with."""
    return int((_settled(amount, places)).to_integral_value(ROUND_FLOOR))


def total_due(links: Iterable[Link], *, added: Iterable[Decimal], taxes: Taxes, now: int, places: int) -> int:
    """What the account owes by its horizon, in minor units; taxes on top of each line, each line rounded up once.

    *added*: the costs of the default services of the tariff that comes, taken at full cost.
    """
    kept = (link.net_due(now=now) for link in links if link.live and not link.replaced)
    return sum(round_up(taxes.on_top(net), places=places) for net in (*kept, *added))


def available(balance: Decimal, credit: Decimal, *, expiring: Iterable[tuple[Decimal, int]], horizon: int, places: int) -> int:
    """What can be spent at *horizon*, in minor units: without the credits and payments (value, expiry) that end before it."""
    gone = sum((value for value, expires in expiring if expires < horizon), _NOTHING)
    return round_down(balance + credit - gone, places=places)


def latest(links: Iterable[Link], *, otherwise: Period) -> Period:
    """The account's period: of those of its live links the one that ends last; *otherwise* when no link is live.

    The last end is the safe choice: by then every link has been charged and every credit that can expire has. Of two that end
    together the one that started later, the shorter.
    """
    return max((link.period for link in links if link.live), key=lambda one: (one.end, one.start), default=otherwise)


def _part_left(period: Period, *, now: int) -> Decimal:
    """The part of *period* after *now*, 0 to 1; of a period without length all is left."""
    length = period.end - period.start
    if length <= 0 or now <= period.start:
        return Decimal(1)
    return Decimal(max(period.end - now, 0)) / length


def _settled(amount: Decimal, places: int) -> Decimal:
    minor = amount.scaleb(places)
    whole = minor.to_integral_value(ROUND_HALF_EVEN)
    return whole if abs(minor - whole) < _DUST else minor
