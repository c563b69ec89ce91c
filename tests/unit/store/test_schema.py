"""Databases that are empty, old, or newer than the product."""

import subprocess
import sys

import pytest
from sqlalchemy import inspect, text

from isp_addons.domain.problem import ConfigProblem
from isp_addons.store import schema
from isp_addons.store.engine import Store
from isp_addons.store.tables import Base


@pytest.mark.parametrize("act", [schema.upgrade, schema.check_version])
def test_a_database_of_a_newer_product_is_refused_and_left_alone(store: Store, act: object) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigProblem, match="newer than this isp-addons knows") as caught:
        act(store)  # type: ignore[operator]
    assert (caught.value.code, caught.value.exit_code) == ("newer_database", 78)
    assert schema.current_version(store) == "9999"


def test_an_older_database_says_how_it_is_upgraded(store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(ConfigProblem, match="run: isp-addons init"):
        schema.check_version(store)


def test_an_empty_database_says_how_it_is_made(database_url: str) -> None:
    store = Store(database_url)
    with pytest.raises(ConfigProblem, match="is empty; run: isp-addons init"):
        schema.check_version(store)
    store.close()


def test_a_database_is_made_once_however_many_ask_for_it_at_once(database_url: str) -> None:
    code = (
        "import sys; from isp_addons.store.engine import Store; from isp_addons.store.schema import upgrade; "
        "upgrade(Store(sys.argv[1]))"
    )
    made = [subprocess.Popen([sys.executable, "-c", code, database_url], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=60)[1] for process in made]
    assert [process.returncode for process in made] == [0, 0, 0], said
    store = Store(database_url)
    schema.check_version(store)
    with store.read() as session:
        assert session.scalar(text("SELECT count(*) FROM meta")) == 1
    store.close()


def test_every_table_can_be_taken_back(database_url: str) -> None:
    from alembic import command
    from alembic.config import Config

    store = Store(database_url)
    schema.upgrade(store)
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with store.read() as session:
        assert not set(inspect(session.connection()).get_table_names()) & set(Base.metadata.tables)
    assert schema.upgrade(store) is True
    store.close()
