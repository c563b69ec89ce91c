"""How fast the command line starts: ``isp-addons --help`` ÷ ``python -c "import click"``."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure

LIMIT = 2.5


def measure(rounds: int = 20) -> list[Figure]:
    """Both are started in turn; the ratio of the medians."""
    program = Path(sys.executable).with_name("isp-addons")
    click: list[float] = []
    help_: list[float] = []
    for _ in range(rounds):
        click.append(_seconds([sys.executable, "-c", "import click"]))
        help_.append(_seconds([str(program), "--help"]))
    bare, ours = statistics.median(click), statistics.median(help_)
    detail = {"help_ms": round(ours * 1000), "import_click_ms": round(bare * 1000), "rounds": rounds}
    return [
        Figure(figure='isp-addons --help ÷ python -c "import click"', ratio=round(ours / bare, 2), limit=LIMIT, detail=detail)
    ]


def _seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    return time.perf_counter() - begin
