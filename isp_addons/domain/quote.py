"""A quote: what an order or a change would cost, line by line, and the code by which it is confirmed."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from isp_addons.domain.money import format_amount
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.vat import Vat

GOOD_FOR = timedelta(minutes=15)
"""How long a quote can be confirmed."""

_CODE = re.compile(r"([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{24}")
_MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that is bought. ``months``: how many are paid, or which part of one; money in minor units, without VAT.

    ``list_price``: for all of the line, by the price list; ``net``: with the discount taken off, rounded once.
    ``name`` and ``number``: those of the article.
    """

    product: str
    name: str
    number: str
    quantity: int
    months: Fraction
    start: datetime
    end: datetime
    list_price: int
    net: int

    @property
    def discount(self) -> int:
        """What was taken off the list price."""
        return self.list_price - self.net

    def facts(self, currency: str) -> dict[str, Any]:
        """The line for a machine: amounts as text such as ``45.00``, months as ``2`` or ``43/62``."""
        return {
            "product": self.product,
            "article_name": self.name,
            "article_number": self.number,
            "quantity": self.quantity,
            "months": str(self.months),
            "from": self.start.isoformat(),
            "until": self.end.isoformat(),
            "list_price": format_amount(self.list_price, currency),
            "discount": format_amount(self.discount, currency),
            "net": format_amount(self.net, currency),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What somebody is told before he buys. ``request``: what was asked for, in words and numbers, as (name, value).

    ``start``: from when it counts; ``next_price``: of the whole next period, discount taken off, without VAT (None: there is
    none). ``priced_at``: the moment for which everything was worked out.
    """

    account: str
    request: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    currency: str
    vat: Vat
    start: datetime
    next_price: int | None
    priced_at: datetime

    @property
    def net(self) -> int:
        """All lines together."""
        return sum(line.net for line in self.lines)

    @property
    def discount(self) -> int:
        """What was taken off all lines together."""
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        """The VAT on all lines together, rounded once."""
        return self.vat.of(self.net)

    @property
    def gross(self) -> int:
        """Net and VAT."""
        return self.net + self.tax

    @property
    def code(self) -> str:
        """By which this very quote is confirmed: the moment it was priced at, and a digest of everything that it says."""
        said = json.dumps(self._said(), sort_keys=True, ensure_ascii=False)
        return f"{self.priced_at.strftime(_MOMENT)}-{hashlib.sha256(said.encode()).hexdigest()[:24]}"

    @property
    def good_until(self) -> datetime:
        """Until when it can be confirmed."""
        return self.priced_at + GOOD_FOR

    def facts(self) -> dict[str, Any]:
        """The quote for a machine: `code` and `good_until` beside everything that it says."""
        return {**self._said(), "quote": self.code, "good_until": self.good_until.isoformat()}

    def _said(self) -> dict[str, Any]:
        return {
            "account": self.account,
            **dict(self.request),
            "lines": [line.facts(self.currency) for line in self.lines],
            "currency": self.currency,
            "discount": format_amount(self.discount, self.currency),
            "net": format_amount(self.net, self.currency),
            "vat_basis": self.vat.basis.value,
            "vat_country": self.vat.country,
            "vat_rate": self.vat.percent,
            "vat": format_amount(self.tax, self.currency),
            "gross": format_amount(self.gross, self.currency),
            "from": self.start.isoformat(),
            "next_price": None if self.next_price is None else format_amount(self.next_price, self.currency),
            "priced_at": self.priced_at.isoformat(),
        }


def moment_of(code: str | None, *, now: datetime) -> datetime:
    """For which moment to work a price out: that of the quote *code*, or *now* without one.

    Raises `BadInput` (``bad_quote``), `Refused` (``stale_quote``) where the quote is older than `GOOD_FOR`.
    """
    if code is None:
        return now
    found = _CODE.fullmatch(code)
    try:
        moment = datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC) if found else None
    except ValueError:
        moment = None
    if moment is None:
        raise BadInput(f"{code[:60]!r} is not the code of a quote; a dry run gives one.", code="bad_quote")
    if not timedelta(0) <= now - moment <= GOOD_FOR:
        raise _stale("The quote is too old")
    return moment


def confirm(code: str | None, quote: Quote) -> None:
    """Raise `Refused` (``stale_quote``) unless *quote* is the very one whose *code* was confirmed (None: none was)."""
    if code is not None and code != quote.code:
        raise _stale("The price, or something else that the quote said, has changed since")


def _stale(why: str) -> Refused:
    return Refused(f"{why}; nothing was done. Look again with --dry-run, and confirm the new quote.", code="stale_quote")
