"""The reading side of the spool folder that the hook scripts write. No database: callers commit between `batch` and `done`."""

import errno
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from isp_addons.domain.event import Event, parse_account, parse_word
from isp_addons.domain.problem import BadInput, ConfigProblem

SUFFIX = ".event"
REFUSED = "refused"
FIRST_LINE = "isp-addons-event 1"
END_MARK = b"\nend\n"
BEING_WRITTEN = timedelta(seconds=60)
"""How long a file without its end mark may still be in the writer's hands."""

_MAX_BYTES = 4096
_MAX_KEY = 128
_NAME = re.compile(r"[A-Za-z_][0-9A-Za-z_.-]*")
_MACHINE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})  # no fault of the file
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledEvent:
    """A whole event. ``at``: when it was stored, aware UTC. ``path`` goes to `Spool.done` once the event is committed."""

    event: Event
    at: datetime
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BadSpoolFile:
    """A file that will never become an event; ``reason`` is a sentence that names it. It goes to `Spool.refuse`."""

    path: Path
    reason: str


class Spool:
    """One spool folder: a file for each event, named ``*.event``, written by ``hooks/spool.sh``."""

    def __init__(self, folder: Path, *, source: str = "hook") -> None:
        self.folder = folder
        self.refused = folder / REFUSED
        self._source = source

    def prepare(self) -> None:
        """Create the folder if it is missing, open to its group: the billing's user writes, the worker's user takes away."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
            self.folder.chmod(0o2770)  # the set-group-id bit: what one user writes, the other's group may read

    def depth(self) -> int:
        """How many events wait, cut ones included. Raises `ConfigProblem` when the folder cannot be read."""
        return sum(1 for _ in self._entries())

    def batch(self, limit: int, *, now: datetime) -> tuple[list[SpooledEvent], list[BadSpoolFile]]:
        """Read the oldest files, at most *limit* events and bad files together; nothing is moved or removed.

        A file without its end mark is left alone until it is 60 s old, for it may be in the middle of being written.
        Asked again before `done`, the same events come again with the same keys. Raises `ConfigProblem`.
        """
        whole: list[SpooledEvent] = []
        bad: list[BadSpoolFile] = []
        for path in self._oldest_first():
            if len(whole) + len(bad) >= limit:
                break
            found = self._read(path, now)
            if isinstance(found, SpooledEvent):
                whole.append(found)
            elif found is not None:
                bad.append(found)
        return whole, bad

    def done(self, paths: Iterable[Path]) -> None:
        """Remove files whose events are committed. One that is gone already is fine."""
        for path in paths:
            path.unlink(missing_ok=True)

    def refuse(self, bad: BadSpoolFile) -> Path | None:
        """Move a bad file to ``refused/`` with its reason beside it in ``*.reason``. None: it was gone already."""
        self.refused.mkdir(exist_ok=True)
        target, number = self.refused / bad.path.name, 0
        while os.path.lexists(target):
            number += 1
            target = self.refused / f"{bad.path.stem}.{number}{SUFFIX}"
        try:
            bad.path.rename(target)
        except FileNotFoundError:
            return None
        target.with_suffix(".reason").write_text(bad.reason + "\n", encoding="utf-8")
        return target

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self.folder) as entries:
                yield from (entry for entry in entries if entry.name.endswith(SUFFIX))
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            raise ConfigProblem(
                f"The spool folder {self.folder} cannot be read: {error.strerror}. Create it, or let this user read it.",
                code="spool_unreadable",
            ) from error

    def _oldest_first(self) -> list[Path]:
        found = []
        for entry in self._entries():
            try:
                age = entry.stat(follow_symlinks=False).st_mtime_ns
            except FileNotFoundError:  # another worker was faster
                continue
            # of one process and one tick of the clock, the later has the higher number
            found.append((age, len(entry.name), entry.name))
        return [self.folder / name for _, _, name in sorted(found)]

    def _read(self, path: Path, now: datetime) -> SpooledEvent | BadSpoolFile | None:
        try:
            content, mtime_ns = _content(path)
        except FileNotFoundError:  # another worker was faster
            return None
        except OSError as error:
            if error.errno in _MACHINE:
                raise
            reason = f"The spool file {path} cannot be read: {error.strerror}. Correct that and move it back into the spool."
            return BadSpoolFile(path=path, reason=reason)
        at = datetime.fromtimestamp(mtime_ns // 10**9, UTC)
        if not content.endswith(END_MARK) and len(content) <= _MAX_BYTES:
            if abs(now - at) < BEING_WRITTEN:
                return None
            reason = f"The spool file {path} is cut in half: it has no end mark. Its hook script never reported it as stored."
            return BadSpoolFile(path=path, reason=reason)
        try:
            event = _event(content, key=f"file:{path.name}:{mtime_ns}", source=self._source)
        except BadInput as error:
            return BadSpoolFile(path=path, reason=f"The spool file {path} is not an event: {error.message}")
        return SpooledEvent(event=event, at=at, path=path)


def _content(path: Path) -> tuple[bytes, int]:
    """The bytes, one more than an event may have at most, and the time of the last write in ns."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        content = os.read(handle, _MAX_BYTES + 1)
        # asked after reading: before the end mark is written the time may still change, and the key with it
        return content, os.fstat(handle).st_mtime_ns
    finally:
        os.close(handle)


def _event(content: bytes, *, key: str, source: str) -> Event:
    """Read a whole file. A key of the billing's own beats *key*. Raises `BadInput`."""
    if len(content) > _MAX_BYTES:
        raise BadInput(f"it is longer than {_MAX_BYTES} bytes.")
    if _CONTROL.search(content):
        raise BadInput("it holds control characters.")
    # a billing may speak another encoding than ours: its bytes stay visible, and different bytes stay different
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    if lines[0] != FIRST_LINE:
        raise BadInput(f"its first line is not {FIRST_LINE!r}; is this isp-addons older than its hook scripts?")
    pairs: dict[str, str] = {}
    for line in lines[1:-2]:
        name, equals, value = line.partition("=")
        if not equals or not _NAME.fullmatch(name) or name in pairs:
            raise BadInput(f"its line {line!r} is not name=value, or its name comes twice.")
        pairs[name] = value
    if list(pairs)[:2] != ["word", "account"]:
        raise BadInput("its second and third line are not word=... and account=...")
    own = pairs.pop("key", None)
    if own is not None:
        if not (own.isascii() and 0 < len(own) <= _MAX_KEY):
            raise BadInput(f"its key must have 1 to {_MAX_KEY} characters, all of them ASCII.")
        key = f"key:{own}"
    word, account = parse_word(pairs.pop("word")), parse_account(pairs.pop("account"))
    return Event(key=key, word=word, account=account, source=source, details=pairs)
