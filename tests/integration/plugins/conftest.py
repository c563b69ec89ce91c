"""A third party's machine: a virtual environment of its own that sees everything that is installed beside these tests."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_COMMAND = "from isp_addons.cli.main import main; main()"


@dataclass(frozen=True)
class Machine:
    """Runs commands in a folder, in the virtual environment."""

    python: Path
    folder: Path

    def run(self, *words: str, within: Path | None = None, exits: int = 0) -> str:
        """Run Python with *words*; returns what was printed."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "ISP_ADDONS"))}
        done = subprocess.run(
            [str(self.python), *words],
            cwd=within or self.folder,
            env={**clean, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == exits, f"{' '.join(words)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def isp_addons(self, *words: str, exits: int = 0) -> str:
        """Run the product's command as it is installed there."""
        return self.run("-c", _COMMAND, *words, exits=exits)

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """What a command answers, for machines."""
        return [json.loads(line) for line in self.isp_addons(*words, "--json").splitlines()]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    shared = f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n"
    (folder / "lib" / version / "site-packages" / "shared.pth").write_text(shared, encoding="utf-8")
    return Machine(python, tmp_path)
