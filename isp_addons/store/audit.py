"""The audit: one row for every change of state, written in the same transaction as the change."""

from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, String, cast, insert, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from isp_addons.domain.cause import Cause
from isp_addons.store.tables import Audit
from isp_addons.store.types import UtcDateTime

_BEHALF = "isp_addons_behalf"
_LONGEST_ACTOR = 200
_COLUMNS = ["at", "actor", "source", "subject", "subject_id", "field", "before", "after", "why"]


def acts_for(session: Session, customer: str | None) -> None:
    """From here on *session* writes of every change that it was made for *customer*; None: for whoever acts himself."""
    session.info[_BEHALF] = customer


def record(
    session: Session, cause: Cause, *, subject: str, subject_id: int, field: str, before: object | None, after: object | None
) -> None:
    """One change of one thing."""
    session.execute(
        insert(Audit).values(
            at=cause.at,
            actor=_actor(session, cause),
            source=cause.source.value,
            subject=subject,
            subject_id=subject_id,
            field=field,
            before=None if before is None else str(before)[:200],
            after=None if after is None else str(after)[:200],
            why=cause.why[:300],
        )
    )


def record_all(
    session: Session,
    cause: Cause,
    *,
    subject: str,
    subject_id: SQLColumnExpression[Any],
    field: str,
    before: SQLColumnExpression[Any] | str | None,
    after: SQLColumnExpression[Any] | str | None,
    where: Select[Any],
) -> None:
    """The same change of many things in one statement; *where* is a select whose FROM and WHERE say which."""
    rows = where.with_only_columns(
        literal(cause.at, Audit.at.type),
        literal(_actor(session, cause)),
        literal(cause.source.value),
        literal(subject),
        cast(subject_id, Audit.subject_id.type),
        literal(field),
        _text(before),
        _text(after),
        literal(cause.why[:300]),
    )
    session.execute(insert(Audit).from_select(_COLUMNS, rows))


def _actor(session: Session, cause: Cause) -> str:
    """Who it was, and for whom: ``r@partner.example for Bakery``."""
    behalf = session.info.get(_BEHALF)
    return cause.actor if behalf is None else f"{cause.actor} for {behalf}"[:_LONGEST_ACTOR]


def _text(value: SQLColumnExpression[Any] | str | None) -> ColumnElement[Any]:
    if value is None or isinstance(value, str):
        return cast(literal(value), String)
    written = cast(value, String)
    return _MomentText(value) if isinstance(written.clause.type, UtcDateTime) else written


class _MomentText(FunctionElement[str]):
    """A moment as `str` writes it, the same from every database: ``2026-04-01 00:00:00+00:00``."""

    type = String()
    inherit_cache = True


@compiles(_MomentText)
def _moment_text(element: _MomentText, compiler: SQLCompiler, **details: Any) -> str:
    return f"substr({compiler.process(element.clauses, **details)}, 1, 19) || '+00:00'"


@compiles(_MomentText, "postgresql")
def _moment_text_on_postgresql(element: _MomentText, compiler: SQLCompiler, **details: Any) -> str:
    return f"to_char(timezone('UTC', {compiler.process(element.clauses, **details)}), 'YYYY-MM-DD HH24:MI:SS') || '+00:00'"
