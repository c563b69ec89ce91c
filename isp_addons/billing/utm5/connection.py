"""The way to UTM5's database: the engine with its time-outs, and driver errors as sentences with every secret starred."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from isp_addons.domain.problem import ConfigProblem, Problem, TryAgain

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60

_DRIVERS = {
    "mariadb": "mariadb+pymysql",
    "mysql": "mysql+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
_ARGUMENTS: dict[str, dict[str, Any]] = {
    # A read time-out ends the wait for a server that is gone; the statement time-out below ends the statement on the server.
    "pymysql": {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": STATEMENT_SECONDS + 5,
        "write_timeout": STATEMENT_SECONDS,
    },
    "psycopg": {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    },
    "pysqlite": {"timeout": CONNECT_SECONDS},
}
# MariaDB reads the first comment of the MySQL line, MySQL 5.7.8 and later the second, older servers neither.
_FIRST_STATEMENT = {
    "pymysql": (
        f"SET autocommit = 0 /*M!100101 , max_statement_time = {STATEMENT_SECONDS} */"
        f" /*!50708 , max_execution_time = {STATEMENT_SECONDS * 1000} */"
    ),
    "psycopg": f"SET statement_timeout = {STATEMENT_SECONDS * 1000}; SET default_transaction_read_only = on",
    "pysqlite": "PRAGMA query_only = ON",
}
_IN_FILE: dict[str, Any] = {"poolclass": NullPool}
_AT_SERVER: dict[str, Any] = {
    "isolation_level": "REPEATABLE READ",
    "pool_pre_ping": True,
    "pool_timeout": CONNECT_SECONDS,
}
_LASTING_MYSQL = {1044, 1045, 1049, 1054, 1142, 1143, 1146, 1698}
_LASTING_SQLSTATES = ("28", "3D", "3F", "42")
_NO_CRYPTOGRAPHY = "'cryptography' package is required"
_LASTING_TEXTS = (
    "authentication failed",
    "does not exist",
    "is not permitted to log in",
    "no password supplied",
    "no pg_hba.conf entry",
    "no such column",
    "no such table",
    "not a database",
    "unable to open database file",
    _NO_CRYPTOGRAPHY,
)


def read_url(text: str) -> URL:
    """The address of UTM5's database; a plain ``mysql://`` or ``postgresql://`` gets the driver that isp-addons brings."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigProblem(
            "The address of UTM5's database cannot be read; write it as mysql://USER:PASSWORD@HOST/UTM5 or "
            "postgresql://USER:PASSWORD@HOST/UTM5, with the signs @ : / % of a password written as %40 %3A %2F %25.",
            code="utm5_url",
        ) from None  # the parser's own error repeats the password
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def shown(url: URL) -> str:
    """*url* for people: the password, also one given as an option, is starred."""
    starred = {name: "***" if "pass" in name.lower() else value for name, value in url.query.items()}
    return url.set(query=starred).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def open_engine(url: URL) -> Engine:
    """An engine that only reads, each transaction on one snapshot where the database can. Connects when first used."""
    try:
        sqlite = url.get_backend_name() == "sqlite"
        driver = url.get_dialect().driver
        arguments = {name: value for name, value in _ARGUMENTS.get(driver, {}).items() if name not in url.query}
        engine = create_engine(url, connect_args=arguments, hide_parameters=True, **(_IN_FILE if sqlite else _AT_SERVER))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigProblem(
            f"The database {shown(url)} cannot be used: {error}. UTM5 keeps its data in MySQL, MariaDB or PostgreSQL; "
            "install the driver with pip install 'isp-addons[mysql]' or 'isp-addons[postgresql]'.",
            code="utm5_driver",
        ) from error
    _begin_well(engine, sqlite=sqlite, driver=driver)
    return engine


def _begin_well(engine: Engine, *, sqlite: bool, driver: str) -> None:
    first = _FIRST_STATEMENT.get(driver)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        if sqlite:
            connection.isolation_level = None  # the driver itself begins only before a write; see _begun
        if first is not None:
            cursor = connection.cursor()
            cursor.execute(first)
            cursor.close()
            connection.commit()

    if sqlite:

        @event.listens_for(engine, "begin")
        def _begun(connection: Any) -> None:
            connection.connection.cursor().execute("BEGIN")


@contextmanager
def sentences(url: URL) -> Iterator[None]:
    """Turn what the driver raises into `ConfigProblem` (waiting does not help) or `TryAgain` (it may)."""
    try:
        if url.get_backend_name() == "sqlite":
            _require_file(url)
        yield
    except (DBAPIError, PoolTimeout) as error:
        raise problem_of(error, url) from error
    except RuntimeError as error:  # PyMySQL's, when MySQL 8 wants a password encrypted and the package for it is missing
        if _NO_CRYPTOGRAPHY not in str(error):
            raise
        raise problem_of(error, url) from error


def problem_of(error: Exception, url: URL) -> Problem:
    """The sentence for one failure of a driver."""
    cause = cause_of(error)
    for secret in (url.password, *(value for name, value in url.query.items() if "pass" in name.lower())):
        if isinstance(secret, str) and secret:
            cause = cause.replace(secret, "***")
    if is_lasting(error):
        return ConfigProblem(
            f"The database {shown(url)} refuses to be read: {cause}. Check the login, the password and the name of the "
            "database in the billing's address, and that this user may SELECT from UTM5's tables.",
            code="utm5_refused",
        )
    return TryAgain(
        f"The database {shown(url)} does not answer: {cause}. Check that its server runs and that this machine may reach "
        "it, then try again.",
        code="utm5_unreachable",
    )


def is_lasting(error: Exception) -> bool:
    """Whether the same call would fail again: a wrong password, a missing table. Lost connections and time-outs pass."""
    cause = getattr(error, "orig", None) or error
    number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
    if number in _LASTING_MYSQL:
        return True
    sqlstate = getattr(cause, "sqlstate", None) if number is None else None
    if isinstance(sqlstate, str):
        return sqlstate.startswith(_LASTING_SQLSTATES)
    return number is None and any(text in str(cause) for text in _LASTING_TEXTS)


def cause_of(error: Exception) -> str:
    """What the driver says, on one line and without its own wrapping."""
    cause = getattr(error, "orig", None) or error
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)  # PostgreSQL's, without the statement
    said = primary or (cause.args[-1] if cause.args else cause)
    return " ".join(str(said).split())[:300].rstrip(".")


def _require_file(url: URL) -> None:
    # SQLite would create an empty database for a mistyped path.
    path = url.database or ""
    if not path.startswith("file:") and not Path(path).is_file():
        raise ConfigProblem(
            f"There is no database file {path or ':memory:'!r}; check the billing's address.", code="utm5_refused"
        )
