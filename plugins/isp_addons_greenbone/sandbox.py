"""The stand-in server behind `sandbox_gvm_cli`, seen from its state file: what an operator does, and what stands there."""

import json
import shlex
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from isp_addons.vendor_api import LicenceView, SeenState
from isp_addons.vendor_api.stand_in import CallLog, Faults, Standing
from isp_addons_greenbone import sandbox_gvm_cli
from isp_addons_greenbone.gmp import RUNNING

ALLOWED = "192.0.2.1-192.0.2.9, 198.51.100.0/28"
"""What the stand-in's operator gives every user."""


class GreenboneSandbox:
    """A server in one file of *folder*. There is nothing to start: each command is a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.faults = Faults()
        self.calls = CallLog()
        self._folder = folder
        self.state_file = folder / "server.json"

    def options(self) -> Mapping[str, str]:
        """The settings of a vendor section that reaches it."""
        command = [sys.executable, sandbox_gvm_cli.__file__, "--config", str(self.state_file), "socket"]
        return {"mode": "gmp", "gvm_command": shlex.join(command), "state_dir": str(self._folder / "suspended")}

    def standing(self, now: datetime) -> list[Standing]:  # noqa: ARG002 - the server knows no time
        """Every user that an operator made for a licence."""
        return [_standing(number, user) for number, user in self.state()["users"].items()]

    def perform(self, hook: str, licence: LicenceView) -> None:
        """Do at the server what an operator was asked to do."""
        with sandbox_gvm_cli.opened(self.state_file) as state:
            users = state["users"]
            number = next((each for each, user in users.items() if licence.key in user["comment"].split()), None)
            if hook == "on_order" and number is None:
                self._add(state, licence)
            elif hook == "on_change" and number is not None:
                users[number]["comment"] = f"{licence.key} {licence.quantity}"
            elif hook == "on_cancel" and number is not None:
                del users[number]

    def state(self) -> dict[str, Any]:
        """Everything that the server has."""
        empty = json.dumps(sandbox_gvm_cli.EMPTY)
        told: dict[str, Any] = json.loads(self.state_file.read_text() if self.state_file.exists() else empty)
        return told

    def change(self, **changed: Any) -> None:
        """Change parts of the server's state."""
        with sandbox_gvm_cli.opened(self.state_file) as state:
            state.update(changed)

    def reset(self) -> None:
        """Forget everything."""
        self.state_file.unlink(missing_ok=True)

    def start(self) -> None:
        """Nothing is running between commands."""

    def stop(self) -> None:
        """Nothing is running between commands."""

    def _add(self, state: dict[str, Any], licence: LicenceView) -> None:
        made = state["made"] = state.get("made", 0) + 1
        user = {
            "name": f"customer-{licence.account}",
            "comment": f"{licence.key} {licence.quantity}",
            "roles": ["role-user"],
            "groups": ["group-isp"],
            "sources": ["file"],
            "allow": True,
            "hosts": ALLOWED,
        }
        state["users"][f"user-{made}"] = user
        for status in ("Running", "Done"):
            state["tasks"][f"task-{made}-{status.lower()}"] = {"owner": f"user-{made}", "status": status}

    def running(self) -> set[str]:
        """The tasks that can be stopped."""
        return {number for number, task in self.state()["tasks"].items() if task["status"] in RUNNING}


def _standing(number: str, user: Mapping[str, Any]) -> Standing:
    key, quantity = user["comment"].split()
    suspended = user["allow"] and not user["hosts"]
    return Standing(number, SeenState.SUSPENDED if suspended else SeenState.ACTIVE, key=key, quantity=int(quantity))
