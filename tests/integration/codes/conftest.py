"""A kiosk for each test, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from integration.codes.kiosk import Kiosk
from isp_addons.store.engine import Store


@pytest.fixture
def kiosk(store: Store) -> Iterator[Kiosk]:
    made = Kiosk(store)
    made.begin()
    yield made
    made.host.close()
