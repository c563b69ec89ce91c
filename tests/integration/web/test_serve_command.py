"""``isp-addons serve``: says where it answers, ends in order, and says what is missing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.command import COMMAND, run_here

_WITHOUT = """
import sys
sys.modules[{module!r}] = None
from isp_addons.cli.main import main
sys.argv = ["isp-addons", "--config", {config!r}, "serve", "--port", "0"]
main()
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "isp-addons.ini"
    file.write_text(f"[database]\nurl = sqlite:///{tmp_path / 'a.db'}\n[billing]\nadapter = ledger\n", encoding="utf-8")
    assert run_here("--config", str(file), "init").code == 0
    return file


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_answers_and_ends_in_order(config: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [str(COMMAND), "--config", str(config), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("isp-addons answers at http://127.0.0.1:")

    process.send_signal(number)
    out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (0, "", "Stopped.\n")


@pytest.mark.parametrize("module", ["fastapi", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(config: Path, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT.format(module=module, config=str(config))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=dict(os.environ),
    )

    assert done.returncode == 1
    assert done.stderr == (
        f"isp-addons: To answer over HTTP, isp-addons needs {module}; install it with: pip install 'isp-addons[web]'\n"
    )


def test_an_installation_that_is_not_set_up_is_told_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "isp-addons.ini"
    file.write_text(f"[database]\nurl = sqlite:///{tmp_path / 'none.db'}\n[billing]\nadapter = ledger\n", encoding="utf-8")

    refused = run_here("--config", str(file), "serve", "--port", "0")

    assert (refused.code, "run: isp-addons init" in refused.err) == (78, True)
