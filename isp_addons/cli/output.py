"""How commands speak: tables that line up for people, one JSON object a line for machines."""

import dataclasses
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from isp_addons.domain.cause import Cause, Source

if TYPE_CHECKING:
    from isp_addons.bootstrap import App

SUBSCRIPTION = click.IntRange(1, 2**63 - 1)
"""What a command takes for the number of a subscription."""

_LONGEST_ACTOR = 80

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


class Session:
    """One run of a command: the application it acts on, made when first needed, and who is asking."""

    def __init__(self, config: Path | None, at: str | None) -> None:
        self._config = config
        self._at = at
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
        """Why something changes, in the name of whoever runs the command."""
        return self.app.cause(why, actor=actor(), source=source)

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
    return click.option(
        "--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="Show at most so many."
    )(command)


def as_dict(row: Any) -> dict[str, Any]:
    """A dataclass or mapping as plain JSON values: times in ISO 8601, UTC."""
    values = dataclasses.asdict(row) if dataclasses.is_dataclass(row) and not isinstance(row, type) else dict(row)
    return {name: _plain(value) for name, value in values.items()}


def show(rows: Iterable[Any], *, as_json: bool, columns: Mapping[str, str], empty: str, right: Sequence[str] = ()) -> int:
    """Print *rows*; returns how many. *columns*: field → heading, for people; *empty*: the sentence when there are none."""
    if as_json:
        return _json_lines(rows)
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name, heading in columns.items():
        whole = name == "licence" or not table.columns  # a key must stay in one piece to be copied
        table.add_column(heading, justify="right" if name in right else "left", overflow="fold", no_wrap=whole)
    count = 0
    for row in rows:
        values = as_dict(row)
        table.add_row(*(_cell(values.get(name)) for name in columns))
        count += 1
    if not count:
        click.echo(empty)
        return 0
    Console(width=None if os.isatty(1) else 160, highlight=False, markup=False).print(table)
    return count


def say(message: str, *, as_json: bool, **facts: object) -> None:
    """One result: a sentence for people, its facts for machines."""
    if as_json:
        click.echo(json.dumps({name: _plain(value) for name, value in facts.items()}, ensure_ascii=False))
    else:
        click.echo(message)


def when(moment: datetime | None) -> str:
    """A time for people, UTC to the minute."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


def _json_lines(rows: Iterable[Any]) -> int:
    count = 0
    for row in rows:
        click.echo(json.dumps(as_dict(row), ensure_ascii=False))
        count += 1
    return count


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
