"""A MariaDB server of the tests' own, on a Unix socket."""

import os
import shutil
import socket
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import pymysql
from sqlalchemy.engine import make_url

from servers.unprivileged import as_user, server_user

NAME = "MariaDB"
STOP_SIGNAL = "SIGKILL"  # at once: its data is thrown away

_OPTIONS = (
    "--skip-networking",
    "--character-set-server=utf8mb4",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=16M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=1M",
    "--performance-schema=0",
)


@dataclass(frozen=True, slots=True)
class MariadbServer:
    """A running server; its socket lies in ``folder``."""

    folder: Path

    @property
    def socket(self) -> str:
        """The path of the server's socket."""
        return str(self.folder / "mariadb.sock")

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database, as root."""
        return f"mysql+pymysql://root@localhost/{database}?charset=utf8mb4&unix_socket={self.socket}"

    def new_database(self) -> str:
        """Create an empty database of a name of its own and return its SQLAlchemy URL."""
        name = f"test_{uuid.uuid4().hex[:16]}"
        self._do(f"CREATE DATABASE `{name}`")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop the database of *url*."""
        self._do(f"DROP DATABASE IF EXISTS `{make_url(url).database}`")

    def ping(self) -> None:
        """Raise one of `NOT_READY` unless the server answers."""
        with socket.socket(socket.AF_UNIX) as probe:  # a refused pymysql connection would leave its socket open
            probe.connect(self.socket)
        self._do("DO 1")

    def _do(self, statement: str) -> None:
        with pymysql.connect(unix_socket=self.socket, user="root", connect_timeout=5) as connection:
            connection.cursor().execute(statement)


NOT_READY = (OSError, pymysql.OperationalError)
Server = MariadbServer


def programs() -> Path | None:
    """The folder with MariaDB's server; None when it is not installed. Debian keeps it out of an ordinary user's PATH."""
    found = shutil.which("mariadbd", path=_path()) or shutil.which("mysqld", path=_path())
    installer = shutil.which("mariadb-install-db", path=_path())
    return Path(found).parent if found and installer else None


def user() -> str:
    """The user that the server runs as."""
    return server_user("mysql")


def prepare(folder: Path, bin_folder: Path) -> list[str]:
    """Make the data folder in *folder* and return the command that runs the server."""
    data = folder / "data"
    installer = shutil.which("mariadb-install-db", path=_path()) or "mariadb-install-db"
    install = [installer, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True, text=True, cwd="/", timeout=90, **as_user(user()))
    server = shutil.which("mariadbd", path=str(bin_folder)) or str(bin_folder / "mysqld")
    return [server, "--no-defaults", f"--datadir={data}", f"--socket={folder / 'mariadb.sock'}", *_OPTIONS]


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])
