"""Runs one database server for as long as a test run lives: ``guard.py ALIVE FOLDER USER SIGNAL COMMAND…``.

The test run holds a lock on the file ALIVE. When it ends, however it ends, the kernel lets go of that lock: then the guard
stops the server with SIGNAL and deletes FOLDER, and the last guard deletes the folder that ALIVE is in. So no server outlives
its tests, not even after ``kill -9``.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from unprivileged import as_user

STOPPING_SECONDS = 20


def main(alive: str, folder: str, user: str, stop_signal: str, *command: str) -> None:
    """Start *command* as *user*, wait for the end of the test run, stop it."""
    server = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, **as_user(user))
    stopping = threading.Event()
    threading.Thread(target=_give_up_when_it_ends, args=(server, stopping), daemon=True).start()
    with Path(alive).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    stopping.set()
    server.send_signal(signal.Signals[stop_signal])
    try:
        server.wait(timeout=STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)
    home = Path(alive).parent
    if not any(home.glob("*/")):  # a run that was killed cannot delete it itself
        shutil.rmtree(home, ignore_errors=True)


def _give_up_when_it_ends(server: subprocess.Popen[bytes], stopping: threading.Event) -> None:
    server.wait()
    if not stopping.is_set():
        os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
