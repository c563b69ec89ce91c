"""A vendor behind an executable as the product has it: a real process for each call."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from isp_addons.vendor import Vendor
from isp_addons.vendor_api import LicenceView, ReplayClock, VendorContext
from isp_addons_exec import Exec, ExecOptions

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)

WriteScript = Callable[..., Path]
MakeVendor = Callable[..., Vendor]


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def script(tmp_path: Path) -> WriteScript:
    """Write an executable of a few lines of shell."""

    def write(lines: str, *, first: str = "#!/bin/sh", mode: int = 0o755) -> Path:
        path = tmp_path / "vendor"
        path.write_text(f"{first}\n{lines}\n")
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def make_vendor(script: WriteScript, clock: ReplayClock) -> MakeVendor:
    """A vendor whose executable is these lines, or the one that *command* names."""

    def make(lines: str = "", **options: str) -> Vendor:
        can = dict.fromkeys(("can_schedule", "changes_quantity", "endless", "lists"), "yes")
        command = options.pop("command", None) or str(script(lines))
        checked = ExecOptions.model_validate({"command": command, "time_limit": "10", **can, **options})
        return Vendor("office", Exec(VendorContext("office", checked, clock)), "1")

    return make


@pytest.fixture
def licence() -> LicenceView:
    given: dict[str, Any] = {
        "key": "L-1",
        "reference": None,
        "account": "1042",
        "product": 'Office "Plus" für alle',
        "options": {"plan": "business"},
        "quantity": 3,
        "paid_until": APRIL,
    }
    return LicenceView(**given)
