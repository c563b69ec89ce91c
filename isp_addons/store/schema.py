"""The version of the database: made and upgraded by ``isp-addons init``, checked before anything else."""

import secrets
from pathlib import Path

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from isp_addons.domain.problem import ConfigProblem
from isp_addons.store.engine import Store
from isp_addons.store.tables import Meta

HEAD = "0001"
"""The newest migration; a test compares it with the migrations themselves."""

_UPGRADING = 0x1597ADD0
"""The advisory lock of whoever upgrades a PostgreSQL database, so that two never do at once."""

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(store: Store) -> bool:
    """Create or upgrade the tables and name the installation. Returns whether anything changed."""
    from alembic import command
    from alembic.config import Config

    before = current_version(store)
    if before is not None and before > HEAD:
        raise _newer(store, before)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with store.write() as session:
        if not store.is_sqlite:  # SQLite has one writer at a time anyway
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADING})
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
        if session.get(Meta, "installation") is None:
            session.add(Meta(name="installation", value=secrets.token_hex(4)))
    return before != HEAD


def current_version(store: Store) -> str | None:
    """The version of this database; None when it is empty."""
    with store.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        version = session.scalar(text("SELECT version_num FROM alembic_version"))
        return None if version is None else str(version)


def check_version(store: Store) -> None:
    """Raise `ConfigProblem` unless this database is of exactly this product's version."""
    version = current_version(store)
    if version == HEAD:
        return
    shown = store.url.render_as_string(hide_password=True)
    if version is None:
        raise ConfigProblem(f"The database {shown} is empty; run: isp-addons init", code="not_initialised")
    if version > HEAD:
        raise _newer(store, version)
    raise ConfigProblem(
        f"The database {shown} is of version {version}, this isp-addons needs {HEAD}; run: isp-addons init", code="old_database"
    )


def installation(session: Session) -> str:
    """The random name of this installation, part of every licence key."""
    value = session.scalar(select(Meta.value).where(Meta.name == "installation"))
    if value is None:
        raise ConfigProblem("The database names no installation; run: isp-addons init", code="not_initialised")
    return value


def _newer(store: Store, version: str) -> ConfigProblem:
    shown = store.url.render_as_string(hide_password=True)
    return ConfigProblem(
        f"The database {shown} is of version {version}, newer than this isp-addons knows ({HEAD}); upgrade isp-addons.",
        code="newer_database",
    )
