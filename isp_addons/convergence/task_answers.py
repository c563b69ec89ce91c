"""How people answer operator tasks: it was done, it could not be done, ask again. Each answer is written once."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.convergence import given_up
from isp_addons.convergence.answers import Answer, as_row, audit_rows
from isp_addons.convergence.task_list import asked_for, nothing_waits, refused_step
from isp_addons.domain.cause import Cause
from isp_addons.domain.licence import Licence as Both
from isp_addons.domain.licence import SeenState, Step
from isp_addons.domain.operator_task import TaskOutcome, still_wanted
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.domain.split import as_dict
from isp_addons.store import audit, leases, shown, tasks
from isp_addons.store.engine import Store
from isp_addons.store.leases import Leased
from isp_addons.store.tables import Licence, OperatorTask
from isp_addons.vendor_api import Done, Rejected, SeenLicence


def confirm(
    store: Store, cause: Cause, *, licence: str, reference: str | None = None, show: Mapping[str, str] | None = None
) -> bool:
    """It was done: the vendor has what was asked for. Returns False when that had been said before.

    *reference*: the vendor's own number of it; *show*: what the subscriber may see, such as a link. Raises `NotFound`.
    """
    with store.write() as session:
        ours = _locked(session, licence)
        task = tasks.standing(session, licence_id=ours.id)
        if task is not None:
            answer = Answer(_before(ours, task), Step(task.step), Done(reference=reference), cause.at)
        elif _is_refused(session, ours, cause):
            answer = Answer(ours, Step.READ, _as_wanted(ours, reference), cause.at)
        else:
            return _said_before(session, ours, TaskOutcome.CONFIRMED)
        _write(session, cause, ours, answer, why="a person did it at the vendor")
        if show:
            shown.keep(session, licence_id=ours.id, show=show)
        _close(task, cause, TaskOutcome.CONFIRMED)
        return True


def could_not(store: Store, cause: Cause, *, licence: str, note: str) -> bool:
    """It was not done and will not be: as if the vendor had refused it. What was recalled simply did not happen.

    Returns False when that had been said before. Raises `NotFound`, and `Refused` (``refused_call``) for a call that the
    vendor itself refused: nobody but the vendor says no there.
    """
    with store.write() as session:
        ours = _locked(session, licence)
        task = tasks.standing(session, licence_id=ours.id)
        if task is None:
            return _nobody_was_asked(session, ours, cause)
        step = Step(task.step)
        if still_wanted(step, asked=asked_for(task), wanted=ours.both.wanted):
            refusal = Rejected(f"A person could not do it: {note}")
            _write(session, cause, ours, Answer(_before(ours, task), step, refusal, cause.at), why=note)
        else:
            _as_before(session, cause, ours, task)
        _close(task, cause, TaskOutcome.COULD_NOT, note=note)
        return True


def ask_again(store: Store, cause: Cause, *, licence: str) -> None:
    """Ask the vendor's plugin anew: a refused call is tried again, a task comes back as the plugin tells it now.

    Raises `NotFound`, and `Refused` (``recalled``) for a task that is not wanted any more: whether it was done must be said.
    """
    with store.write() as session:
        ours = _locked(session, licence)
        task = tasks.standing(session, licence_id=ours.id)
        if task is None and not _is_refused(session, ours, cause):
            raise nothing_waits(licence)
        if task is not None:
            if not still_wanted(Step(task.step), asked=asked_for(task), wanted=ours.both.wanted):
                raise Refused(
                    f"The task about {licence} is recalled; say whether it was done: isp-addons tasks confirm, or could-not.",
                    code="recalled",
                )
            _as_before(session, cause, ours, task)
        else:
            given_up.try_again(session, cause, Licence.id == ours.id)
        _close(task, cause, TaskOutcome.ASKED_AGAIN)


def _locked(session: Session, key: str) -> Leased:
    """The licence as it is now; nobody changes what is wanted of it until this transaction ends."""
    if session.scalar(select(Licence.id).where(Licence.key == key).with_for_update()) is None:
        raise NotFound(f"There is no licence {key!r}; see: isp-addons tasks list", code="unknown_licence")
    return leases.leased(session.execute(leases.details(Licence.key == key)).one())


def _is_refused(session: Session, ours: Leased, cause: Cause) -> bool:
    given_up_at = session.scalar(select(Licence.given_up_at).where(Licence.id == ours.id))
    return given_up_at is not None and refused_step(ours, cause.at) is not None


def _before(ours: Leased, task: OperatorTask) -> Leased:
    """The licence as it was when the task was opened."""
    seen = replace(ours.both.seen, state=SeenState(task.was_state))
    return replace(ours, both=Both(wanted=asked_for(task), seen=seen), tries=0)


def _as_wanted(ours: Leased, reference: str | None) -> SeenLicence:
    """What a person brought about by hand after a refusal: exactly what is wanted."""
    wanted = ours.both.wanted
    return SeenLicence(
        key=ours.key,
        state=SeenState(wanted.state.value),
        reference=reference,
        quantity=wanted.quantity,
        split=as_dict(wanted.split),
        paid_until=wanted.paid_until,
    )


def _write(session: Session, cause: Cause, ours: Leased, answer: Answer, *, why: str) -> None:
    """Write what came of it, in the name of the person who says so."""
    # what is wanted by now is the loop's business: here counts what the person was asked for
    row = as_row(answer, wanted=answer.licence.both.wanted, suspend_from=answer.licence.suspend_from, jitter=0.0)
    said = {"actor": cause.actor, "source": cause.source.value, "why": why}
    others = [{**each, **said} for each in audit_rows(answer, row) if each["field"] != "seen_state"]
    leases.write_answers(session, [row], others)
    _record_seen(session, cause, ours, row["b_seen_state"])


def _as_before(session: Session, cause: Cause, ours: Leased, task: OperatorTask) -> None:
    """Nothing was done at the vendor: it has what it had, and the loop looks anew."""
    _record_seen(session, cause, ours, task.was_state)
    session.execute(
        update(Licence)
        .where(Licence.id == ours.id)
        .values(seen_state=task.was_state, next_try_at=cause.at, tries=0, given_up_at=None, failure=None, failure_text="")
        .execution_options(synchronize_session=False)
    )


def _record_seen(session: Session, cause: Cause, ours: Leased, after: str) -> None:
    before = ours.both.seen.state.value
    if before != after:
        audit.record(session, cause, subject="licence", subject_id=ours.id, field="seen_state", before=before, after=after)


def _nobody_was_asked(session: Session, ours: Leased, cause: Cause) -> bool:
    """*Could not* without a task: fine where it was said before; of a call that the vendor refused nobody else says no."""
    last = tasks.last_closed(session, licence_id=ours.id)
    if _is_refused(session, ours, cause) and (last is None or last.outcome != TaskOutcome.COULD_NOT.value):
        raise Refused(
            f"The vendor refused the call about {ours.key}: mend the cause and ask again, or do it by hand and confirm.",
            code="refused_call",
        )
    return _said_before(session, ours, TaskOutcome.COULD_NOT)


def _said_before(session: Session, ours: Leased, outcome: TaskOutcome) -> bool:
    """Nothing waits: fine if the same was answered last."""
    last = tasks.last_closed(session, licence_id=ours.id)
    if last is None or last.outcome != outcome.value:
        raise nothing_waits(ours.key)
    return False


def _close(task: OperatorTask | None, cause: Cause, outcome: TaskOutcome, *, note: str = "") -> None:
    if task is not None:
        tasks.close(task, outcome=outcome.value, by=cause.actor, at=cause.at, note=note)
