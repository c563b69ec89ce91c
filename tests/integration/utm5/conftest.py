"""UTM5's tables in three databases and both generations of the schema: a full copy to read, and an empty one to fill."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from sqlalchemy import create_engine, event

from integration.utm5.rows import END, START, VARIANTS, Utm5, Variant
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.sandbox.utm5_tables import SMALL, create_utm5, load_utm5, utm5_metadata


@pytest.fixture(scope="session", params=VARIANTS, ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    chosen: Variant = request.param
    return chosen


@pytest.fixture(scope="session")
def new_database(
    variant: Variant, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Makes empty databases of the variant's kind; each call gives the address of another one."""
    if variant.database == "sqlite":
        folder, numbers = tmp_path_factory.mktemp("utm5"), count()
        return lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}"
    make: Callable[[], str] = request.getfixturevalue(f"{variant.database}_server").new_database
    return make


@pytest.fixture(scope="session")
def utm5_url(new_database: Callable[[], str], variant: Variant) -> str:
    """The 2,000 accounts of the small UTM5; to be read only."""
    url = new_database()
    load_utm5(SMALL, url, generation=variant.generation)
    return url


@pytest.fixture(scope="session")
def reader(utm5_url: str) -> Iterator[Utm5Reader]:
    """A reader of the small UTM5."""
    made = Utm5Reader(utm5_url, currency="RUB")
    yield made
    made.close()


@pytest.fixture(scope="session")
def _empty_utm5(new_database: Callable[[], str], variant: Variant) -> Iterator[Utm5]:
    url = new_database()
    engine = create_engine(url)
    if variant.database == "sqlite":  # so that a test may write while the reader reads, as it may on a server
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA journal_mode = WAL"))
    create_utm5(engine, generation=variant.generation)
    reader = Utm5Reader(url, currency="RUB")
    yield Utm5(variant.generation, engine, utm5_metadata(variant.generation), reader)
    reader.close()
    engine.dispose()


@pytest.fixture
def utm5(_empty_utm5: Utm5) -> Utm5:
    """A UTM5 that has one current month, period 12, and nothing else."""
    _empty_utm5.empty()
    _empty_utm5.period(12, START, END, static=1)
    return _empty_utm5
