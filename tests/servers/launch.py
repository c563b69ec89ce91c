"""Starts a database server once for all processes of a test run, and waits for it."""

import fcntl
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from servers.unprivileged import as_user

STARTING_SECONDS = 60
STOPPING_SECONDS = 30
_GUARD = Path(__file__).with_name("guard.py")
_ALIVE = "alive"


class Kind(Protocol):
    """A module such as `servers.postgresql`."""

    NAME: str
    STOP_SIGNAL: str
    NOT_READY: tuple[type[Exception], ...]
    Server: Any

    def programs(self) -> Path | None: ...

    def user(self) -> str: ...

    def prepare(self, folder: Path, bin_folder: Path) -> list[str]: ...


class Home:
    """The folder that the processes of one test run share. The process that makes it holds its lock while it lives."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # a server may run as another user
        self.folder = folder
        self._lock = (folder / _ALIVE).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Let the guards stop their servers, wait for them, delete the folder."""
        self._lock.close()
        until = time.monotonic() + STOPPING_SECONDS
        while any(self.folder.glob("*/")) and time.monotonic() < until:
            time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)


def running(kind: Kind, home: Path) -> Any | None:
    """The server of *kind* in the shared folder *home*, started if need be; None when it is not installed."""
    bin_folder = kind.programs()
    if bin_folder is None:
        return None
    folder = home / kind.NAME.lower()
    ready = home / f"{folder.name}.ready"
    with ready.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _start(kind, folder, bin_folder)
            ready.touch()
    return kind.Server(folder)


def _start(kind: Kind, folder: Path, bin_folder: Path) -> None:
    folder.mkdir(mode=0o700)
    try:
        owner = as_user(kind.user())
        if owner:
            shutil.chown(folder, owner["user"], owner["group"])
        guard = _guard(kind, folder, kind.prepare(folder, bin_folder))
        _wait(kind, kind.Server(folder), guard)
    except BaseException as error:
        said = error.stdout + error.stderr if isinstance(error, subprocess.CalledProcessError) else _log(folder)
        shutil.rmtree(folder, ignore_errors=True)
        error.add_note(f"{kind.NAME} did not start. It said: {said}")
        raise


def _guard(kind: Kind, folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
    with (folder / "server.log").open("wb") as log:
        guard = subprocess.Popen(
            [sys.executable, _GUARD, folder.parent / _ALIVE, folder, kind.user(), kind.STOP_SIGNAL, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # the Ctrl-C that ends the tests is not meant for the guard
        )
    threading.Thread(target=guard.wait, daemon=True).start()  # it outlives this process's tests; nobody else waits for it
    return guard


def _wait(kind: Kind, server: Any, guard: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            server.ping()
        except kind.NOT_READY:
            if guard.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _log(folder: Path) -> str:
    log = folder / "server.log"
    return log.read_text(errors="replace")[-2000:] if log.exists() else "nothing"
