"""What was answered to writes that bore a key of the caller's own."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from isp_addons.store.tables.base import Base, Id


class Reply(Base):
    """The answer to one write, kept for whoever asks for the same again. ``person``: whose key it is, 0 = the staff's.

    ``fingerprint``: of what was asked for, so that the key of one thing is not taken for another.
    """

    __tablename__ = "reply"
    __table_args__ = (UniqueConstraint("person", "key"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(128))
    what: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
