"""The plugin for executables keeps the contract of every vendor; each call here is a real process."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path

import pytest

from isp_addons.testing import VendorConformance, VendorContract
from isp_addons.vendor_api import LicenceView, SeenState
from isp_addons.vendor_api.stand_in import CallLog, Faults, Standing
from isp_addons_exec import Exec


class TestExec(VendorConformance):
    plugin = Exec
    settings = {"time_limit": "2"}


class Example:
    """The example of the plugin, a shell script, seen from its folder; it has no server."""

    def __init__(self, folder: Path) -> None:
        self.faults = Faults()
        self.calls = CallLog()
        self._folder = folder

    def options(self) -> Mapping[str, str]:
        example = Path(str(resources.files("isp_addons_exec"))) / "examples" / "vendor.sh"
        can = dict.fromkeys(("changes_quantity", "endless", "lists"), "yes")
        return {"command": shlex.join([str(example), str(self._folder)]), **can}

    def standing(self, now: datetime) -> list[Standing]:  # noqa: ARG002 - a file knows no time
        rows = []
        for path in sorted(self._folder.iterdir()):
            state, quantity, paid_until, _ = path.read_text().splitlines()
            end = datetime.fromisoformat(paid_until) if paid_until else None
            rows.append(Standing(path.name, SeenState(state), key=path.name, quantity=int(quantity), paid_until=end))
        return rows

    def perform(self, hook: str, licence: LicenceView) -> None:
        raise NotImplementedError(f"the example asks nobody to do {hook} of {licence.key}")

    def reset(self) -> None:
        for path in self._folder.iterdir():
            path.unlink()

    def start(self) -> None:
        """Nothing is running between calls."""

    def stop(self) -> None:
        """Nothing is running between calls."""


class TestTheExample(VendorContract):
    plugin = Exec

    @pytest.fixture
    def stand_in(self, tmp_path: Path) -> Example:
        return Example(tmp_path)
