"""The person at the ISP who does operator tasks: looks at the list, does each at the vendor's console, and says so.

Ajax has no interface, so there is nothing to call: in the demo doing a task is saying that it was done.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isp_addons.domain.licence import Step
from isp_addons.domain.operator_task import TaskStatus
from isp_addons.sandbox.demo_screen import ALL, Screen
from isp_addons.sandbox.demo_stage import Commands

VENDOR = "ajax"
_NOT_DONE = "not done"
_NAMED = 2
_WORDS = {Step.ORDER: "to activate", Step.BLOCK: "to lock", Step.BEFORE_PERIOD_END: "to lock", Step.UNBLOCK: "to unlock"}


@dataclass(frozen=True, slots=True)
class Operator:
    """Does it all by the product's own commands, and shows them."""

    commands: Commands
    screen: Screen

    def looks(self, at: datetime) -> list[dict[str, Any]]:
        """See what waits."""
        rows = self.commands.rows("tasks", "list", "--vendor", VENDOR, *ALL, at=at)
        kinds = Counter(_kind(row) for row in rows)
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        self.screen.ran(f"tasks list --vendor {VENDOR}", f"{told}." if rows else "Nothing waits for a person.")
        return rows

    def reads_one(self, at: datetime) -> None:
        """See how one is done, with what to enter."""
        rows = self.commands.rows("tasks", "list", "--vendor", VENDOR, "--limit", "1", at=at)
        for key in (row["licence"] for row in rows):
            self.screen.ran(f"tasks show {key}", self.commands.say("tasks", "show", key, at=at))

    def answers_all(self, at: datetime) -> None:
        """Do what is to be done; what was recalled, because somebody paid before it was done, stays undone."""
        rows = self.looks(at)
        self._confirms([row["licence"] for row in rows if row["status"] == TaskStatus.OPEN], at)
        recalled = [row["licence"] for row in rows if row["status"] == TaskStatus.RECALLED]
        for key in recalled:
            self.commands.say("tasks", "could-not", key, "--note", _NOT_DONE, at=at)
        for key in recalled[:1]:
            self.screen.ran(f'tasks could-not {key} --note "{_NOT_DONE}"', f"{len(recalled):,} answered so, one by one.")

    def answers_all_but_one(self, at: datetime) -> None:
        """Be unsure about the task of the account with the highest number: have it written anew."""
        rows = sorted(self.looks(at), key=lambda row: int(row["account"]))
        self._confirms([row["licence"] for row in rows[:-1]], at)
        for key in (row["licence"] for row in rows[-1:]):
            self.screen.ran(f"tasks ask-again {key}", self.commands.say("tasks", "ask-again", key, at=at))

    def _confirms(self, keys: Sequence[str], at: datetime) -> None:
        if keys:
            confirmed = self.commands.rows("tasks", "confirm", *keys, at=at)
            more = " …" if keys[_NAMED:] else ""
            self.screen.ran(f"tasks confirm {' '.join(keys[:_NAMED])}{more}", f"{len(confirmed):,} confirmed.")


def _kind(row: Mapping[str, Any]) -> str:
    return "recalled" if row["status"] == TaskStatus.RECALLED else _WORDS.get(Step(row["step"]), row["step"])
