"""An ISP that sells scanning by project keys, on SQLite and on PostgreSQL."""

import pytest

from integration.project_keys.desk import Desk
from isp_addons.store.engine import Store


@pytest.fixture
def desk(store: Store) -> Desk:
    made = Desk(store)
    made.begin()
    return made
