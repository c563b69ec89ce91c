"""How commands speak: tables that line up for people, one JSON object a line or CSV for machines."""

import csv
import dataclasses
import functools
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from isp_addons.cli.numbers import NUMBER, Whole
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.problem import BadInput

if TYPE_CHECKING:
    from isp_addons.bootstrap import App

SUBSCRIPTION = NUMBER
"""What a command takes for the number of a subscription."""

_LONGEST_ACTOR = 80
_ANY_WIDTH = 10_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


class Form(StrEnum):
    """How a list is printed. Only the table, which is for people, is false."""

    TABLE = ""
    JSON = "json"
    CSV = "csv"


class Session:
    """One run of a command: the application it acts on, made when first needed, and who is asking."""

    def __init__(self, config: Path | None, at: str | None, person: str | None = None) -> None:
        self._config = config
        self._at = at
        self._person = person
        self._app: App | None = None

    @property
    def app(self) -> "App":
        """The application that the configuration describes."""
        if self._app is None:
            from isp_addons.bootstrap import App
            from isp_addons.domain.period import parse_moment

            self._app = App(self._config, at=parse_moment(self._at) if self._at is not None else None)
            self._start_log(self._app)
        return self._app

    def cause(self, why: str, *, source: Source = Source.ADMIN) -> Cause:
        """Why something changes, in the name of whoever runs the command, or of the person whom he acts as."""
        if self._person is None:
            return self.app.cause(why, actor=actor(), source=source)
        from isp_addons.services import people

        person = people.by_email(self.app.context, self._person)
        return self.app.cause(why, actor=people.acting(person, operator=actor()), source=source, person=person.id)

    def require_staff(self) -> None:
        """Raise `Refused` (``not_permitted``) unless whoever asks is the ISP's staff."""
        from isp_addons.services import access

        with self.app.store.read() as database:
            access.require_staff(database, self.cause("asked"))

    def staff_but_for(self, group: click.Context, *names: str) -> None:
        """The same for the commands of *group*, but for those called *names*, which ask what a person may do."""
        if self._person is not None and group.invoked_subcommand not in names:
            self.require_staff()

    def close(self) -> None:
        """Let go of whatever the command opened."""
        if self._app is not None:
            self._app.close()

    def _start_log(self, app: "App") -> None:
        from isp_addons.cli.log import start

        start(app.settings.general.log_level)
        for warning in app.settings.warnings:
            click.echo(f"warning: {warning}", err=True)


def actor() -> str:
    """The person behind a command: who he was before sudo, if he was somebody else."""
    name = os.environ.get("SUDO_USER") or os.environ.get("USER") or ""
    return name if 0 < len(name) <= _LONGEST_ACTOR and name.isprintable() else f"uid {os.getuid()}"


def json_option(command: CommandT) -> CommandT:
    """``--json``: one JSON object a line instead of a table."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")(command)


def limit_option(command: CommandT) -> CommandT:
    """``--limit``: how long a list may become."""
    how_many = Whole(1, 1_000_000)
    return click.option("--limit", type=how_many, default=100, show_default=True, help="Show at most so many.")(command)


def form_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--json`` and ``--csv``, one of them at most; the command is given ``form``, a `Form`."""

    @functools.wraps(command)
    def chosen(*args: Any, as_json: bool, as_csv: bool, **kwargs: Any) -> Any:
        if as_json and as_csv:
            raise click.UsageError("Use --json or --csv, not both.")
        return command(*args, form=Form.JSON if as_json else Form.CSV if as_csv else Form.TABLE, **kwargs)

    csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV (UTF-8): the fields of --json, named first.")
    return json_option(csv_option(chosen))


def list_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every list takes: ``--limit``, and ``--json`` or ``--csv`` (see `form_options`)."""
    return limit_option(form_options(command))


def as_dict(row: Any) -> dict[str, Any]:
    """A dataclass or mapping as plain JSON values: times in ISO 8601, UTC."""
    values = dataclasses.asdict(row) if dataclasses.is_dataclass(row) and not isinstance(row, type) else dict(row)
    return {name: _plain(value) for name, value in values.items()}


def show(
    rows: Iterable[Any],
    *,
    columns: Mapping[str, str],
    empty: str,
    right: Sequence[str] = (),
    form: Form = Form.TABLE,
    as_json: bool = False,
) -> int:
    """Print *rows*; returns how many. *columns*: field → heading, for people; *empty*: the sentence when there are none.

    *form*: as `form_options` gives it; *as_json*: of a command that has no ``--csv``.
    """
    if form is Form.CSV:
        return _csv_lines(rows)
    if as_json or form is Form.JSON:
        return _json_lines(rows)
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, heading in columns.items():
        whole = name == "licence" or not table.columns  # a key must stay in one piece to be copied
        table.add_column(heading, justify="right" if name in right else "left", overflow="fold", no_wrap=whole)
    cells = [[_cell(values.get(name)) for name in columns] for values in map(as_dict, rows)]
    for row in cells:
        table.add_row(*row)
    if not cells:
        click.echo(empty)
        return 0
    console = Console(width=None if os.isatty(1) else 160, highlight=False, markup=False)
    wide = console.options.update(max_width=_ANY_WIDTH)
    if os.isatty(1) and console.measure(table, options=wide).minimum > console.width:
        _blocks(cells, [heading or name.replace("_", " ").capitalize() for name, heading in columns.items()])
    else:
        console.print(table)
    return len(cells)


def _blocks(rows: Sequence[Sequence[str]], names: Sequence[str]) -> None:
    """A line for each field, and a blank one between rows: for a terminal too narrow for a table with whole words."""
    width = max(map(len, names))
    for number, row in enumerate(rows):
        told = [f"{name:<{width}}  {value}" for name, value in zip(names, row, strict=True) if value]
        click.echo("\n".join(["", *told] if number else told))


def show_array(rows: Iterable[Any]) -> None:
    """Print *rows* as one JSON array, ``[]`` where there are none: a file for programs that read no lines."""
    click.echo(json.dumps([as_dict(row) for row in rows], ensure_ascii=False))


def say(message: str, *, as_json: bool, **facts: object) -> None:
    """One result: a sentence for people, its facts for machines."""
    if as_json:
        click.echo(json.dumps({name: _plain(value) for name, value in facts.items()}, ensure_ascii=False))
    else:
        click.echo(message)


def write_file(path: Path, text: str) -> None:
    """Write *text* in UTF-8. Raises `BadInput` (``bad_file``) where that cannot be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.", code="bad_file") from error


def when(moment: datetime | None) -> str:
    """A time for people, UTC to the minute."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


def _json_lines(rows: Iterable[Any]) -> int:
    count = 0
    for row in rows:
        click.echo(json.dumps(as_dict(row), ensure_ascii=False))
        count += 1
    return count


def _csv_lines(rows: Iterable[Any]) -> int:
    """A header of the field names and a line for each row; nothing at all where there are no rows, as with ``--json``."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's: a file in CSV does not say which it has
    line = io.StringIO()
    writer, names, count = csv.writer(line, lineterminator="\n"), tuple[str, ...](), 0
    for row in rows:
        values = as_dict(row)
        if not count:
            names = tuple(values)
            writer.writerow(names)
        if tuple(values) != names:
            raise ValueError(f"rows of one list have other fields: {names} and {tuple(values)}")
        writer.writerow([_csv_cell(value) for value in values.values()])
        click.echo(line.getvalue(), nl=False)
        line.seek(0)
        line.truncate()
        count += 1
    return count


def _csv_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before text that looks like one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
