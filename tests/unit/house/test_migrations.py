"""The migrations make exactly the tables that the code works with."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from isp_addons.store.engine import Store
from isp_addons.store.schema import HEAD, MIGRATIONS, upgrade
from isp_addons.store.tables import Base


def test_a_migrated_database_differs_in_nothing_from_the_tables_of_the_code(database_url):
    store = Store(database_url)
    try:
        assert upgrade(store) is True
        with store.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
        assert upgrade(store) is False
    finally:
        store.close()


def test_the_newest_migration_is_the_version_that_the_code_asks_for():
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]
