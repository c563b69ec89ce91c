"""What people see of the demo: colours on a terminal, plain lines in a pipe."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table

from isp_addons.sandbox.demo_findings import Check
from isp_addons.sandbox.demo_stage import ZONE

ALL = ("--limit", "1000000")
"""For commands that list."""

_PIPE_WIDTH = 120


class Screen:
    """What people see: colours on a terminal, plain lines in a pipe."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        if not self._console.is_terminal:
            self._console.width = _PIPE_WIDTH
        self._began = time.monotonic()

    def title(self, text: str) -> None:
        """What all this is."""
        self._console.print(text, style="bold")

    def chapter(self, at: datetime, title: str) -> None:
        """A day begins."""
        self._console.print(f"\n{shown(at)}  {title}", style="bold")

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(f"  {text}")

    def ran(self, command: str, answer: str) -> None:
        """A command and what it printed."""
        self.runs(command)
        self.answers(answer)

    def runs(self, command: str) -> None:
        """A command that takes a while; what it prints comes with `answers`."""
        self._console.print(f"  $ isp-addons {command}", style="cyan")

    def answers(self, answer: str) -> None:
        """What a command printed."""
        for line in answer.splitlines():
            if line.strip():
                self._console.print(f"    {line.rstrip()}")

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Figures that line up."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for number, heading in enumerate(headings):
            table.add_column(heading, justify="right" if number else "left", no_wrap=not number)
        for row in rows:
            table.add_row(*(f"{each:,}" if isinstance(each, int) else str(each) for each in row))
        self._console.print(table)

    def took(self) -> None:
        """How long it lasted."""
        self.say(f"A month in {time.monotonic() - self._began:.1f} seconds.")

    def check(self, check: Check) -> None:
        """A tick or a cross, and the sentence."""
        tick, cross = ("✓", "✗") if "utf" in self._console.encoding.lower() else ("+", "x")
        self._console.print(f"  {tick if check.holds else cross} {check.text}", style="green" if check.holds else "bold red")


def shown(moment: datetime) -> str:
    """A time for people, on UTM5's clock."""
    local = moment.astimezone(ZoneInfo(ZONE))
    return f"{local.day} {local:%b %H:%M}"
