"""Runs the product's command line in processes that kill themselves, as ``kill -9`` would, at a chosen step.

A step is whatever another process can notice: a statement, a commit, a request that goes out, an answer that came. Started
once, it reads one command a line from stdin and runs each in a fork of its own, so that a hundred crashes take seconds.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

import requests
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, configure_mappers

from isp_addons.cli.main import COMMANDS, main

LOADED = (
    *{f"isp_addons.cli.{module}" for commands in COMMANDS.values() for module, _ in commands.values() if module != "demo"},
    *(f"isp_addons.cli.{name}" for name in ("log", "output", "progress")),
    *(f"isp_addons.services.{name}" for name in ("charge", "inbox", "order", "period_begin", "period_end", "refund", "top_up")),
    *("isp_addons.billing.ledger", "isp_addons.convergence.loop", "isp_addons.settings", "isp_addons.workers.worker"),
    *("isp_addons_avdesk", "psycopg", "rich._emoji_codes", "rich.table", "sqlalchemy.dialects.postgresql.psycopg"),
    "sqlalchemy.dialects.sqlite",
)
"""What commands import when they run: loaded once, for all forks."""


class Steps:
    """Counts steps into a file that outlives the process, and ends the process at one of them."""

    def __init__(self, file: Path, fatal: int | None) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._fatal = fatal
        self._count = 0
        self._lock = threading.Lock()

    def step(self, name: str) -> None:
        with self._lock:
            self._count += 1
            os.write(self._file, f"{name}\n".encode())
            if self._count == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Make a step of everything that the outside can notice."""
        event.listen(Engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: self.step(_short(sql)))
        event.listen(Engine, "commit", lambda _connection: self.step("before commit"))
        event.listen(Session, "after_commit", lambda _session: self.step("after commit"))
        send = requests.Session.send

        def watched(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            self.step("before request")
            answer = send(session, request, **options)
            self.step("after answer")
            return answer

        requests.Session.send = watched  # type: ignore[method-assign,assignment]


def _short(sql: str) -> str:
    words = sql.split()
    place = {"INSERT": 2, "UPDATE": 1, "DELETE": 2, "WITH": 1}.get(words[0])
    return f"{words[0]} {words[place]}" if place else words[0]


def serve() -> None:
    """One command a line in, what became of it out."""
    for name in LOADED:
        importlib.import_module(name)
    configure_mappers()
    gc.freeze()
    for line in sys.stdin:
        wanted = json.loads(line)
        with tempfile.TemporaryDirectory(prefix="isp-addons-crash-") as folder:
            files = {name: Path(folder) / name for name in ("steps", "out", "err")}
            child = os.fork()
            if child == 0:
                _run(wanted["words"], wanted["fatal"], files)
            _, status = os.waitpid(child, 0)
            said = {name: path.read_text(encoding="utf-8") if path.exists() else "" for name, path in files.items()}
        code = os.waitstatus_to_exitcode(status)
        sys.stdout.write(json.dumps({"code": code, **said, "steps": said["steps"].splitlines()}) + "\n")
        sys.stdout.flush()


def _run(words: list[str], fatal: int | None, files: dict[str, Path]) -> NoReturn:
    code = 1
    with files["out"].open("w") as out, files["err"].open("w") as err:
        sys.stdout, sys.stderr, sys.argv = out, err, ["isp-addons", *words]
        steps = Steps(files["steps"], fatal)
        steps.watch()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:  # noqa: BLE001 - told as the interpreter would
            with contextlib.suppress(Exception):
                sys.excepthook(*sys.exc_info())
        out.flush()
        err.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
