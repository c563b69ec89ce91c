"""A PostgreSQL server of the tests' own, on a Unix socket."""

import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from servers.unprivileged import as_user, server_user

NAME = "PostgreSQL"
STOP_SIGNAL = "SIGQUIT"  # at once: its data is thrown away

# A commit need not reach the disk: killed processes lose nothing by that, only a machine without power would. It makes a
# database in 7 ms instead of 28.
_OPTIONS = ("fsync=off", "shared_buffers=32MB", "max_connections=200", "listen_addresses=", "log_min_messages=warning")


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """A running server; its socket lies in ``folder``."""

    folder: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database, as its superuser."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def new_database(self, *, template: str = "template0") -> str:
        """Create a database of a name of its own, a copy of *template*, and return its SQLAlchemy URL."""
        name = f"test_{uuid.uuid4().hex[:16]}"
        with self._connect() as connection:
            copied = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{copied}')
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop the database of *url*, whoever is still connected to it."""
        with self._connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def ping(self) -> None:
        """Raise one of `NOT_READY` unless the server answers."""
        self._connect().close()

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5)


NOT_READY = (psycopg.OperationalError,)
Server = PostgresqlServer


def programs() -> Path | None:
    """The folder with PostgreSQL's programs; None when it is not installed. Debian keeps them out of PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = installed[-1] if installed else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def user() -> str:
    """The user that the server runs as."""
    return server_user("postgres")


def prepare(folder: Path, bin_folder: Path) -> list[str]:
    """Make the data folder in *folder* and return the command that runs the server."""
    data = folder / "data"
    initdb = [bin_folder / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-locale", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, text=True, cwd="/", timeout=60, **as_user(user()))
    options = [part for option in (*_OPTIONS, f"unix_socket_directories={folder}") for part in ("-c", option)]
    return [str(bin_folder / "postgres"), "-D", str(data), *options]
