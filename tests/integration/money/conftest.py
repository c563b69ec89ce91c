"""A till on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest

from integration.money.till import Till
from isp_addons.store.engine import Store


@pytest.fixture
def till(store: Store, tmp_path: Path) -> Till:
    made = Till(store, tmp_path)
    made.begin()
    return made
