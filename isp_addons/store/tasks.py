"""Operator tasks in the database: opened with the answer that asks for them, closed with the answer of a person."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.operator_task import TaskOutcome
from isp_addons.store.tables import OperatorTask

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a licence is called about again by itself while a person is asked: its answer brings it back."""


def open_all(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Open one task for each of *rows*: the columns of `OperatorTask`. One that is asked again is due when it was before."""
    if not rows:
        return
    due = _asked_again(session, [row["licence_id"] for row in rows])
    opened = [{**row, "due_at": min(row["due_at"], due.get((row["licence_id"], row["step"]), row["due_at"]))} for row in rows]
    session.execute(insert(OperatorTask), opened)


def standing(session: Session, *, licence_id: int) -> OperatorTask | None:
    """The task that waits for a person, locked until the transaction ends."""
    query = select(OperatorTask).where(OperatorTask.licence_id == licence_id, OperatorTask.closed_at.is_(None))
    return session.scalar(query.with_for_update())


def last_closed(session: Session, *, licence_id: int) -> OperatorTask | None:
    """The task that a person answered last."""
    query = select(OperatorTask).where(OperatorTask.licence_id == licence_id, OperatorTask.closed_at.is_not(None))
    return session.scalar(query.order_by(OperatorTask.id.desc()).limit(1))


def _asked_again(session: Session, licence_ids: Sequence[int]) -> dict[tuple[int, str], datetime]:
    """When tasks were due that a person wanted to be asked anew, by licence and step: the last task of each licence."""
    last = (
        select(func.max(OperatorTask.id))
        .where(OperatorTask.licence_id.in_(licence_ids), OperatorTask.closed_at.is_not(None))
        .group_by(OperatorTask.licence_id)
    )
    again = OperatorTask.outcome == TaskOutcome.ASKED_AGAIN.value
    rows = session.scalars(select(OperatorTask).where(OperatorTask.id.in_(last), again))
    return {(task.licence_id, task.step): task.due_at for task in rows}


def close(task: OperatorTask, *, outcome: str, by: str, at: datetime, note: str) -> None:
    """Write down how a person answered."""
    task.closed_at, task.closed_by, task.outcome, task.note = at, by, outcome, note
