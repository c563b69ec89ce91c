"""Licences: what is wanted of the vendors, what was seen there, and what people and codes have to do with it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id, where

NOW_DIFFERENT = (
    "(wanted_state <> seen_state AND NOT (seen_state IN ('absent', 'ended') AND wanted_state <> 'active'))"
    " OR (wanted_state = 'active' AND seen_state = 'active'"
    " AND (wanted_quantity <> seen_quantity OR wanted_split <> seen_split"
    " OR coalesce(wanted_end, 0) <> coalesce(seen_end, 0)))"
)
"""The difference between wanted and seen, as `isp_addons.domain.licence.next_step` sees it, but for suspensions to reassert."""


class Licence(Base):
    """The vendor's object: what is wanted, what was seen, and who is calling about it right now.

    ``wanted_end``/``seen_end`` are UNIX seconds, 0 or NULL = without end: compared in SQL on every database. So are the
    splits, which are texts such as ``internal=60,external=40``.
    """

    __tablename__ = "licence"
    __table_args__ = (
        Index("ix_licence_due", "vendor", "wanted_state", "next_try_at", "id", **where(NOW_DIFFERENT)),
        Index("ix_licence_reassert", "reassert_at", **where("reassert_at IS NOT NULL")),
        Index("ix_licence_leased", "lease_owner", **where("lease_owner IS NOT NULL")),
        Index("ix_licence_given_up", "given_up_at", **where("given_up_at IS NOT NULL")),
        Index("ix_licence_dated", "subscription_id", **where("wanted_end IS NOT NULL")),
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
    wanted_split: Mapped[str] = mapped_column(String(200), default="")
    wanted_end: Mapped[int | None] = mapped_column(BigInteger)
    suspend_from: Mapped[datetime | None]
    for_forecast: Mapped[bool] = mapped_column(default=False)

    seen_state: Mapped[str] = mapped_column(String(12), default="absent")
    seen_quantity: Mapped[int] = mapped_column(default=1)
    seen_split: Mapped[str] = mapped_column(String(200), default="")
    seen_end: Mapped[int | None] = mapped_column(BigInteger)
    seen_at: Mapped[datetime | None]
    reassert_at: Mapped[datetime | None]

    lease_owner: Mapped[str | None] = mapped_column(String(40))
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(20))
    failure_text: Mapped[str] = mapped_column(String(500), default="")
    given_up_at: Mapped[datetime | None]


class OperatorTask(Base):
    """A step that a person must do at a vendor's console. It stands while ``closed_at`` is None; one for each licence.

    ``step``: the hook that asked. ``asked_…``: what was wanted then; ``was_…``: what the vendor had before. Meanwhile the
    licence is seen *pending*. ``outcome``: confirmed, could_not or asked_again.
    """

    __tablename__ = "operator_task"
    __table_args__ = (
        Index("uq_operator_task_open", "licence_id", unique=True, **where("closed_at IS NULL")),
        Index("ix_operator_task_due", "due_at", **where("closed_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    licence_id: Mapped[int] = mapped_column(ForeignKey("licence.id"), index=True)
    step: Mapped[str] = mapped_column(String(20))
    instructions: Mapped[str] = mapped_column(Text)
    asked_state: Mapped[str] = mapped_column(String(12))
    asked_quantity: Mapped[int]
    asked_split: Mapped[str] = mapped_column(String(200), default="")
    asked_end: Mapped[int | None] = mapped_column(BigInteger)
    was_state: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(200), default="")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))
    outcome: Mapped[str | None] = mapped_column(String(12))


class ActivationCode(Base):
    """One code of a vendor's stock. Free while ``licence_id`` is None and it is neither expired nor void; taken for ever.

    ``article``: which product's codes it belongs to; ``expires_at``: after it nobody can activate it; ``period_start``: the
    period that it was sold for.
    """

    __tablename__ = "activation_code"
    __table_args__ = (
        UniqueConstraint("vendor", "code"),
        UniqueConstraint("licence_id", "period_start"),
        Index(
            "ix_activation_code_free",
            "vendor",
            "article",
            "expires_at",
            "id",
            **where("taken_at IS NULL AND voided_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(64))
    article: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime | None]
    batch: Mapped[str] = mapped_column(String(120))
    imported_at: Mapped[datetime]
    licence_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"))
    period_start: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class Device(Base):
    """A device of an account that a vendor names by its own number, such as an alarm hub. Never deleted: ``removed_at``."""

    __tablename__ = "device"
    __table_args__ = (Index("uq_device_standing", "vendor", "ref", unique=True, **where("removed_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    vendor: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120), default="")
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class VendorUser(Base):
    """A user at a vendor, of the account that he belongs to. ``gone_at``: the vendor has him no more.

    ``role``: what he is there, empty = not known. ``invited_at``: he was named to us by e-mail address, not by the vendor; he
    may use nothing before ``activated_at``.
    """

    __tablename__ = "vendor_user"
    __table_args__ = (UniqueConstraint("vendor", "ref"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    vendor: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), default="")
    name: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[str] = mapped_column(String(12), default="")
    seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    invited_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]


class Seat(Base):
    """A user given one unit of a subscription's pool; it stands while ``returned_at`` is None, suspended or not."""

    __tablename__ = "seat"
    __table_args__ = (
        Index("uq_seat_standing", "subscription_id", "user_id", unique=True, **where("returned_at IS NULL")),
        Index("ix_seat_user", "user_id", **where("returned_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("vendor_user.id"))
    given_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
