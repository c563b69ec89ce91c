"""Which workers live: each holds a lock while it lives, under an id that is new at each start."""

import fcntl
import hashlib
import os
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import text

from isp_addons.store.engine import Store


class Presence:
    """This worker's proof of life: a file lock beside a SQLite database, an advisory lock on PostgreSQL.

    When the process dies, however it dies, the lock goes with it, and others take its leases over at once.
    """

    def __init__(self, store: Store) -> None:
        self.worker_id = f"{socket.gethostname()[:16]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._store = store
        if store.is_sqlite:
            path = _lock_path(store, self.worker_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        else:
            self._connection = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _lock_number(self.worker_id)})

    def close(self) -> None:
        """Stop living: the lock goes."""
        if self._store.is_sqlite:
            _lock_path(self._store, self.worker_id).unlink(missing_ok=True)
            self._file.close()
        else:
            self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _lock_number(self.worker_id)})
            self._connection.close()


def dead(store: Store, worker_ids: Iterable[str]) -> list[str]:
    """Those of *worker_ids* that do not live any more."""
    check = _file_is_free if store.is_sqlite else _number_is_free
    return [worker_id for worker_id in worker_ids if check(store, worker_id)]


def _lock_path(store: Store, worker_id: str) -> Path:
    return Path(f"{store.url.database}.workers") / f"{worker_id}.lock"


def _lock_number(worker_id: str) -> int:
    return int.from_bytes(hashlib.sha256(worker_id.encode()).digest()[:8], "big", signed=True)


def _file_is_free(store: Store, worker_id: str) -> bool:
    path = _lock_path(store, worker_id)
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    path.unlink(missing_ok=True)
    return True


def _number_is_free(store: Store, worker_id: str) -> bool:
    with store.engine.connect() as connection:
        free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _lock_number(worker_id)})
        return bool(free.scalar())
