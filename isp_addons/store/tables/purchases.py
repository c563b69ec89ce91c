"""Purchases that are paid from outside, refunds to cards, and statements. Money in minor units, time in UTC, ids are ours."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id, where


class PaymentMethod(Base):
    """Whether a method is offered to new orders; one without a row is as `isp_addons.domain.payment_method` says."""

    __tablename__ = "payment_method"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    active: Mapped[bool]
    changed_at: Mapped[datetime]


class Purchase(Base):
    """Something ordered that must be paid for first; see `isp_addons.domain.purchase.State`. ``key``: the caller's own, once.

    ``what`` is what is delivered once it is paid; ``space_id`` and ``service`` say where and which, for spaces.
    ``attempt`` counts the tries with a card; ``gateway_key`` is our key of the last one, written before the gateway is called.
    ``received``: what a bank transfer brought so far.
    """

    __tablename__ = "purchase"
    __table_args__ = (Index("ix_purchase_open", "status", **where("status NOT IN ('active', 'expired', 'cancelled')")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"), index=True)
    service: Mapped[str] = mapped_column(String(64), default="")
    what: Mapped[dict[str, Any]] = mapped_column(default=dict)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    method: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int] = mapped_column(default=0)
    gateway_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    reference: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(1000), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"), index=True)
    created_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class PurchasePayment(Base):
    """Money that a bank transfer brought for a purchase, once for each ``key``."""

    __tablename__ = "purchase_payment"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class CardRefund(Base):
    """Money that goes back to the card it came from: ``queued`` until the gateway took it, then ``done`` or ``refused``."""

    __tablename__ = "card_refund"
    __table_args__ = (Index("ix_card_refund_queued", "next_try_at", **where("status = 'queued'")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), index=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(300), default="")
    reference: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class SavedCard(Base):
    """The gateway's token of the card from which an account's missing money is taken before a period begins."""

    __tablename__ = "saved_card"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    card: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime]


class Statement(Base):
    """A closed statement: ``customer`` and ``lines`` are copies that never change again. ``month``: its first day."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("account_id", "month"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    month: Mapped[date] = mapped_column(index=True)
    dated: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[int] = mapped_column(BigInteger)
    customer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    closed_at: Mapped[datetime]
