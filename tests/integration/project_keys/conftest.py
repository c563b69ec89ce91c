"""An ISP that sells scanning by project keys, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from integration.convergence.house import Databases
from integration.project_keys.desk import Desk
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


@pytest.fixture
def desk(store: Store) -> Desk:
    made = Desk(store)
    made.begin()
    return made
