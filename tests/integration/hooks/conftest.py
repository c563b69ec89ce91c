"""The hook scripts as a billing runs them: real processes, a real folder."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

HOOKS = Path(__file__).resolve().parents[3] / "hooks"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def generic() -> Path:
    return HOOKS / "generic" / "isp-addons-event"


@pytest.fixture
def utm5() -> Path:
    return HOOKS / "utm5" / "isp-addons-utm5"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
def run(spool: Path, tmp_path: Path) -> Run:
    """Run a script with an environment that holds the spool folder and nothing else, unless told otherwise."""

    def _run(
        script: Path | str, *arguments: str | bytes, env: Mapping[str, str] | None = None, before: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        command: list[str | bytes] = [str(script), *arguments]
        if before:
            command = ["/bin/sh", "-c", f'{before}; exec "$0" "$@"', *command]
        return subprocess.run(
            command,
            env={"ISP_ADDONS_SPOOL": os.fspath(spool), **(env or {})},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    return _run


@pytest.fixture
def stored(spool: Path) -> Callable[[], list[bytes]]:
    """What every event file in the spool holds."""
    return lambda: [path.read_bytes() for path in sorted(spool.glob("*.event"))]


@pytest.fixture
def other_sync(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """An environment in which ``sync`` is a script with this text."""

    def _make(text: str) -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "sync").write_text(text)
        (folder / "sync").chmod(0o755)
        return {"PATH": f"{folder}:/usr/bin:/bin"}

    return _make
