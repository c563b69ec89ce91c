"""Reading a file of project keys: checked whole, every wrong line named, and no key in any message."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.money import parse_amount
from isp_addons.domain.period import LONGEST_TERM, parse_whole
from isp_addons.domain.problem import BadInput
from isp_addons.services import coded_file

COLUMNS = ("code", "product", "quantity", "term", "purchase_price", "expires")

KNOWN = "this key was imported already."
"""What is wrong with a line whose key there is already, whatever became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """One line: ``term`` in months, ``purchase_price`` in minor units, ``expires_at``: until when it can be redeemed."""

    line: int
    code: str
    product: str
    quantity: int
    term: int
    purchase_price: int
    expires_at: datetime | None


def read_file(
    path: Path,
    *,
    products: Collection[str],
    currency: str,
    zone: ZoneInfo,
    now: datetime,
    known: Callable[[Sequence[str]], Collection[str]],
) -> list[NewKey]:
    """Read and check the CSV file. *products*: the codes there are; *known*: which of its keys were imported already.

    Raises `BadInput` (``bad_file``) with every wrong line.
    """

    def parse(row: dict[str, str], line: int) -> NewKey:
        values = {name: (row.get(name) or "").strip() for name in COLUMNS}
        code = coded_file.parse_code(values["code"])
        if values["product"] not in products:  # not repeated: columns may be mixed up
            raise BadInput("The product is none that is sold; see: isp-addons products list", code="unknown_product")
        return NewKey(
            line=line,
            code=code,
            product=values["product"],
            quantity=_read(
                lambda: parse_whole(values["quantity"], name="quantity", most=MOST_QUANTITY),
                f"quantity is not a whole number from 1 to {MOST_QUANTITY}",
            ),
            term=_read(
                lambda: parse_whole(values["term"], name="term", most=LONGEST_TERM),
                f"term is not a whole number from 1 to {LONGEST_TERM}",
            ),
            purchase_price=_read(
                lambda: parse_amount(values["purchase_price"], currency=currency, minimum=0),
                f"purchase price is not an amount in {currency} such as 1200.00",
            ),
            expires_at=coded_file.parse_expiry(values["expires"], zone=zone, now=now),
        )

    needed = tuple(name for name in COLUMNS if name != "expires")
    return coded_file.read(path, columns=COLUMNS, needed=needed, parse=parse, known=known, taken=KNOWN)


def _read(parse: Callable[[], int], what: str) -> int:
    """What *parse* reads; its problem repeats the value, and where columns are mixed up that may be the key."""
    try:
        return parse()
    except BadInput:
        raise BadInput(f"The {what}.", code="bad_line") from None
