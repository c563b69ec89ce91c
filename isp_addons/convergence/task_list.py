"""What waits for a person: steps at vendors without an interface, and calls that a vendor refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from isp_addons.domain.licence import Step, Wanted, WantedState, next_step
from isp_addons.domain.operator_task import TaskStatus, still_wanted
from isp_addons.domain.problem import NotFound
from isp_addons.store import leases
from isp_addons.store.engine import Store
from isp_addons.store.leases import Leased
from isp_addons.store.tables import Account, Licence, OperatorTask
from isp_addons.vendor_api import Instructions

_TOLD = Instructions(__package__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that waits for a person. ``title`` is the first line of ``instructions``; times are UTC."""

    licence: str
    vendor: str
    account: str
    product: str
    step: str
    status: TaskStatus
    title: str
    instructions: str
    opened_at: datetime
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """Every operator task: told in *language*; a refused call is overdue after *due_in*."""

    store: Store
    language: str
    due_in: timedelta

    def waiting(
        self, *, now: datetime, limit: int, vendor: str | None = None, account: str | None = None, overdue: bool = False
    ) -> list[Task]:
        """What waits for a person, the most urgent first."""
        asked: list[ColumnElement[bool]] = [OperatorTask.closed_at.is_(None)]
        refused: list[ColumnElement[bool]] = [Licence.given_up_at.is_not(None)]
        if overdue:
            asked.append(OperatorTask.due_at < now)
            refused.append(Licence.given_up_at < now - self.due_in)
        for conditions in (asked, refused):
            conditions += [Licence.vendor == vendor] if vendor is not None else []
            conditions += [Account.ref == account] if account is not None else []
        with self.store.read() as session:
            query = leases.details(and_(*asked)).join(OperatorTask, OperatorTask.licence_id == Licence.id)
            query = query.add_columns(OperatorTask).order_by(OperatorTask.due_at, Licence.id).limit(limit)
            found = [_asked(row, now=now, language=self.language) for row in session.execute(query)]
            query = leases.details(and_(*refused)).order_by(Licence.given_up_at, Licence.id).limit(limit)
            found += self._refused(session.execute(query), now)
        return sorted(found, key=lambda each: (each.due_at, each.licence))[:limit]

    def one(self, licence: str, *, now: datetime) -> Task:
        """The task that waits about one licence. Raises `NotFound`."""
        with self.store.read() as session:
            query = leases.details(Licence.key == licence).outerjoin(
                OperatorTask, and_(OperatorTask.licence_id == Licence.id, OperatorTask.closed_at.is_(None))
            )
            row = session.execute(query.add_columns(OperatorTask)).one_or_none()
            if row is not None and row.OperatorTask is not None:
                return _asked(row, now=now, language=self.language)
            refused = list(self._refused([row] if row is not None and row.given_up_at is not None else [], now))
        if not refused:
            raise nothing_waits(licence)
        return refused[0]

    def overdue(self, *, now: datetime) -> tuple[int, datetime | None]:
        """How many tasks are overdue, and since when the oldest is."""
        with self.store.read() as session:
            asked = session.execute(
                select(func.count(), func.min(OperatorTask.due_at)).where(
                    OperatorTask.closed_at.is_(None), OperatorTask.due_at < now
                )
            ).one()
            refused = session.execute(
                select(func.count(), func.min(Licence.given_up_at)).where(Licence.given_up_at < now - self.due_in)
            ).one()
        moments = [asked[1], refused[1] + self.due_in if refused[1] else None]
        return asked[0] + refused[0], min((each for each in moments if each is not None), default=None)

    def _refused(self, rows: Iterable[Any], now: datetime) -> Iterator[Task]:
        for row in rows:
            ours, given_up_at = leases.leased(row), row.given_up_at
            step = refused_step(ours, now)
            if step is None:
                continue
            wanted = ours.both.wanted
            told = _TOLD.tell(
                "refused",
                language=self.language,
                vendor=ours.vendor,
                step=step.value,
                account=ours.account,
                product=ours.product,
                licence=ours.key,
                reference=ours.reference or "-",
                said=row.failure_text or ours.failure or "-",
                wanted=f"{wanted.state} × {wanted.quantity}",
            )
            due_at = given_up_at + self.due_in
            yield _task(ours, step.value, TaskStatus.REFUSED, told.instructions, given_up_at, due_at, now)


def asked_for(task: OperatorTask) -> Wanted:
    """What was wanted when the task was opened."""
    return Wanted(
        state=WantedState(task.asked_state),
        quantity=task.asked_quantity,
        split=task.asked_split,
        paid_until=leases.moment(task.asked_end),
    )


def refused_step(licence: Leased, now: datetime) -> Step | None:
    """The step of a call that was given up, as long as it still makes a difference."""
    return next_step(licence.both, now=now)


def nothing_waits(licence: str) -> NotFound:
    """The problem of asking for a task that is not there."""
    return NotFound(f"No task waits about the licence {licence}; see: isp-addons tasks list", code="no_task")


def _asked(row: Any, *, now: datetime, language: str) -> Task:
    ours, task = leases.leased(row), row.OperatorTask
    status, instructions = TaskStatus.OPEN, _with_next(task.instructions, ours.key, language)
    if not still_wanted(Step(task.step), asked=asked_for(task), wanted=ours.both.wanted):
        status = TaskStatus.RECALLED
        instructions = f"{_TOLD.tell('recalled', language=language, licence=ours.key).instructions}\n\n{task.instructions}"
    return _task(ours, task.step, status, instructions, task.opened_at, task.due_at, now)


def _with_next(instructions: str, licence: str, language: str) -> str:
    """*instructions* with how to say that it was done, where they do not tell it themselves."""
    if "isp-addons tasks confirm" in instructions:
        return instructions
    return f"{instructions}\n\n{_TOLD.tell('next', language=language, licence=licence).instructions}"


def _task(
    ours: Leased, step: str, status: TaskStatus, instructions: str, opened_at: datetime, due_at: datetime, now: datetime
) -> Task:
    return Task(
        licence=ours.key,
        vendor=ours.vendor,
        account=ours.account,
        product=ours.product,
        step=step,
        status=status,
        title=instructions.split("\n", 1)[0],
        instructions=instructions,
        opened_at=opened_at,
        due_at=due_at,
        overdue=due_at < now,
    )
