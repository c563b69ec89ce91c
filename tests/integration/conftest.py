"""A database for each test that is ready for use, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from integration.convergence.house import Databases
from isp_addons.store.engine import Store


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(request, tmp_path_factory.mktemp("databases"))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Store]:
    store = Store(databases.fresh(request.param))
    yield store
    store.close()
    databases.drop()
