"""What a vendor's answer means for the *seen* side. The *wanted* side is never touched here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from isp_addons.domain.licence import Licence, Seen, SeenState, Step, Wanted, WantedState, next_step
from isp_addons.domain.retry import FailureKind, next_try
from isp_addons.domain.split import as_text
from isp_addons.store import tasks
from isp_addons.store.leases import Leased, seconds
from isp_addons.vendor_api import Done, NeedsOperator, Outcome, Pending, RateLimited, SeenLicence, VendorError

REASSERT_BEFORE = timedelta(days=30)
"""A suspension that the vendor would end by itself is asked for again this long before, or half-way if it is shorter."""

_LONGEST_INSTRUCTIONS = 4000
_SHORTEST_POLL = timedelta(seconds=1)
_SHORTEST_SUSPENSION = timedelta(minutes=1)
_NOT_SETTLED = (SeenState.PENDING, SeenState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Answer:
    """One finished call: the licence, the step, what came back, and when it came. ``reads``: the vendor can be read."""

    licence: Leased
    step: Step
    result: Outcome | SeenLicence | VendorError
    at: datetime
    reads: bool = True

    @property
    def failure(self) -> VendorError | None:
        """What went wrong, if anything did."""
        return self.result if isinstance(self.result, VendorError) else None


def as_row(answer: Answer, *, wanted: Wanted, suspend_from: datetime | None, jitter: float) -> dict[str, Any]:
    """The columns to write, named ``b_…`` as `isp_addons.store.leases.write_answers` wants them.

    *wanted* and *suspend_from* are what is wanted by now. Where that is not what the call was about, its failure is no reason
    to give up, and a suspension is asked for once more.
    """
    licence, result, at = answer.licence, answer.result, answer.at
    seen = _seen(answer)
    row: dict[str, Any] = {
        "id": licence.id,
        "reference": getattr(result, "reference", None) or licence.reference,
        "seen_state": seen.state.value,
        "seen_quantity": seen.quantity,
        "seen_split": seen.split,
        "seen_end": seconds(seen.paid_until),
        "seen_at": at,
        "reassert_at": seen.reassert_at,
        "next_try_at": at,
        "tries": 0,
        "failure": None,
        "failure_text": "",
        "given_up_at": None,
    }
    if isinstance(result, VendorError):
        row.update(_failed(answer, result, jitter))
    elif isinstance(result, Pending):
        row.update(next_try_at=at + max(result.poll_after, _SHORTEST_POLL))
    elif isinstance(result, SeenLicence):
        row.update(_read(answer, seen, jitter))
    if (wanted, suspend_from) != (licence.both.wanted, licence.suspend_from):
        _overtaken(row, wanted, at)
    elif isinstance(result, NeedsOperator):
        row.update(seen_state=SeenState.PENDING.value, next_try_at=tasks.NEVER)
    return {f"b_{name}": value for name, value in row.items()}


def task_row(answer: Answer, row: dict[str, Any], *, due_in: timedelta) -> dict[str, Any] | None:
    """The operator task that *answer* opens, as `isp_addons.store.tasks.open_all` wants it.

    None where nobody needs to be asked; neither where something else is wanted by now: the vendor's plugin is asked once more.
    """
    result, wanted = answer.result, answer.licence.both.wanted
    if not isinstance(result, NeedsOperator) or row["b_seen_state"] != SeenState.PENDING.value:
        return None
    return {
        "licence_id": answer.licence.id,
        "step": answer.step.value,
        "instructions": plain(result.instructions, most=_LONGEST_INSTRUCTIONS),
        "asked_state": wanted.state.value,
        "asked_quantity": wanted.quantity,
        "asked_split": wanted.split,
        "asked_end": seconds(wanted.paid_until),
        "was_state": answer.licence.both.seen.state.value,
        "opened_at": answer.at,
        "due_at": answer.at + (result.due_in if result.due_in is not None else due_in),
    }


def audit_rows(answer: Answer, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What changed by *answer*, as rows of the audit: the vendor's state, else its quantity and end date; and giving up."""
    before = answer.licence.both.seen
    changes: list[tuple[str, object, object]] = []
    if before.state.value != row["b_seen_state"]:
        changes.append(("seen_state", before.state.value, row["b_seen_state"]))
    else:
        if before.quantity != row["b_seen_quantity"]:
            changes.append(("seen_quantity", before.quantity, row["b_seen_quantity"]))
        if before.split != row["b_seen_split"]:
            changes.append(("seen_split", before.split, row["b_seen_split"]))
        if seconds(before.paid_until) != row["b_seen_end"]:
            changes.append(("seen_end", seconds(before.paid_until), row["b_seen_end"]))
    if row["b_given_up_at"] is not None:
        changes.append(("given_up", answer.licence.failure, row["b_failure"]))
    why = _why(answer)
    return [_audit_row(answer, field, was, now, why) for field, was, now in changes]


def _why(answer: Answer) -> str:
    if answer.failure:
        return plain(str(answer.failure), most=300)
    if isinstance(answer.result, NeedsOperator):
        return plain(f"a person was asked: {answer.result.instructions.splitlines()[0]}", most=300)
    return f"{answer.step.value} was answered"


def seen_by(has: SeenLicence, suspend_from: datetime | None, now: datetime, *, split: str = "") -> Seen:
    """The seen side for what a vendor was read to have, where it is wanted suspended from *suspend_from* (None: at once).

    *split*: what was seen before, for vendors that do not tell it.
    """
    again = reassert_at(has.suspended_until, now) if has.state is SeenState.SUSPENDED else None
    if has.suspended_from is not None and has.suspended_from > (suspend_from or now):
        again = now  # it begins later than we want it to
    told = split if has.split is None else as_text(has.split)
    return Seen(state=has.state, quantity=has.quantity, split=told, paid_until=has.paid_until, reassert_at=again)


def reassert_at(until: datetime | None, now: datetime) -> datetime | None:
    """When to ask again for a suspension that the vendor would end at *until*."""
    if until is None:
        return None
    half_way = now + max((until - now) / 2, _SHORTEST_SUSPENSION)
    return max(until - REASSERT_BEFORE, half_way).replace(microsecond=0)


def plain(text: str, *, most: int = 500) -> str:
    """*text* as every database can store it: no NUL, no half characters, not too long."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:most]


def _seen(answer: Answer) -> Seen:
    """The seen side after *answer*: what was asked for where it was confirmed, unchanged where nothing is known."""
    result, before = answer.result, answer.licence.both.seen
    if isinstance(result, Done):
        return _confirmed(answer, result)
    if isinstance(result, SeenLicence):
        return seen_by(result, answer.licence.suspend_from, answer.at, split=before.split)
    if isinstance(result, Pending):
        return _in_state(before, SeenState.PENDING)
    lost = isinstance(result, VendorError) and result.kind is FailureKind.OUTCOME_UNKNOWN
    if lost and answer.reads and answer.step is not Step.READ:
        return _in_state(before, SeenState.UNKNOWN)
    return before


def _confirmed(answer: Answer, done: Done) -> Seen:
    """The vendor did what it was asked for, so it has what was wanted when it was asked."""
    wanted, before = answer.licence.both.wanted, answer.licence.both.seen
    until: dict[str, Any] = {"paid_until": wanted.paid_until, "reassert_at": None}
    match answer.step:
        case Step.ORDER:
            return replace(before, state=SeenState.ACTIVE, quantity=wanted.quantity, split=wanted.split, **until)
        case Step.UNBLOCK:
            return replace(before, state=SeenState.ACTIVE, **until)
        case Step.CHARGE:
            return replace(before, **until)
        case Step.CHANGE:
            return replace(before, quantity=wanted.quantity, split=wanted.split, reassert_at=None)
        case Step.CANCEL:
            return _in_state(before, SeenState.ENDED)
        case _:
            again = reassert_at(done.suspended_until, answer.at)
            return replace(before, state=SeenState.SUSPENDED, reassert_at=again)


def _in_state(seen: Seen, state: SeenState) -> Seen:
    return replace(seen, state=state, reassert_at=None)


def _failed(answer: Answer, error: VendorError, jitter: float) -> dict[str, Any]:
    tries = answer.licence.tries + 1
    until = error.until if isinstance(error, RateLimited) else None
    again = next_try(error.kind, tries=tries, now=answer.at, jitter=jitter, not_before=until)
    return {
        "tries": tries,
        "failure": error.kind.value,
        "failure_text": plain(str(error)),
        "next_try_at": again or answer.at,
        "given_up_at": None if again else answer.at,
    }


def _read(answer: Answer, seen: Seen, jitter: float) -> dict[str, Any]:
    """After a read. A vendor that is not done is asked again, ever more seldom, and never given up.

    Reading is no success of the call before it: a call that is lost each time is given up, however well reading works.
    """
    licence = answer.licence
    if seen.state in _NOT_SETTLED:
        tries = licence.tries + 1
        return {"tries": tries, "next_try_at": next_try(FailureKind.UNAVAILABLE, tries=tries, now=answer.at, jitter=jitter)}
    lost = licence.failure == FailureKind.OUTCOME_UNKNOWN
    if lost and next_step(Licence(wanted=licence.both.wanted, seen=seen), now=answer.at) is not None:
        return {"tries": licence.tries, "failure": licence.failure}
    return {}


def _overtaken(row: dict[str, Any], wanted: Wanted, at: datetime) -> None:
    """Something else is wanted by now than what the call was about."""
    if row["given_up_at"] is not None:
        row.update(given_up_at=None, tries=0, failure=None, failure_text="", next_try_at=at)
    if row["seen_state"] == SeenState.SUSPENDED and wanted.state is WantedState.SUSPENDED:
        row["reassert_at"] = at


def _audit_row(answer: Answer, field: str, before: object, after: object, why: str) -> dict[str, Any]:
    return {
        "at": answer.at,
        "actor": answer.licence.vendor,
        "source": "vendor",
        "subject": "licence",
        "subject_id": answer.licence.id,
        "field": field,
        "before": None if before is None else str(before),
        "after": None if after is None else str(after),
        "why": why,
    }
