"""Fixtures: real database servers, one of each kind for the whole run, and a fresh database for each test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import launch, mariadb, postgresql

_HOME = "isp_addons_servers_home"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        home = launch.Home(Path(tempfile.mkdtemp(prefix="isp-addons-tests-")))
        config.add_cleanup(home.close)
        setattr(config, _HOME, home.folder)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_HOME] = str(getattr(node.config, _HOME))


@pytest.fixture(scope="session")
def postgresql_server(request: pytest.FixtureRequest) -> postgresql.PostgresqlServer:
    """A running PostgreSQL server: `new_database()` makes an empty database and returns its SQLAlchemy URL."""
    return _server(request.config, postgresql)


@pytest.fixture(scope="session")
def mariadb_server(request: pytest.FixtureRequest) -> mariadb.MariadbServer:
    """A running MariaDB server: `new_database()` makes an empty database and returns its SQLAlchemy URL."""
    return _server(request.config, mariadb)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The SQLAlchemy URL of a fresh, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'isp-addons.db'}"
        return
    server = request.getfixturevalue("postgresql_server")
    url = server.new_database()
    yield url
    server.drop_database(url)


def _server(config: pytest.Config, kind: Any) -> Any:
    workerinput = getattr(config, "workerinput", None)
    home = Path(workerinput[_HOME]) if workerinput is not None else getattr(config, _HOME)
    server = launch.running(kind, home)
    if server is None:
        pytest.skip(f"{kind.NAME} is not installed; run tools/test-servers.")
    return server
