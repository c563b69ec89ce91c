"""The database: SQLite by default, PostgreSQL by URL. One way to read, one way to write.

What it says of an error never has the values of a row in it: they may be activation codes or secrets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from isp_addons.domain.problem import ConfigProblem, TryAgain

BUSY_SECONDS = 5.0
_BUSY_MARKS = ("database is locked", "database is busy", "lock timeout", "deadlock detected", "could not serialize")


class Store:
    """One database. Reads see one snapshot; writes are one short transaction that either commits whole or not at all."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _engine(url)
        self._writing = self.engine.execution_options(isp_addons_writes=True)
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite (one writer at a time) rather than PostgreSQL (row locks)."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for questions, all answered as of its first one. Whatever it would change is rolled back."""
        with self._named_errors(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction. Raises `TryAgain` when the database stays busy for `BUSY_SECONDS`; then nothing was changed."""
        with self._named_errors(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def connect_autocommit(self) -> Connection:
        """A connection to be kept, without a transaction: for locks that live as long as it does."""
        with self._named_errors():
            return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            message = f"Somebody changed the same thing at the same moment ({error.orig}); nothing was changed, try again."
            raise TryAgain(message, code="conflict") from error
        except PoolTimeout as error:
            raise TryAgain(
                "Too much is going on at once in this process; nothing was changed, try again.", code="busy"
            ) from error
        except DBAPIError as error:
            if not isinstance(error, OperationalError):
                raise
            shown = self.url.render_as_string(hide_password=True)
            text = str(error.orig).strip()
            if any(mark in text.lower() for mark in _BUSY_MARKS):
                message = f"The database {shown} is busy ({text}); nothing was changed, try again."
                raise TryAgain(message, code="busy") from error
            if "no such table" in text:
                raise ConfigProblem(f"The database {shown} is empty; run: isp-addons init", code="not_initialised") from error
            raise TryAgain(f"The database {shown} cannot be used: {text}", code="database") from error


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connect_args = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(parsed, hide_parameters=True, connect_args=connect_args)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        limits = f"-c lock_timeout={int(BUSY_SECONDS * 1000)} -c statement_timeout=600000"
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            connect_args={"connect_timeout": 10, "options": limits},
            pool_size=10,
            max_overflow=40,  # each vendor that is being called keeps one for its worker's lock
            pool_pre_ping=True,
        )
        event.listen(engine, "handle_error", _tell_no_values)
        return engine
    raise ConfigProblem(f"[database] url: {parsed.get_backend_name()} is not supported; use sqlite:/// or postgresql://")


def _tell_no_values(context: ExceptionContext) -> None:
    """PostgreSQL names the values of the row below the first line: they may be codes or secrets, so that they are left out."""
    if isinstance(context.sqlalchemy_exception, OperationalError):  # tells of connections and locks, not of rows
        return
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL with full sync: readers never wait for a writer, and what is committed survives a power cut."""
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    cursor.execute("PRAGMA cache_size=-32000")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A write takes the lock at once: a transaction that reads first could else fail half-way."""
    writes = connection.get_execution_options().get("isp_addons_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
