"""Every table, one class each. Money is in minor units, time in UTC, ids are ours."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from isp_addons.store.types import UtcDateTime

Id = BigInteger().with_variant(Integer, "sqlite")
NOW_DIFFERENT = (
    "(wanted_state <> seen_state AND NOT (seen_state IN ('absent', 'ended') AND wanted_state <> 'active'))"
    " OR (wanted_state = 'active' AND seen_state = 'active'"
    " AND (wanted_quantity <> seen_quantity OR coalesce(wanted_end, 0) <> coalesce(seen_end, 0)))"
)
"""The difference between wanted and seen, as `isp_addons.domain.licence.next_step` sees it, but for suspensions to reassert."""


def _where(condition: str) -> dict[str, Any]:
    """What makes an index a partial one, on both databases."""
    return {f"{database}_where": text(condition) for database in ("sqlite", "postgresql")}


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can name it too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), dict[str, Any]: JSON}


class Meta(Base):
    """Facts about this installation: ``installation`` (random, part of every licence key)."""

    __tablename__ = "meta"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Account(Base):
    """A billing's account; ``ref`` is the billing's own name of it."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class LedgerAccount(Base):
    """The built-in ledger's side of an account. ``base_price``: the ISP's own tariff for one period of ``period_months``."""

    __tablename__ = "ledger_account"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger, default=0)
    credit: Mapped[int] = mapped_column(BigInteger, default=0)
    base_price: Mapped[int] = mapped_column(BigInteger, default=0)
    unlimited: Mapped[bool] = mapped_column(default=False)
    blocked: Mapped[bool] = mapped_column(default=False)
    tariff: Mapped[str | None] = mapped_column(String(80))
    period_months: Mapped[int] = mapped_column(default=1)
    period_start: Mapped[datetime]
    period_end: Mapped[datetime] = mapped_column(index=True)


class LedgerEntry(Base):
    """Append-only: every movement of money, once for each ``key``. Negative = taken."""

    __tablename__ = "ledger_entry"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    note: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]


class Product(Base):
    """What is sold. ``vendor`` None: sold and forecast, but no vendor is told yet. ``options`` go to the plugin."""

    __tablename__ = "product"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    vendor: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    price: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[int] = mapped_column(default=1)
    terms: Mapped[str] = mapped_column(String(80), default="1")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    on_sale: Mapped[bool] = mapped_column(default=True)


class TariffProduct(Base):
    """A tariff of the billing that includes a product."""

    __tablename__ = "tariff_product"
    tariff: Mapped[str] = mapped_column(String(80), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)


class Subscription(Base):
    """An account has ordered a product. ``price``: of the whole next period (quantity included), fixed when it changes."""

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_running", "account_id", **_where("status = 'running'")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    plan: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int]
    term_months: Mapped[int] = mapped_column(default=1)
    price: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[int]
    ordered_at: Mapped[datetime]
    paid_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Charge(Base):
    """Money taken for one period of one subscription, once. ``reversed_at``: given back, both entries stay visible."""

    __tablename__ = "charge"
    __table_args__ = (UniqueConstraint("subscription_id", "period_start"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    amount: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    reversed_at: Mapped[datetime | None]


class Hold(Base):
    """A reason to be suspended. It stands while ``lifted_at`` is None; one standing hold for each owner."""

    __tablename__ = "hold"
    __table_args__ = (Index("uq_hold_standing", "subscription_id", "owner", unique=True, **_where("lifted_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    owner: Mapped[str] = mapped_column(String(12))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    lifted_at: Mapped[datetime | None]


class Licence(Base):
    """The vendor's object: what is wanted, what was seen, and who is calling about it right now.

    ``wanted_end``/``seen_end`` are UNIX seconds, 0 or NULL = without end: compared in SQL on every database.
    """

    __tablename__ = "licence"
    __table_args__ = (
        Index("ix_licence_due", "vendor", "wanted_state", "next_try_at", "id", **_where(NOW_DIFFERENT)),
        Index("ix_licence_reassert", "reassert_at", **_where("reassert_at IS NOT NULL")),
        Index("ix_licence_leased", "lease_owner", **_where("lease_owner IS NOT NULL")),
        Index("ix_licence_given_up", "given_up_at", **_where("given_up_at IS NOT NULL")),
        Index("ix_licence_dated", "subscription_id", **_where("wanted_end IS NOT NULL")),
        UniqueConstraint("subscription_id", "seat"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    seat: Mapped[int] = mapped_column(default=1)
    vendor: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(40), unique=True)
    reference: Mapped[str | None] = mapped_column(String(120))
    show: Mapped[dict[str, Any]] = mapped_column(default=dict)

    wanted_state: Mapped[str] = mapped_column(String(12))
    wanted_quantity: Mapped[int] = mapped_column(default=1)
    wanted_end: Mapped[int | None] = mapped_column(BigInteger)
    suspend_from: Mapped[datetime | None]
    for_forecast: Mapped[bool] = mapped_column(default=False)

    seen_state: Mapped[str] = mapped_column(String(12), default="absent")
    seen_quantity: Mapped[int] = mapped_column(default=1)
    seen_end: Mapped[int | None] = mapped_column(BigInteger)
    seen_at: Mapped[datetime | None]
    reassert_at: Mapped[datetime | None]

    lease_owner: Mapped[str | None] = mapped_column(String(40))
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(20))
    failure_text: Mapped[str] = mapped_column(String(500), default="")
    given_up_at: Mapped[datetime | None]


class Event(Base):
    """The inbox: one row for each event key, handled when ``handled_at`` is set."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_waiting", "id", **_where("handled_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    word: Mapped[str] = mapped_column(String(20))
    account_ref: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(300), default="")


class Audit(Base):
    """Every change of state: who, when, from what to what, why, and through which door. Never changed."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject", "subject_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    source: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(Id)
    field: Mapped[str] = mapped_column(String(40))
    before: Mapped[str | None] = mapped_column(String(200))
    after: Mapped[str | None] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(String(300))


class VendorState(Base):
    """How a vendor fares: its breaker, its rate budget, and whether an admin paused it.

    ``next_call_ms``: real time in UNIX milliseconds from which the rate budget is free again.
    """

    __tablename__ = "vendor_state"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    failures: Mapped[int] = mapped_column(default=0)
    pauses: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]
    paused_by: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500), default="")
    next_call_ms: Mapped[int | None] = mapped_column(BigInteger)


class Reminder(Base):
    """A reminder that was due, once for each end of a paid term."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("subscription_id", "paid_until"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    paid_until: Mapped[datetime]
    due_at: Mapped[datetime]
