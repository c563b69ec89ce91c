"""The command line, run in this process exactly as the installed command runs."""

import contextlib
import io
import json
import logging
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from isp_addons.cli.main import main

COMMAND = Path(sys.executable).with_name("isp-addons")


@dataclass(frozen=True)
class Result:
    """What a command said: its exit code, stdout, stderr, and the JSON objects of stdout."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    @property
    def row(self) -> dict[str, Any]:
        (only,) = self.rows
        return only


def run_here(*words: str) -> Result:
    """Run the command line in this process, exactly as the installed command does."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    arguments = mock.patch.object(sys, "argv", [str(COMMAND), *words])
    with _nothing_kept(), arguments, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    return Result(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _nothing_kept() -> Iterator[None]:
    """Put back what a command sets for its whole process: the log and the signals."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for number, handler in signals.items():
            signal.signal(number, handler)
