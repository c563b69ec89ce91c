"""Accounts, their money, and what they have ordered. Money is in minor units, time in UTC, ids are ours."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id, where


class Account(Base):
    """A billing's account; ``ref`` is the billing's own name of it. ``customer_id``: whose it is, as far as known."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
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
    """What is sold; see `isp_addons.domain.catalogue.ProductTerms`. Its prices are the rows of `Price`.

    ``vendor`` None: sold and forecast, but no vendor is told yet. ``options`` go to the plugin. ``purchase_price``: what the
    vendor takes for a unit and a month, in minor units.
    """

    __tablename__ = "product"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12), default="other")
    article_name: Mapped[str] = mapped_column(String(120), default="")
    article_number: Mapped[str] = mapped_column(String(40), default="")
    vendor: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    priority: Mapped[int] = mapped_column(default=1)
    terms: Mapped[str] = mapped_column(String(80), default="1")
    proration: Mapped[str] = mapped_column(String(12), default="by_time")
    month: Mapped[str] = mapped_column(String(12), default="calendar")
    trial_days: Mapped[int] = mapped_column(default=0)
    trial_then: Mapped[str] = mapped_column(String(8), default="end")
    schedule: Mapped[dict[str, Any]] = mapped_column(default=dict)
    features: Mapped[dict[str, Any]] = mapped_column(default=dict)
    while_suspended: Mapped[str] = mapped_column(String(8), default="none")
    least: Mapped[int] = mapped_column(default=1)
    most: Mapped[int | None]
    split: Mapped[list[str]] = mapped_column(JSON, default=list)
    unbundle: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    purchase_price: Mapped[int] = mapped_column(BigInteger, default=0)
    on_sale: Mapped[bool] = mapped_column(default=True)
    resale: Mapped[bool] = mapped_column(default=False)


class Price(Base):
    """One range of a product's price list: units *first* to *last* (None = all that follow) cost ``unit_price`` each.

    The ranges with the same ``valid_from`` make one list; its prices are for ``per_months`` months.
    """

    __tablename__ = "price"
    __table_args__ = (UniqueConstraint("product_id", "valid_from", "first"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    valid_from: Mapped[datetime]
    per_months: Mapped[int]
    first: Mapped[int]
    last: Mapped[int | None]
    unit_price: Mapped[int] = mapped_column(BigInteger)


class TariffProduct(Base):
    """A tariff of the billing that includes a product."""

    __tablename__ = "tariff_product"
    tariff: Mapped[str] = mapped_column(String(80), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)


class Subscription(Base):
    """An account has ordered a product. ``price``: of the whole next period, quantity included, fixed when something changes.

    ``own_price``: agreed with this account alone; no price list changes it. ``split``: how the quantity is distributed over
    the product's parts, such as ``external=40,internal=60``. ``by_customer``: a user of the customer ordered it himself, so
    that no discount of the customer's reseller counts. ``renews``: a one-off term that renews itself when it is over.
    """

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_running", "account_id", **where("status = 'running'")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    plan: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int]
    split: Mapped[str] = mapped_column(String(200), default="")
    term_months: Mapped[int] = mapped_column(default=1)
    renews: Mapped[bool] = mapped_column(default=False)
    price: Mapped[int] = mapped_column(BigInteger)
    own_price: Mapped[bool] = mapped_column(default=False)
    by_customer: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int]
    ordered_at: Mapped[datetime]
    paid_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class QuantityChange(Base):
    """A change of a subscription's quantity, pending while ``applied_at`` and ``cancelled_at`` are None: at most one is.

    ``from_at``: from when it counts; ``in_seats``: the vendor has a licence for each unit.
    ``amount`` was taken for it at once; ``price`` is that of the next period after it, in minor units. ``split``: how the new
    quantity is distributed.
    """

    __tablename__ = "quantity_change"
    __table_args__ = (
        Index(
            "uq_quantity_change_pending",
            "subscription_id",
            unique=True,
            **where("applied_at IS NULL AND cancelled_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    actor: Mapped[str] = mapped_column(String(80))
    effect: Mapped[str] = mapped_column(String(12))
    before: Mapped[int]
    quantity: Mapped[int]
    split: Mapped[str] = mapped_column(String(200), default="")
    in_seats: Mapped[bool]
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    price: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[datetime]
    from_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class Charge(Base):
    """Money taken for one period of one subscription, once. ``reversed_at``: given back, both entries stay visible.

    ``part`` 0 is the period itself; any other is the change of quantity that was charged for the rest of it. ``quantity``: for
    how many units. ``discount``: what was taken off before; ``cost``: what the vendor takes for it. In minor units.
    ``refunded``: what was given back of it because the subscription was stopped before its end.
    """

    __tablename__ = "charge"
    __table_args__ = (UniqueConstraint("subscription_id", "period_start", "part"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    part: Mapped[int] = mapped_column(BigInteger, default=0)
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    quantity: Mapped[int] = mapped_column(default=1)
    amount: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(BigInteger, default=0)
    cost: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    at: Mapped[datetime] = mapped_column(index=True)
    reversed_at: Mapped[datetime | None]


class Hold(Base):
    """A reason to be suspended. It stands while ``lifted_at`` is None; one standing hold for each owner."""

    __tablename__ = "hold"
    __table_args__ = (Index("uq_hold_standing", "subscription_id", "owner", unique=True, **where("lifted_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    owner: Mapped[str] = mapped_column(String(12))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    lifted_at: Mapped[datetime | None]


class Reminder(Base):
    """A reminder that was due, once for each end of a paid term."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("subscription_id", "paid_until"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    paid_until: Mapped[datetime]
    due_at: Mapped[datetime]
