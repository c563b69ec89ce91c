"""Scratch tables: what one transaction works on, so that statements over many accounts need no lists of ids.

They live in the connection's temporary space, are never seen by anybody else, and are emptied before each use.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text, delete, text
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from isp_addons.store.types import UtcDateTime

_metadata = MetaData()

_Key = BigInteger().with_variant(Integer, "sqlite")

funds = Table(
    "scratch_funds",
    _metadata,
    Column("account_id", _Key, primary_key=True, autoincrement=False),
    Column("ref", String(64)),
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
"""One account as the billing knows it now: see `isp_addons.billing.base.Funds`. ``account_id`` below 0: not known to us."""

chosen = Table(
    "scratch_chosen",
    _metadata,
    Column("subscription_id", _Key, primary_key=True, autoincrement=False),
    Column("since", UtcDateTime),
    prefixes=["TEMPORARY"],
)
"""Subscriptions that the rule chose for what comes next; ``since``: from when, None = from now."""

renewing = Table(
    "scratch_renewing",
    _metadata,
    Column("subscription_id", _Key, primary_key=True, autoincrement=False),
    Column("account_id", _Key),
    Column("price", BigInteger),
    Index("scratch_renewing_account", "account_id", "price"),
    prefixes=["TEMPORARY"],
)
"""Subscriptions that want money for the next period of their account."""

touched = Table(
    "scratch_touched",
    _metadata,
    Column("subscription_id", _Key, primary_key=True, autoincrement=False),
    Column("since", UtcDateTime),
    prefixes=["TEMPORARY"],
)
"""Subscriptions whose holds or status changed, whose licences' wanted side is to be worked out again."""


def empty(session: Session, table: Table) -> Table:
    """Make *table* exist on this connection, and empty it."""
    session.execute(CreateTable(table, if_not_exists=True))
    for index in table.indexes:
        session.execute(CreateIndex(index, if_not_exists=True))
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    session.execute(text(f"TRUNCATE {table.name}") if is_postgresql else delete(table))
    return table


def know(session: Session, table: Table) -> None:
    """Tell PostgreSQL's planner how large *table* has become; its own statistics never look at temporary tables."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {table.name}"))
