"""Reading a CSV file whose lines carry a code: taken in whole or not, every wrong line named, and no code in any message."""

import csv
import io
import re
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from isp_addons.domain.problem import BadInput, Problem, refuse_file
from isp_addons.services.text_file import read_text

MOST_BYTES = 64_000_000
MOST_LINES = 1_000_000

_MOST_SHOWN = 1000
_LEFT_OPEN = "unexpected end of data"  # what `csv` says of a quote without its end
_CODE = re.compile(r"[!-+\--~]{4,120}")  # ASCII without spaces and commas
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Coded(Protocol):
    """One line that was read."""

    @property
    def line(self) -> int:
        """Its number in the file."""

    @property
    def code(self) -> str:
        """What no other line may have."""


CodedT = TypeVar("CodedT", bound=Coded)


def read(
    path: Path,
    *,
    columns: Sequence[str],
    needed: Sequence[str],
    parse: Callable[[dict[str, str], int], CodedT],
    known: Callable[[Sequence[str]], Collection[str]],
    taken: str,
) -> list[CodedT]:
    """Read and check the file: *columns* that it may have and *needed* ones, *parse* for a line and its number.

    *known*: which of its codes there are already; *taken*: the sentence for a line with one of them. Raises `BadInput`
    (``bad_file``) with every wrong line.
    """
    lines, delimiter = _lines(path)
    names = _names(path, next(lines, (1, ""))[1], delimiter, columns=columns, needed=needed)
    found: list[CodedT] = []
    problems: dict[int, str] = {}
    seen: dict[str, int] = {}
    for line, one in lines:
        if line > MOST_LINES:
            raise BadInput(f"{path.name} has more than {MOST_LINES} lines; split it.", code="bad_file")
        try:
            values = _values(one, delimiter)
            if values:
                new = parse(_row(names, values), line)
                if new.code in seen:
                    raise BadInput(f"the same code stands in line {seen[new.code]} already.", code="bad_code")
                seen[new.code] = line
                found.append(new)
        except Problem as problem:
            problems[line] = problem.message
    there = set(known(list(seen)))
    problems |= {new.line: taken for new in found if new.code in there}
    if not found and not problems:
        refuse([f"{path.name}: there is no code in it."])
    refuse([f"{path.name}:{line}: {problems[line]}" for line in sorted(problems)])
    return found


def refuse(problems: Sequence[str]) -> None:
    """Raise `BadInput` with all *problems*, if there are any."""
    refuse_file(problems, most=_MOST_SHOWN, before="Nothing was imported:")


def parse_code(text: str) -> str:
    """*text* as a code, spaces around it left out. Raises `BadInput` (``bad_code``), which does not repeat it."""
    code = text.strip()
    if not _CODE.fullmatch(code):
        raise BadInput("The code is not 4 to 120 letters, digits and signs without spaces and commas.", code="bad_code")
    return code


def parse_expiry(text: str, *, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The end of the day *text* on the clock of *zone*; nothing for nothing. Raises `BadInput` (``bad_expires``)."""
    day = text.strip()
    if not day:
        return None
    expires_at = datetime.combine(_day(day), time(23, 59, 59), tzinfo=zone)
    if expires_at <= now:
        raise BadInput(f"The code expired on {day} already.", code="bad_expires")
    return expires_at


def _lines(path: Path) -> "tuple[enumerate[str], str]":
    """The numbered lines of the file, and what stands between its values."""
    text = read_text(path, name=path.name, most=MOST_BYTES)
    first = text.partition("\n")[0]
    return enumerate(io.StringIO(text, newline=""), start=1), ";" if ";" in first and "," not in first else ","


def _names(path: Path, line: str, delimiter: str, *, columns: Sequence[str], needed: Sequence[str]) -> list[str]:
    try:
        names = [name.strip() for name in _values(line, delimiter)]
    except BadInput as problem:
        raise BadInput(f"{path.name}:1: {problem.message}", code="bad_file") from None
    known = f"the columns are {', '.join(columns)}"
    missing = [name for name in needed if name not in names]
    if missing:
        what = f"column {missing[0]} is" if len(missing) == 1 else f"columns {', '.join(missing)} are"
        raise BadInput(f"{path.name}:1: the {what} missing; {known}.", code="bad_file")
    unknown = sum(name not in columns for name in names)
    if unknown or len(set(names)) < len(names):  # what stands there may be a code: it is not repeated
        what = f"{unknown} columns are unknown" if unknown else "a column stands there twice"
        raise BadInput(f"{path.name}:1: {what}; {known}.", code="bad_file")
    return names


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


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year < 3000:
        raise BadInput("The expiry is not a date such as 2026-12-31.", code="bad_expires")
    return day
