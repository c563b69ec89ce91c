"""The house itself under test: where it stands, and programs to put in front of real ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root() -> Path:
    """The top folder of the project."""
    return ROOT


@pytest.fixture
def programs(tmp_path: Path) -> Callable[..., str]:
    """Make stand-in programs, each a line of shell, and return a PATH on which they come first."""

    def maker(**lines: str) -> str:
        folder = tmp_path / "programs"
        folder.mkdir(exist_ok=True)
        for name, line in lines.items():
            program = folder / name.replace("_", "-")
            program.write_text(f"#!/bin/sh\n{line}\n")
            program.chmod(0o755)
        return f"{folder}:/usr/bin:/bin"

    return maker
