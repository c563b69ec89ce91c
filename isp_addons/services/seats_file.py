"""Files with users: one address a line, or CSV; and changes of seats of several subscriptions as CSV."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from isp_addons.domain.customer import parse_email
from isp_addons.domain.period import parse_whole
from isp_addons.domain.problem import BadInput, Problem, refuse_file
from isp_addons.domain.seat_change import Asked
from isp_addons.services.text_file import read_text

COLUMNS = ("subscription", "change", "user")
_HEADINGS = ("email", "e-mail", "mail")
_CHANGES = ("give", "take")
_MOST_BYTES = 5_000_000
_MOST_SHOWN = 20
_MOST_SUBSCRIPTION = 2**31 - 1


def read_addresses(path: Path) -> tuple[str, ...]:
    """The e-mail addresses of a file, in lower case and each once: one a line, or in a CSV file the column ``email``.

    A CSV file without headings has them in its first column. Empty lines are passed over; a byte order mark and both kinds of
    line ends are read. Raises `BadInput` (``bad_file``) naming every wrong line.
    """
    text = read_text(path, name=path.name, most=_MOST_BYTES)
    rows = _rows(text, path.name) if path.suffix.lower() == ".csv" else _lines(text)
    problems: list[str] = []
    found: dict[str, None] = {}
    for number, address in rows:
        try:
            found[parse_email(address)] = None
        except Problem as problem:
            problems.append(f"{path.name}:{number}: {problem.message}")
    refuse_file(problems, most=_MOST_SHOWN)
    if not found:
        raise BadInput(f"{path.name} names nobody.", code="nothing_named")
    return tuple(found)


def read_changes(file: Path | BinaryIO) -> tuple[Asked, ...]:
    """The changes of a CSV file with the columns ``subscription``, ``change`` (give or take) and ``user``, in their order."""
    name = file.name if isinstance(file, Path) else "-"
    text = read_text(file, name=name, most=_MOST_BYTES)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    found: list[Asked] = []
    problems: list[str] = []
    try:
        missing = [each for each in COLUMNS if each not in (reader.fieldnames or ())]
        if missing:
            raise BadInput(f"{name}:1: these columns are missing: {', '.join(missing)}.", code="bad_file")
        for row in reader:
            try:
                found.append(_asked(row))
            except Problem as problem:
                problems.append(f"{name}:{reader.line_num}: {problem.message}")
    except csv.Error as error:
        raise BadInput(f"{name}:{reader.line_num}: {error}.", code="bad_file") from error
    refuse_file(problems, most=_MOST_SHOWN)
    return tuple(found)


def _asked(row: dict[str | None, str | None]) -> Asked:
    if None in row:  # where `csv` puts what stands beyond the last column
        raise BadInput("The line has more values than there are columns.", code="bad_line")
    subscription, change, user = ((row.get(name) or "").strip() for name in COLUMNS)
    number = parse_whole(subscription, name="subscription", most=_MOST_SUBSCRIPTION)
    if change not in _CHANGES:
        raise BadInput(f"{change!r} is not {' or '.join(_CHANGES)}.", code="bad_file")
    if not user:
        raise BadInput("No user is named.", code="bad_file")
    return Asked(subscription=number, **{change: (user,)})


def _lines(text: str) -> list[tuple[int, str]]:
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _rows(text: str, name: str) -> list[tuple[int, str]]:
    """The addresses of a CSV file, each with its line."""
    dialect = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect, strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise BadInput(f"{name}:{reader.line_num}: {error}.", code="bad_file") from error
    rows = [(number, row) for number, row in rows if any(row)]
    column = _column(rows[0][1]) if rows else None
    body = rows if column is None else rows[1:]
    return [(number, _cell(row, column or 0)) for number, row in body]


def _column(first: Sequence[str]) -> int | None:
    """Which column holds the addresses, by its heading; None: the first row has no headings."""
    headings = [each.lower() for each in first]
    return next((headings.index(each) for each in _HEADINGS if each in headings), None)


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""
