"""Scratch tables: what one transaction works on, so that statements over many accounts need no lists of ids.

They live in the connection's temporary space, are never seen by anybody else, and are emptied before each use.
"""

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, Text, delete, text
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from isp_addons.store.types import UtcDateTime

_metadata = MetaData()

funds = Table(
    "scratch_funds",
    _metadata,
    Column("ref", String(64), primary_key=True),
    Column("account_id", BigInteger),
    Column("currency", String(3)),
    Column("period_start", UtcDateTime),
    Column("period_end", UtcDateTime),
    Column("balance", BigInteger),
    Column("available", BigInteger),
    Column("dues", BigInteger),
    Column("blocked", Boolean),
    Column("unlimited", Boolean),
    Column("tariff", Text),
    prefixes=["TEMPORARY"],
)
"""One account as the billing knows it now: see `isp_addons.billing.base.Funds`. ``account_id`` None: not known to us."""

chosen = Table(
    "scratch_chosen",
    _metadata,
    Column("subscription_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
"""Subscriptions that the rule chose for what comes next."""

renewing = Table(
    "scratch_renewing",
    _metadata,
    Column("subscription_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("account_id", BigInteger),
    Column("price", BigInteger),
    prefixes=["TEMPORARY"],
)
"""Subscriptions that want money for the next period of their account."""

touched = Table(
    "scratch_touched",
    _metadata,
    Column("subscription_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
"""Subscriptions whose holds or status changed, whose licences' wanted side is to be worked out again."""


def empty(session: Session, table: Table) -> Table:
    """Make *table* exist on this connection, and empty it."""
    session.execute(CreateTable(table, if_not_exists=True))
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    session.execute(text(f"TRUNCATE {table.name}") if is_postgresql else delete(table))
    return table


def know(session: Session, table: Table) -> None:
    """Tell PostgreSQL's planner how large *table* has become; its own statistics never look at temporary tables."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {table.name}"))
