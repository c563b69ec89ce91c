"""Customers, the people who log in for them, their invitations, and the mail that goes to them. Time in UTC, ids are ours."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id, where


class Customer(Base):
    """The party that owns accounts: ``mode`` managed or self_service; ``discount``: a reseller's, in hundredths of a percent.

    ``reseller_id``: the customer who resells to it; ``help_text``: where a reseller finds help, instead of the installation's.
    ``address`` and ``billing_address``: ``street``, ``postcode``, ``city``
    (a billing address with ``name`` and ``country`` of its own; empty: invoices go to the company's address).
    ``erased_at``: after a deletion, when nothing personal was left.
    """

    __tablename__ = "customer"
    __table_args__ = (Index("ix_customer_deletion", "deletion_asked_at", **where("erased_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    company: Mapped[str] = mapped_column(String(120))
    mode: Mapped[str] = mapped_column(String(12), default="self_service")
    reseller_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    is_reseller: Mapped[bool] = mapped_column(default=False)
    discount: Mapped[int] = mapped_column(default=0)
    help_text: Mapped[str] = mapped_column(String(200), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    vat_id: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[dict[str, Any]] = mapped_column(default=dict)
    billing_address: Mapped[dict[str, Any]] = mapped_column(default=dict)
    payment_method: Mapped[str] = mapped_column(String(20), default="")
    self_registered: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]
    deletion_asked_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]


class Person(Base):
    """Somebody who logs in. ``customer_id`` None: staff of the ISP. ``email`` is the login name, in lower case.

    Invited until ``registered_at``; ``is_main``: the subscriptions of the customer are his. ``password_hash`` empty: he comes
    in through the ISP's own cabinet. ``language``: in which his mail is written.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("uq_person_email", "email", unique=True, **where("deleted_at IS NULL")),
        Index("uq_person_main", "customer_id", unique=True, **where("is_main AND deleted_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[str] = mapped_column(String(12))
    is_main: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(2), default="en")
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    registered_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class Invitation(Base):
    """A link sent to ``email``, good once until ``expires_at``; only the SHA-256 of its token is kept.

    Whoever accepts it registers (a new person), or has ``email`` as his login name from then on.
    """

    __tablename__ = "invitation"
    __table_args__ = (Index("uq_invitation_open", "person_id", unique=True, **where("used_at IS NULL AND voided_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class Login(Base):
    """Somebody signed in; only the SHA-256 of his token is kept. It stands until ``expires_at`` or ``ended_at``."""

    __tablename__ = "login"
    __table_args__ = (Index("ix_login_standing", "person_id", **where("ended_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class SignInFailure(Base):
    """How often a login name, known or not, was tried in vain since ``since``."""

    __tablename__ = "sign_in_failure"
    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime] = mapped_column(index=True)


class Mail(Base):
    """A message to a person, or to a vendor's user: it waits until ``sent_at`` or ``given_up_at``, and then loses its body.

    ``key``: ours, once. ``failure``: what the mail server said last.
    """

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_due", "next_try_at", **where("sent_at IS NULL AND given_up_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("vendor_user.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(String(200), default="")
