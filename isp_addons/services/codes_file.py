"""Reading a file of activation codes: checked whole, every wrong line named, and no code in any message."""

import csv
import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from isp_addons.domain.problem import BadInput, Problem, refuse_file

COLUMNS = ("code", "expires", "article")
MOST_BYTES = 64_000_000
MOST_LINES = 1_000_000
LONGEST_ARTICLE = 80

IN_STOCK = "the stock has this code already."
"""What is wrong with a line whose code was imported before, whatever became of it."""

_MOST_SHOWN = 1000
_LEFT_OPEN = "unexpected end of data"  # what `csv` says of a quote without its end
_CODE = re.compile(r"[!-+\--~]{4,120}")  # ASCII without spaces and commas
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


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
    text = _text(path)
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    lines = enumerate(io.StringIO(text, newline=""), start=1)
    try:
        names = [name.strip() for name in _values(next(lines, (1, ""))[1], delimiter)]
    except BadInput as problem:
        raise BadInput(f"{path.name}:1: {problem.message}", code="bad_file") from None
    _check_columns(path, names)
    found: list[NewCode] = []
    problems: dict[int, str] = {}
    seen: dict[str, int] = {}
    for line, one in lines:
        if line > MOST_LINES:
            raise BadInput(f"{path.name} has more than {MOST_LINES} lines; split it.", code="bad_file")
        try:
            values = _values(one, delimiter)
            if values:
                new = _new(_row(names, values), line, article=article, zone=zone, now=now)
                if new.code in seen:
                    raise BadInput(f"the same code stands in line {seen[new.code]} already.", code="bad_code")
                seen[new.code] = line
                found.append(new)
        except Problem as problem:
            problems[line] = problem.message
    stocked = set(known(list(seen)))
    problems |= {new.line: IN_STOCK for new in found if new.code in stocked}
    if not found and not problems:
        refuse([f"{path.name}: there is no code in it."])
    refuse([f"{path.name}:{line}: {problems[line]}" for line in sorted(problems)])
    return found


def refuse(problems: Sequence[str]) -> None:
    """Raise `BadInput` with all *problems*, if there are any."""
    refuse_file(problems, most=_MOST_SHOWN, before="Nothing was imported:")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", code="bad_file") from error
    if len(data) > MOST_BYTES:
        raise BadInput(f"{path} is larger than {MOST_BYTES} bytes; split it.", code="bad_file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{path.name}:{line}: this is not UTF-8; nothing was imported.", code="bad_file") from None


def _check_columns(path: Path, names: Sequence[str]) -> None:
    if "code" not in names:
        raise BadInput(f"{path.name}:1: the column code is missing; the columns are {', '.join(COLUMNS)}.", code="bad_file")
    unknown = sum(name not in COLUMNS for name in names)
    if unknown or len(set(names)) < len(names):  # what stands there may be a code: it is not repeated
        what = f"{unknown} columns are unknown" if unknown else "a column stands there twice"
        raise BadInput(f"{path.name}:1: {what}; the columns are {', '.join(COLUMNS)}.", code="bad_file")


def _values(line: str, delimiter: str) -> list[str]:
    """The values of one line. None has a line break in it, so that a quote which is left open spoils its own line only."""
    try:
        return next(csv.reader((line,), strict=True, delimiter=delimiter), [])
    except csv.Error as error:
        what = "a quote is opened and not closed" if str(error) == _LEFT_OPEN else error
        raise BadInput(f"this is not a line of a CSV file: {what}.", code="bad_line") from None


def _row(names: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if len(values) > len(names):
        raise BadInput("The line has more values than there are columns.", code="bad_line")
    return dict(zip(names, values, strict=False))


def _new(row: dict[str, str], line: int, *, article: str | None, zone: ZoneInfo, now: datetime) -> NewCode:
    code = (row.get("code") or "").strip()
    if not _CODE.fullmatch(code):
        raise BadInput("The code is not 4 to 120 letters, digits and signs without spaces and commas.", code="bad_code")
    of = (row.get("article") or "").strip() or article
    if of is None:
        raise BadInput("The line names no article; add the column or give --article.", code="bad_article")
    if not of.isprintable() or len(of) > LONGEST_ARTICLE:  # not repeated: columns may be mixed up
        raise BadInput(f"The article is not 1 to {LONGEST_ARTICLE} printable characters.", code="bad_article")
    expires_at = _end_of_day((row.get("expires") or "").strip(), zone)
    if expires_at is not None and expires_at <= now:
        raise BadInput(f"The code expired on {row['expires'].strip()} already.", code="bad_expires")
    return NewCode(line=line, code=code, article=of, expires_at=expires_at)


def _end_of_day(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year < 3000:
        raise BadInput("The expiry is not a date such as 2026-12-31.", code="bad_expires")
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone)
