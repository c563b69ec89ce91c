"""What is sold: the terms of one product, as the catalogue tells them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from isp_addons.domain.entitlement import UserRole
from isp_addons.domain.period import LONGEST_TERM, Month
from isp_addons.domain.price_list import PriceList
from isp_addons.domain.problem import BadInput
from isp_addons.domain.proration import Proration
from isp_addons.domain.schedule import Schedule
from isp_addons.domain.split import MOST_PARTS, is_name
from isp_addons.domain.text import parse_line
from isp_addons.domain.unbundling import Part, check_parts

LOWEST_PRIORITY = 1000
MOST_QUANTITY = 10_000
LONGEST_TRIAL = 365
_LONGEST_CODE, _LONGEST_NAME, _LONGEST_NUMBER, _LONGEST_TERMS = 64, 120, 40, 80


class Kind(StrEnum):
    """What a unit is.

    ``seat``: one for each user. ``account_wide``: everybody of the account has it. ``quantity``: so many, perhaps split.
    ``device``: bundles of devices. ``code``: an activation code for each period. ``other``: nothing of the above.
    """

    SEAT = "seat"
    ACCOUNT_WIDE = "account_wide"
    QUANTITY = "quantity"
    DEVICE = "device"
    CODE = "code"
    OTHER = "other"


class WhileSuspended(StrEnum):
    """What the periods cost in which a subscription is suspended."""

    NONE = "none"
    FULL = "full"


class TrialEnd(StrEnum):
    """What follows a trial that nobody ordered or cancelled: nothing, or a subscription for those who are in it."""

    END = "end"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class DatedPrices:
    """A price list and the day from which it is valid, on the installation's calendar."""

    valid_from: date
    prices: PriceList


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTerms:
    """One product. ``terms``: months, each as ``month`` says; ``split``: the names of the parts of a quantity.

    ``most`` None: as the prices say.

    ``article_name`` and ``article_number`` are what customers and invoices show; ``tariffs`` of the billing include it.
    ``trial_then``: what follows a trial of ``trial_days``; ``schedule``: from when seats count, None = always.
    ``features``: what it gives to whom, no roles = to every user; a product without any is its own feature.
    ``unbundle``: the parts as which statements show it. ``purchase_price``: what the vendor takes for a unit and a month, in
    minor units. ``resale``: resellers may order it for the customers in their care.
    """

    code: str
    name: str
    kind: Kind
    prices: tuple[DatedPrices, ...]
    vendor: str | None = None
    article_name: str = ""
    article_number: str = ""
    terms: tuple[int, ...] = (1,)
    proration: Proration = Proration.BY_TIME
    month: Month = Month.CALENDAR
    trial_days: int = 0
    trial_then: TrialEnd = TrialEnd.END
    schedule: Schedule | None = None
    features: Mapping[str, tuple[UserRole, ...]] = field(default_factory=dict)
    tariffs: tuple[str, ...] = ()
    priority: int = 1
    while_suspended: WhileSuspended = WhileSuspended.NONE
    least: int = 1
    most: int | None = None
    split: tuple[str, ...] = ()
    unbundle: tuple[Part, ...] = ()
    on_sale: bool = True
    resale: bool = False
    purchase_price: int = 0
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parse_line(self.code, name="product", most=_LONGEST_CODE)
        parse_line(self.name, name="name", most=_LONGEST_NAME)
        if self.article_name:
            parse_line(self.article_name, name="article name", most=_LONGEST_NAME)
        if self.article_number:
            parse_line(self.article_number, name="article number", most=_LONGEST_NUMBER)
        _within("priority", self.priority, 1, LOWEST_PRIORITY, code="bad_priority")
        _within("trial", self.trial_days, 0, LONGEST_TRIAL, code="bad_number")
        _within("least quantity", self.least, 1, MOST_QUANTITY, code="bad_quantity")
        if self.most is not None:
            _within("most quantity", self.most, self.least, MOST_QUANTITY, code="bad_quantity")
        for months in self.terms:
            _within("term", months, 1, LONGEST_TERM, code="bad_term")
        parse_line(",".join(map(str, self.terms)), name="list of terms", most=_LONGEST_TERMS)
        check_parts(self.unbundle)
        for name in self.features:
            parse_line(name, name="feature", most=_LONGEST_CODE)
        self._check_prices()
        self._check_kind()

    def _check_prices(self) -> None:
        if not self.prices:
            raise BadInput(f"{self.code} has no price list.", code="price_range")
        days = [each.valid_from for each in self.prices]
        if days != sorted(set(days)):
            raise BadInput(f"The price lists of {self.code} must stand by day, each day once.", code="price_day")

    def _check_kind(self) -> None:
        if self.schedule is not None and self.kind is not Kind.SEAT:
            raise BadInput(f"{self.code} is of the kind {self.kind}; only seats have a schedule.", code="bad_kind")
        if self.split and self.kind is not Kind.QUANTITY:
            raise BadInput(f"{self.code} is of the kind {self.kind}; only a quantity can be split.", code="bad_kind")
        if len(set(self.split)) != len(self.split) or len(self.split) == 1 or len(self.split) > MOST_PARTS:
            raise BadInput(f"The parts of {self.code} must be 2 to {MOST_PARTS} different names.", code="bad_kind")
        if wrong := [name for name in self.split if not is_name(name)]:
            raise BadInput(
                f"The part {wrong[0]!r} of {self.code} is not a name of up to 20 small letters, digits, _ and -.",
                code="bad_kind",
            )
        if self.kind is Kind.ACCOUNT_WIDE and (self.least, self.most) not in ((1, None), (1, 1)):
            raise BadInput(f"{self.code} is for the whole account: it has no quantity.", code="bad_kind")


def _within(name: str, value: int, least: int, most: int, *, code: str) -> None:
    if not least <= value <= most:
        raise BadInput(f"The {name} {value} is not from {least} to {most}.", code=code)
