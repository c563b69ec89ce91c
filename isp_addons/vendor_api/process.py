"""Runs one program for a plugin: nothing inherited but what is named, everything limited, nothing of it left behind."""

import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile

log = logging.getLogger(__name__)

MOST_OUTPUT = 1_000_000
"""Bytes that a program may write to its standard output."""

_MOST_ERROR = 65_536
_READ = 65_536
_TICK = 0.02
_GRACE = 2.0
"""Seconds between TERM and KILL."""
_AFTERGLOW = 0.2
"""Seconds for which an output is read on that something left in the background still holds open."""


class Ending(StrEnum):
    """How a program came to its end."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    TOO_MUCH = "too_much"


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has run. ``code`` is its exit code, or minus the signal that ended it; errors may be cut short."""

    ending: Ending
    code: int
    output: bytes
    errors: bytes
    errors_cut: bool


class NotStarted(Exception):
    """The program could not be started, so nothing was done; the text says why."""


def run(argv: Sequence[str], *, given: bytes, environment: Mapping[str, str], time_limit: float) -> Ended:
    """Run a program with *given* on its standard input, in its own folder, for at most *time_limit* seconds.

    It has a session and a process group of its own; whatever of the group is still there at the end is stopped: TERM, then
    KILL. Raises `NotStarted`.
    """
    process = _started(argv, given, environment)
    watched = _Watched(process, deadline=time.monotonic() + time_limit)
    try:
        ending = watched.until_the_end()
    finally:
        _stop(process)
        watched.close()
    code = process.returncode if process.returncode is not None else -signal.SIGKILL
    return Ended(ending, code, bytes(watched.output), bytes(watched.errors), watched.errors_cut)


def _started(argv: Sequence[str], given: bytes, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    program = Path(argv[0])
    with TemporaryFile() as input_file:  # not a pipe: a program that does not read cannot hold us up
        input_file.write(given)
        input_file.seek(0)
        try:
            return subprocess.Popen(  # noqa: S603 - the admin's own program, never through a shell
                argv,
                stdin=input_file,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=program.parent,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise NotStarted(_why_not(program, error)) from error


def _why_not(program: Path, error: OSError) -> str:
    if not program.exists():
        return f"There is no executable {program}."
    if not program.is_file():
        return f"{program} is no file."
    if isinstance(error, PermissionError):
        return f"{program} may not be executed by us (run: chmod +x {program})."
    if isinstance(error, FileNotFoundError):
        return f"{program} names an interpreter in its first line that does not exist."
    return f"{program} cannot be started: {error.strerror} (a script needs a first line such as #!/bin/sh)."


@dataclass
class _Watched:
    """A running program's outputs as they come."""

    process: "subprocess.Popen[bytes]"
    deadline: float
    output: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)
    errors_cut: bool = False

    def __post_init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._selector.register(stream, selectors.EVENT_READ, data=stream is self.process.stdout)

    def until_the_end(self) -> Ending:
        """Read until the program has exited, its time is up, or it has said too much."""
        exited_at: float | None = None
        while True:
            now = time.monotonic()
            if exited_at is None and _has_exited(self.process):
                exited_at = now
            if exited_at is not None and not self._selector.get_map():
                return Ending.EXITED
            silent = not self._read()
            if len(self.output) > MOST_OUTPUT:
                return Ending.TOO_MUCH
            if exited_at is not None and now > exited_at + (_AFTERGLOW if silent else _GRACE):
                return Ending.EXITED
            if exited_at is None and now > self.deadline:
                return Ending.TIMED_OUT

    def close(self) -> None:
        """Let go of the pipes."""
        self._selector.close()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _read(self) -> bool:
        """Take what is there, waiting a moment for it; False when there was nothing."""
        if not self._selector.get_map():
            time.sleep(_TICK / 4)  # both are closed: what is left is to exit
            return False
        ready = self._selector.select(_TICK)
        for key, _ in ready:
            taken = os.read(key.fd, _READ)
            if not taken:
                self._selector.unregister(key.fileobj)
            elif key.data:
                self.output += taken
            else:
                room = _MOST_ERROR - len(self.errors)
                self.errors_cut |= len(taken) > room
                self.errors += taken[:room]
        return bool(ready)


def _has_exited(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it has exited, without reaping it: until then its number, and that of its group, belong to nobody else."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End whatever of the program's group is still there, and reap the program."""
    if not _has_exited(process):
        _signal(process, signal.SIGTERM)
        limit = time.monotonic() + _GRACE
        while not _has_exited(process) and time.monotonic() < limit:
            time.sleep(_TICK)
    _signal(process, signal.SIGKILL)
    try:
        process.wait(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        log.warning("process %s does not end: it may run as another user, whom we cannot stop", process.pid)


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError) as error:  # all gone, or it has changed its user
        log.debug("the group of process %s gets no %s: %s", process.pid, number.name, error)
