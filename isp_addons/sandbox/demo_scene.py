"""The things that every day of the demo does: UTM5 acts, hook scripts run, events are taken in, the vendor is told."""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from isp_addons.sandbox.demo_add_ons import AddOnCharges
from isp_addons.sandbox.demo_eset import EsetPass, EsetWitness
from isp_addons.sandbox.demo_findings import Forecast
from isp_addons.sandbox.demo_operator import Operator
from isp_addons.sandbox.demo_screen import ALL, Screen, shown
from isp_addons.sandbox.demo_stage import ZONE, Commands, Folder, HookScripts
from isp_addons.sandbox.demo_witness import DATED, Pass, Witness
from isp_addons.sandbox.utm5_play import Utm5Play
from isp_addons.sandbox.utm5_rollover import roll_over
from isp_addons.sandbox.utm5_tables import SMALL

_BECAME = ("ordered", "suspended", "dated", "resumed", "deleted")


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
    eset: EsetWitness
    operator: Operator
    handled: int = 0
    forecast: Forecast = field(default_factory=lambda: Forecast(compared=0, different=()))
    changed_their_minds: tuple[int, int] = (0, 0)
    _rows: list[tuple[datetime, Pass, str]] = field(default_factory=list)
    _at_eset: list[tuple[datetime, EsetPass]] = field(default_factory=list)

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
        found = Counter(row["vendor"] for row in self.commands.rows("plan", *ALL, at=at))
        told = ", ".join(f"{vendor} {count:,}" for vendor, count in sorted(found.items()))
        self.screen.ran("plan", f"{found.total():,} calls would be made: {told or 'none'}.")
        return found.total()

    def converge(self, at: datetime) -> Pass:
        """Let the product tell the vendors, and look at the stand-ins what came of it; returns what came of it at AV-Desk."""
        self.screen.runs("converge")
        told = [_tallied(row) for row in self.commands.rows("converge", at=at)]
        self.screen.answers(f"{'; '.join(sorted(told)) or 'no calls'}.")
        found = self.witness.look(at)
        [state] = [row["state"] for row in self.commands.rows("vendors", "list", at=at) if row["vendor"] == "avdesk"]
        self._rows.append((at, found, state.partition(" until")[0]))
        self._at_eset.append((at, self.eset.look(at)))
        return found

    def table(self) -> None:
        """What AV-Desk saw since the last table, one row for each ``converge``, columns of zeros left out; a line for ESET."""
        rows, self._rows = self._rows, []
        columns: dict[str, list[object]] = {"converge": [shown(at) for at, _, _ in rows]}
        for word in _BECAME:
            columns[word] = [found.became[word] for _, found, _ in rows]
        columns["only read"] = [found.reads for _, found, _ in rows]
        columns["answer lost"] = [found.lost for _, found, _ in rows]
        columns["failed"] = [found.failed for _, found, _ in rows]
        columns["calls"] = [len(found.calls) for _, found, _ in rows]
        columns["AV-Desk"] = [state for _, _, state in rows]
        kept = {name: values for name, values in columns.items() if any(values) or name == "calls"}
        self.screen.table(list(kept), list(zip(*kept.values(), strict=True)))
        passes, self._at_eset = self._at_eset, []
        told = [f"{shown(at)} {_told(found)}" for at, found in passes if found.calls]
        if told:
            self.screen.say(f"ESET: {'; '.join(told)}.")

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


def _tallied(row: Mapping[str, Any]) -> str:
    failed = f", {row['failed']:,} failed" if row["failed"] else ""
    return f"{row['vendor']}: {', '.join(row['calls'])}{failed}"


def _told(found: EsetPass) -> str:
    became = [f"{count:,} {what}" for what, count in sorted(found.became.items())]
    return f"{', '.join(became) or 'nothing changed'} ({found.calls:,} calls)"


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
