"""Which workers live: each holds a lock while it lives, under an id that is new each time."""

import fcntl
import hashlib
import logging
import os
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from isp_addons.domain.problem import ConfigProblem, TryAgain
from isp_addons.store.engine import Store

log = logging.getLogger(__name__)


class PresenceLost(TryAgain):
    """The lock that proves a worker's life is gone, so others may take over what it holds."""


class Presence:
    """Proof of life of whoever holds leases: a file lock beside a SQLite database, an advisory lock on PostgreSQL.

    When the process dies, however it dies, the lock goes with it, and others take its leases over at once.
    """

    def __init__(self, store: Store) -> None:
        self.worker_id = f"{socket.gethostname()[:16]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._store = store
        self._file: IO[bytes] | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        if self._store.is_sqlite:
            self._file = _open_lock(_lock_path(self._store, self.worker_id))
            fcntl.flock(self._file, fcntl.LOCK_EX)
        else:
            self._connection = self._store.connect_autocommit()
            self._connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _lock_number(self.worker_id)})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            _lock_path(self._store, self.worker_id).unlink(missing_ok=True)
            self._file.close()
        if self._connection is not None:
            self._ask("SELECT pg_advisory_unlock(:key)", key=_lock_number(self.worker_id))
            self._connection.close()

    def prove(self) -> None:
        """Raise `PresenceLost` when the server that kept the lock has let go of our connection."""
        if self._connection is not None and not self._ask("SELECT 1"):
            message = "The connection to the database broke; what was under way at the vendors is read again."
            raise PresenceLost(message, code="database")

    def _ask(self, question: str, **values: int) -> bool:
        """Whether the very connection that holds the lock still answers. A new one in its place would prove nothing."""
        assert self._connection is not None  # noqa: S101 - only asked on PostgreSQL
        if self._connection.invalidated or self._connection.closed:
            return False
        try:
            self._connection.execute(text(question), values)
        except SQLAlchemyError as error:
            log.warning("the lock of worker %s went with its connection: %s", self.worker_id, error)
            self._connection.invalidate(error)
            return False
        return True


def dead(store: Store, worker_ids: Iterable[str]) -> list[str]:
    """Those of *worker_ids* that do not live any more."""
    check = _file_is_free if store.is_sqlite else _number_is_free
    return [worker_id for worker_id in worker_ids if check(store, worker_id)]


def _lock_path(store: Store, worker_id: str) -> Path:
    """Beside the database itself, by whatever name each process calls it."""
    return Path(f"{os.path.realpath(str(store.url.database))}.workers") / f"{worker_id}.lock"


def _open_lock(path: Path) -> IO[bytes]:
    """Whoever may write beside the database may have locks here."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            path.parent.chmod(path.parent.parent.stat().st_mode & 0o7777)
        return path.open("wb")
    except OSError as error:
        raise ConfigProblem(
            f"The workers' locks in {path.parent} cannot be written: {error.strerror}. Let this user write there.", code="locks"
        ) from error


def _lock_number(worker_id: str) -> int:
    return int.from_bytes(hashlib.sha256(worker_id.encode()).digest()[:8], "big", signed=True)


def _file_is_free(store: Store, worker_id: str) -> bool:
    path = _lock_path(store, worker_id)
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    except PermissionError as error:
        log.warning("the lock of worker %s is not ours to look at or to remove: %s", worker_id, error)
        return os.access(path, os.R_OK)
    return True


def _number_is_free(store: Store, worker_id: str) -> bool:
    with store.read() as session:
        key = {"key": _lock_number(worker_id)}
        return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), key))
