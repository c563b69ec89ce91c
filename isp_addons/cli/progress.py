"""Progress of long work: a bar on a terminal, plain lines in a pipe, on stderr either way."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from isp_addons.convergence.tally import Tally

_LINE_EVERY = 5.0
"""Seconds between two plain lines."""


@contextmanager
def progress_of(due: Mapping[str, int], *, quiet: bool) -> "Iterator[Callable[[str, Tally], None]]":
    """A function to tell each vendor's tally to, while its calls are made."""
    if quiet or not due:
        yield lambda _name, _tally: None
    elif sys.stderr.isatty():
        yield from _bars(due)
    else:
        yield _lines(due)


def _bars(due: Mapping[str, int]) -> "Iterator[Callable[[str, Tally], None]]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {name: bars.add_task(name, total=total) for name, total in due.items()}

        def tell(name: str, tally: "Tally") -> None:
            bars.update(tasks[name], completed=tally.done + tally.failed)

        yield tell


def _lines(due: Mapping[str, int]) -> "Callable[[str, Tally], None]":
    told: dict[str, float] = {}

    def tell(name: str, tally: "Tally") -> None:
        now = time.monotonic()
        if now - told.get(name, 0.0) >= _LINE_EVERY:
            told[name] = now
            click.echo(f"{name}: {tally.done} done, {tally.failed} failed, of {due.get(name, 0)}", err=True)

    return tell
