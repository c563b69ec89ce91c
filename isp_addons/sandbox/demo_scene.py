"""The things that every day of the demo does: UTM5 acts, hook scripts run, events are taken in, the vendor is told."""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table

from isp_addons.sandbox.demo_add_ons import AddOnCharges
from isp_addons.sandbox.demo_checks import Check, Forecast
from isp_addons.sandbox.demo_stage import ZONE, Commands, Folder, HookScripts
from isp_addons.sandbox.demo_witness import DATED, Pass, Witness
from isp_addons.sandbox.utm5_play import Utm5Play
from isp_addons.sandbox.utm5_rollover import roll_over
from isp_addons.sandbox.utm5_tables import SMALL

_PIPE_WIDTH = 120
ALL = ("--limit", "1000000")
_BECAME = ("ordered", "suspended", "dated", "resumed", "deleted")


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
        self._console.print(f"  $ isp-addons {command}", style="cyan")
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


@dataclass(slots=True)
class Scene:
    """Everything that takes part, and what was noted on the way."""

    folder: Folder
    commands: Commands
    screen: Screen
    utm5: Utm5Play
    charges: AddOnCharges
    hooks: HookScripts
    witness: Witness
    handled: int = 0
    forecast: Forecast = field(default_factory=lambda: Forecast(compared=0, different=()))
    changed_their_minds: tuple[int, int] = (0, 0)
    _rows: list[tuple[datetime, Pass, str]] = field(default_factory=list)

    def command(self, *arguments: str, at: datetime) -> None:
        """Run a command of the product and show it."""
        self.screen.ran(" ".join(arguments), self.commands.say(*arguments, at=at))

    def events(self, at: datetime) -> None:
        """UTM5 runs its firewall rules, then the product takes in what the hook scripts stored."""
        fired = self.hooks.fire(self.utm5.take_rules())
        self.screen.say(f"UTM5 ran {fired:,} hook scripts, {self.hooks.milliseconds:.1f} ms each.")
        [took] = self.commands.rows("spool", "ingest", at=at)
        self.handled += int(took["handled"])
        self.screen.ran("spool ingest", f"{took['taken']:,} events taken in, {took['handled']:,} handled.")

    def planned(self, at: datetime) -> int:
        """Show how many calls ``plan`` would make, and return it."""
        found = self.commands.rows("plan", *ALL, at=at)
        self.screen.ran("plan", f"{len(found):,} calls would be made.")
        return len(found)

    def converge(self, at: datetime) -> Pass:
        """Let the product tell the vendor, and look at the vendor itself what came of it."""
        self.commands.say("converge", at=at)
        found = self.witness.look(at)
        [vendor] = self.commands.rows("vendors", "list", at=at)
        self._rows.append((at, found, vendor["state"].partition(" until")[0]))
        return found

    def table(self) -> None:
        """What the vendor saw since the last table, one row for each ``converge``; columns of zeros are left out."""
        rows, self._rows = self._rows, []
        columns: dict[str, list[object]] = {"converge": [shown(at) for at, _, _ in rows]}
        for word in _BECAME:
            columns[word] = [found.became[word] for _, found, _ in rows]
        columns["only read"] = [found.reads for _, found, _ in rows]
        columns["answer lost"] = [found.lost for _, found, _ in rows]
        columns["failed"] = [found.failed for _, found, _ in rows]
        columns["calls"] = [len(found.calls) for _, found, _ in rows]
        columns["vendor"] = [state for _, _, state in rows]
        kept = {name: values for name, values in columns.items() if any(values) or name == "calls"}
        self.screen.table(list(kept), list(zip(*kept.values(), strict=True)))

    def dates(self, at: datetime) -> list[tuple[str, int]]:
        """From when how many stations are blocked, of those whose blocks have not begun at *at*."""
        begins = (each.block_begin for each in self.witness.stations().values() if each.meaning(at).startswith(DATED))
        return [(shown(begin), count) for begin, count in sorted(Counter(filter(None, begins)).items())]

    def subscriptions(self, at: datetime, *options: str) -> list[dict[str, Any]]:
        """What ``subscriptions list`` says."""
        return self.commands.rows("subscriptions", "list", *options, *ALL, at=at)

    def charge_add_ons(self, at: datetime) -> int:
        """The ISP's script has UTM5 charge what is on."""
        return self.charges.charge(self.subscriptions(at))

    def begin_period(self, static_id: int, at: datetime) -> None:
        """UTM5 ends a period: its own charges first, then the add-ons that are on."""
        rolled_over = roll_over(self.utm5, static_id=static_id, zone=ZONE)
        self.charges.begin(rolled_over)
        for account in rolled_over.accounts[:30]:
            self.utm5.rule("charged", account)
        for account in rolled_over.accounts[30:60]:
            self.utm5.rule("period_began", account)
        add_ons = self.charge_add_ons(at)
        self.screen.say(
            f"UTM5 begins a period up to {shown(rolled_over.end)} for {len(rolled_over.accounts):,} accounts: it charges "
            f"{rolled_over.charged:,} of them, {rolled_over.switched} change their tariff, {add_ons:,} add-ons are charged."
        )


def shown(moment: datetime) -> str:
    """A time for people, on UTM5's clock."""
    local = moment.astimezone(ZoneInfo(ZONE))
    return f"{local.day} {local:%b %H:%M}"


def expected_forecast() -> dict[int, dict[str, Any]]:
    """The right answer for the small UTM5, by account, as ``before-period-end --json`` says it."""
    with (SMALL / "expected_forecast.csv").open(newline="", encoding="utf-8") as file:
        return {
            int(row["account_id"]): {
                **{name: int(row[name]) for name in ("account_id", "period_end", "available_minor", "dues_minor", "blocked")},
                "keep": row["keep"].split(),
                "suspend": row["suspend"].split(),
            }
            for row in csv.DictReader(file)
        }
