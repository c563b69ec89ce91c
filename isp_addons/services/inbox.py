"""The inbox: events from every door, stored once each, then handled in batches by looking at the truth again.

What vendors tell (source ``vendor``) lies in the same table and is handled by `isp_addons.services.vendor_users`.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.event import Event, Word
from isp_addons.domain.money import parse_amount
from isp_addons.domain.problem import BadInput, ConfigProblem, Problem, TryAgain
from isp_addons.domain.text import parse_line
from isp_addons.services import accounts, block, find, period_begin, period_end, tariff, top_up
from isp_addons.services.context import Context
from isp_addons.services.idempotency import LONGEST_KEY, once
from isp_addons.store.tables import Account
from isp_addons.store.tables import Event as Row

BEFORE = "was handled before"
"""The outcome of an event whose key is known."""

FROM_VENDOR = Source.VENDOR.value
"""The source of what a vendor told; no billing event bears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What one event led to; ``problem`` is what was wrong with it, if anything was."""

    key: str
    account: str
    outcome: str
    problem: Problem | None = None


def receive(session: Session, cause: Cause, events: Sequence[Event]) -> int:
    """Store *events*; those whose key is known already are ignored. Returns how many were new."""
    rows = [
        {
            "key": event.key,
            "word": event.word.value,
            "account_ref": event.account,
            "source": event.source,
            "details": dict(event.details),
            "received_at": cause.at,
        }
        for event in {event.key: event for event in events}.values()
    ]
    return store(session, rows)


def store(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Store *rows*, each with a key of its own; those whose key is known already are ignored. Returns how many were new."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = 0
    for start in range(0, len(rows), 100):
        statement = dialect.insert(Row).values(rows[start : start + 100]).on_conflict_do_nothing(index_elements=["key"])
        new += len(session.scalars(statement.returning(Row.id)).all())
    return new


def handle(context: Context, cause: Cause, *, limit: int = 500) -> list[Handled]:
    """Handle up to *limit* waiting events: the billing is asked once for all their accounts, then one transaction acts.

    What an event says is a hint. An event that cannot be meant (unknown account) is closed with the reason; others go on.
    While the database or the billing cannot be asked (`TryAgain`, `ConfigProblem`), events wait.
    """
    with context.store.read() as session:
        mine = Row.handled_at.is_(None) & (Row.source != FROM_VENDOR)
        found = list(session.execute(select(Row.id, Row.account_ref).where(mine).order_by(Row.id).limit(limit)))
    if not found:
        return []
    try:
        return _handle(context, cause, found)
    except (TryAgain, ConfigProblem):
        raise
    except Problem as problem:
        if len(found) == 1:
            return [_give_up(context, cause, found[0], problem)]
    return [result for each in found for result in _handle_alone(context, cause, each)]


def _handle_alone(context: Context, cause: Cause, found: tuple[int, str]) -> list[Handled]:
    """One event on its own, so that one that cannot be handled does not stop the others of its batch."""
    try:
        return _handle(context, cause, [found])
    except (TryAgain, ConfigProblem):
        raise
    except Problem as problem:
        return [_give_up(context, cause, found, problem)]


def _give_up(context: Context, cause: Cause, found: tuple[int, str], problem: Problem) -> Handled:
    with context.store.write() as session:
        event = session.get_one(Row, found[0])
        event.handled_at = cause.at
        event.outcome = problem.message[:300]
        return Handled(key=event.key, account=event.account_ref, outcome=problem.message, problem=problem)


def handle_now(context: Context, cause: Cause, event: Event) -> Handled:
    """Store and handle *event* at once: one transaction, so that after a problem nothing of it is kept and it may be repeated.

    Earlier events of the same account that still wait are handled before it. Raises the `Problem` that the event met.
    """
    gathered = context.billing.gather([event.account], at=cause.at)
    with context.store.write() as session:
        return _now(context, session, cause, gathered, event)


def pay(context: Context, cause: Cause, *, account: str, amount: str, key: str | None) -> Handled:
    """Book a payment of *amount* (such as ``150.00``) by hand, and handle it like the billing's own event of the same *key*.

    Raises what `handle_now` raises, and `Refused` (``key_used``) where the key was that of another payment by hand.
    """
    own = secrets.token_hex(8) if key is None else parse_line(key, name="key", most=LONGEST_KEY)
    event = Event(key=f"key:{own}", word=Word.PAID, account=account, source="admin", details={"amount": amount})
    gathered = context.billing.gather([account], at=cause.at)
    with context.store.write() as session:
        return once(
            session,
            cause,
            key=key,
            what="pay",
            arguments={"account": account, "amount": parse_amount(amount, currency=context.currency)},
            do=lambda: _now(context, session, cause, gathered, event),
            write=lambda handled: {"outcome": handled.outcome},
            read=lambda said: Handled(key=event.key, account=account, outcome=said["outcome"]),
        )


def _now(context: Context, session: Session, cause: Cause, gathered: Gathered, event: Event) -> Handled:
    receive(session, cause, [event])
    mine = select(Row).where(Row.account_ref == event.account, Row.source != FROM_VENDOR)
    results = _work(context, session, cause, gathered, mine)
    result = next((each for each in results if each.key == event.key), None)
    if result is None:
        return Handled(key=event.key, account=event.account, outcome=BEFORE)
    if result.problem is not None:
        raise result.problem
    return result


def _handle(context: Context, cause: Cause, found: Sequence[tuple[int, str]]) -> list[Handled]:
    refs = sorted({ref for _, ref in found})
    gathered = context.billing.gather(refs, at=cause.at)
    with context.store.write() as session:
        return _work(context, session, cause, gathered, select(Row).where(Row.id.in_([each for each, _ in found])))


def _work(context: Context, session: Session, cause: Cause, gathered: Gathered, waiting: Select[Row]) -> list[Handled]:
    """Handle those of *waiting* that nobody else is handling, oldest first."""
    query = waiting.where(Row.handled_at.is_(None)).order_by(Row.id)
    events = list(session.scalars(query.with_for_update(skip_locked=True)))
    known = find.known_accounts(context, session, gathered, gathered.refs or ())
    notes = {event.id: _note(context, session, cause, event, known) for event in events}
    context.billing.fill(session, gathered)
    did = _settle(context, session, cause, events)
    _look_ahead(context, session, cause, gathered, events)
    results = [_close(event, notes[event.id], did) for event in events]
    closing = [{"b_id": e.id, "b_at": cause.at, "b_out": r.outcome[:300]} for e, r in zip(events, results, strict=True)]
    _write_closing(session, closing)
    return results


def _look_ahead(context: Context, session: Session, cause: Cause, gathered: Gathered, events: Sequence[Row]) -> None:
    """The billing says that a period is about to end: judge just those accounts by the forecast."""
    ending = {event.account_ref for event in events if event.word == Word.PERIOD_ENDING}
    if ending:
        funds = tuple(each for each in gathered.funds if each.ref in ending)
        context.billing.fill(session, Gathered(tuple(sorted(ending)), gathered.at, funds))
        period_end.judge(context, session, cause)


def _note(context: Context, session: Session, cause: Cause, event: Row, known: dict[str, Account]) -> Problem | None:
    """Where the money is ours, an event is also the only record of what happened: write it down first."""
    account = known.get(event.account_ref)
    if account is None:
        return find.unknown_account(event.account_ref)
    if not context.billing.takes_money:
        return None
    try:
        with session.begin_nested():
            _write_down(session, cause, event, account)
    except Problem as problem:
        return problem
    return None


def _write_down(session: Session, cause: Cause, event: Row, account: Account) -> None:
    if event.word in (Word.BLOCKED, Word.UNBLOCKED):
        ledger.set_blocked(session, cause, account_id=account.id, blocked=event.word == Word.BLOCKED)
    elif event.word == Word.PAID and "amount" in event.details:
        amount = parse_amount(str(event.details["amount"]), currency=account.currency)
        accounts.pay_in(session, cause, ref=account.ref, amount=amount, key=event.key)
    elif event.word == Word.TARIFF_CHANGED:
        if not event.details.get("tariff"):
            raise BadInput("The event tariff_changed does not say tariff=NAME.", code="bad_event")
        accounts.set_tariff(session, cause, ref=account.ref, tariff=str(event.details["tariff"]))


def _settle(context: Context, session: Session, cause: Cause, events: Sequence[Row]) -> Counter[str]:
    """Bring the accounts in `scratch.funds` in line with what the billing says now."""
    changed = tariff.settle(context, session, cause)
    put, lifted = block.settle(session, cause)
    if not context.billing.takes_money and any(event.word in (Word.CHARGED, Word.PERIOD_BEGAN) for event in events):
        period_begin.mark_paid(context, session, cause)
    back = top_up.settle(context, session, cause)
    return Counter(held=put, released=lifted, resumed=back, tariff=changed)


def _close(event: Row, problem: Problem | None, did: Counter[str]) -> Handled:
    if problem is not None:
        return Handled(key=event.key, account=event.account_ref, outcome=problem.message, problem=problem)
    changes = ", ".join(f"{count} {name}" for name, count in did.items() if count)
    return Handled(key=event.key, account=event.account_ref, outcome=f"looked again ({changes or 'nothing to change'})")


def _write_closing(session: Session, closing: list[dict[str, object]]) -> None:
    table = Row.__table__
    statement = (
        update(Row).where(table.c.id == bindparam("b_id")).values(handled_at=bindparam("b_at"), outcome=bindparam("b_out"))
    )
    if closing:
        session.connection().execute(statement, closing)


def store_now(context: Context, cause: Cause, event: Event) -> bool:
    """Store one event durably. Returns False when its key was known."""
    with context.store.write() as session:
        return receive(session, cause, [event]) > 0
