"""Project keys: certificates, paid in advance, that pay a customer's subscription instead of his balance."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id, where


class ProjectKey(Base):
    """A key for ``quantity`` units of a product for ``term_months``; unused while ``used_at`` is None, and used once.

    It can be used until ``expires_at``. Used, it pays ``subscription_id`` of ``customer_id`` from ``starts_at`` to ``until``,
    for ``selling_price`` (None while it is unused). ``plan_before`` and ``method_before`` are what comes back when it is over;
    no plan: the subscription simply is over. ``noticed``: how many days before the end the last notice was. ``ended_at``: the
    end was seen to.
    """

    __tablename__ = "project_key"
    __table_args__ = (Index("ix_project_key_running", "until", **where("used_at IS NOT NULL AND ended_at IS NULL")),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(120), unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    quantity: Mapped[int]
    term_months: Mapped[int]
    expires_at: Mapped[datetime | None]
    purchase_price: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    batch: Mapped[str] = mapped_column(String(120))
    imported_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"), index=True)
    selling_price: Mapped[int | None] = mapped_column(BigInteger)
    starts_at: Mapped[datetime | None]
    until: Mapped[datetime | None]
    plan_before: Mapped[str] = mapped_column(String(12), default="")
    method_before: Mapped[str] = mapped_column(String(20), default="")
    noticed: Mapped[int | None]
    ended_at: Mapped[datetime | None]
