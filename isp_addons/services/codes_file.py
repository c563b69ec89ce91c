"""Reading a file of activation codes: checked whole, every wrong line named, and no code in any message."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from isp_addons.domain.problem import BadInput
from isp_addons.services import coded_file
from isp_addons.services.coded_file import refuse

__all__ = ["COLUMNS", "IN_STOCK", "NewCode", "read_file", "refuse"]

COLUMNS = ("code", "expires", "article")
LONGEST_ARTICLE = 80

IN_STOCK = "the stock has this code already."
"""What is wrong with a line whose code was imported before, whatever became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCode:
    """One line: ``expires_at`` is the end of the day that the file names, in the ISP's own time zone."""

    line: int
    code: str
    article: str
    expires_at: datetime | None


def read_file(
    path: Path,
    *,
    article: str | None,
    zone: ZoneInfo,
    now: datetime,
    known: Callable[[Sequence[str]], Collection[str]] = lambda _codes: (),
) -> list[NewCode]:
    """Read and check the CSV file. *article*: of the lines that name none; *known*: which of its codes the stock has.

    Raises `BadInput` with every wrong line.
    """

    def parse(row: dict[str, str], line: int) -> NewCode:
        return _new(row, line, article=article, zone=zone, now=now)

    return coded_file.read(path, columns=COLUMNS, needed=("code",), parse=parse, known=known, taken=IN_STOCK)


def _new(row: dict[str, str], line: int, *, article: str | None, zone: ZoneInfo, now: datetime) -> NewCode:
    code = coded_file.parse_code(row.get("code") or "")
    of = (row.get("article") or "").strip() or article
    if of is None:
        raise BadInput("The line names no article; add the column or give --article.", code="bad_article")
    if not of.isprintable() or len(of) > LONGEST_ARTICLE:  # not repeated: columns may be mixed up
        raise BadInput(f"The article is not 1 to {LONGEST_ARTICLE} printable characters.", code="bad_article")
    expires_at = coded_file.parse_expiry(row.get("expires") or "", zone=zone, now=now)
    return NewCode(line=line, code=code, article=of, expires_at=expires_at)
