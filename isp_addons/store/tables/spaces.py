"""Spaces: places with devices and people in them; who may pay there for what, and how. Time in UTC, ids are ours."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id, where


class AvailabilityRule(Base):
    """One entry of a vendor's availability table; it stands while ``ended_at`` is None, and is ended, never changed.

    ``kind``: country, service, app or delegation; ``value``: see `isp_addons.services.availability_rules`.
    """

    __tablename__ = "availability_rule"
    __table_args__ = (
        Index("uq_availability_rule_standing", "vendor", "kind", "key", unique=True, **where("ended_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    vendor: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    key: Mapped[str] = mapped_column(String(140))
    value: Mapped[dict[str, Any]]
    valid_from: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Space(Base):
    """A place that a vendor guards, such as a home, paid for by an account. ``country`` "": not known."""

    __tablename__ = "space"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    vendor: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    created_at: Mapped[datetime]


class SpaceMember(Base):
    """A person or a company in a space, there while ``left_at`` is None. A company has a name and no ``person_id``."""

    __tablename__ = "space_member"
    __table_args__ = (
        Index("uq_space_member_person", "space_id", "person_id", unique=True, **where("left_at IS NULL")),
        Index("uq_space_member_company", "space_id", "company", unique=True, **where("left_at IS NULL AND role = 'company'")),
        Index("ix_space_member_person", "person_id", **where("left_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("space.id"))
    role: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    company: Mapped[str] = mapped_column(String(120), default="")
    full_rights: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class Delegation(Base):
    """A PRO lets a user of the same space pay by card; it stands while ``ended_at`` is None."""

    __tablename__ = "delegation"
    __table_args__ = (Index("uq_delegation_standing", "space_id", "by_id", "to_id", unique=True, **where("ended_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("space.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SpaceDevice(Base):
    """A device in a space, such as a camera, by the vendor's own number. Never deleted: ``removed_at``."""

    __tablename__ = "space_device"
    __table_args__ = (Index("uq_space_device_standing", "vendor", "ref", unique=True, **where("removed_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    space_id: Mapped[int] = mapped_column(ForeignKey("space.id"), index=True)
    vendor: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120), default="")
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class BundleDevice(Base):
    """A device for which a subscription's bundle is used, active while ``until`` is None."""

    __tablename__ = "bundle_device"
    __table_args__ = (
        Index("uq_bundle_device_active", "subscription_id", "device_id", unique=True, **where("until IS NULL")),
        Index("ix_bundle_device_device", "device_id", **where("until IS NULL")),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("space_device.id"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
