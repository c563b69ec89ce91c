"""Operator tasks in the database: opened with the answer that asks for them, closed with the answer of a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, insert, select
from sqlalchemy.orm import Session

from isp_addons.store.tables import Licence, OperatorTask


def waits() -> ColumnElement[bool]:
    """Licences about which a person was asked and has not answered yet: no call is made about them meanwhile."""
    return exists().where(OperatorTask.licence_id == Licence.id, OperatorTask.closed_at.is_(None))


def open_all(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Open one task for each of *rows*: the columns of `OperatorTask`."""
    if rows:
        session.execute(insert(OperatorTask), list(rows))


def standing(session: Session, *, licence_id: int) -> OperatorTask | None:
    """The task that waits for a person, locked until the transaction ends."""
    query = select(OperatorTask).where(OperatorTask.licence_id == licence_id, OperatorTask.closed_at.is_(None))
    return session.scalar(query.with_for_update())


def last_closed(session: Session, *, licence_id: int) -> OperatorTask | None:
    """The task that a person answered last."""
    query = select(OperatorTask).where(OperatorTask.licence_id == licence_id, OperatorTask.closed_at.is_not(None))
    return session.scalar(query.order_by(OperatorTask.id.desc()).limit(1))


def close(task: OperatorTask, *, outcome: str, by: str, at: datetime, note: str) -> None:
    """Write down how a person answered."""
    task.closed_at, task.closed_by, task.outcome, task.note = at, by, outcome, note
