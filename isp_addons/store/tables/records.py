"""What happened, and how the installation and its vendors fare."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id, where


class Meta(Base):
    """Facts about this installation: ``installation`` (random, part of every licence key)."""

    __tablename__ = "meta"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Event(Base):
    """The inbox: one row for each event key, handled when ``handled_at`` is set."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_waiting", "id", **where("handled_at IS NULL")),)
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
    """Every change of state: who (and for whom), when, from what to what, why, and through which door. Never changed."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject", "subject_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
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
