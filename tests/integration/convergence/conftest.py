"""An installation for each test: on SQLite and on PostgreSQL, with a vendor that can be bent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration.convergence.house import Databases, House
from isp_addons.store.engine import Store

MakeHouse = Callable[..., House]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a database that is ready for use."""
    yield databases.fresh(request.param)
    databases.drop()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def make_house(store: Store) -> Iterator[MakeHouse]:
    made: list[House] = []

    def make(**options: Any) -> House:
        options.setdefault("vendors", {"fake": {}})
        made.append(House(store, **options))
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()
