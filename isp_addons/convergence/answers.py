"""What a vendor's answer means for the *seen* side. The *wanted* side is never touched here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from isp_addons.domain.licence import SeenState, Step
from isp_addons.domain.retry import FailureKind, next_try
from isp_addons.store.leases import Leased, seconds
from isp_addons.vendor_api import Done, NeedsOperator, Outcome, Pending, RateLimited, SeenLicence, VendorError

REASSERT_BEFORE = timedelta(days=30)
"""A suspension that the vendor would end by itself is asked for again this long before, or half-way if it is shorter."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One finished call: the licence, the step, what came back, and when."""

    licence: Leased
    step: Step
    result: Outcome | SeenLicence | VendorError
    at: datetime

    @property
    def failure(self) -> VendorError | None:
        """What went wrong, if anything did."""
        return self.result if isinstance(self.result, VendorError) else None

    @property
    def seen_after(self) -> SeenState:
        """The vendor's state after this call, as far as it is known."""
        return SeenState(str(_seen(self)["seen_state"]))


def as_row(answer: Answer, *, jitter: float) -> dict[str, Any]:
    """The columns to write, named ``b_…`` as `isp_addons.store.leases.write_answers` wants them."""
    row = {
        "id": answer.licence.id,
        "reference": answer.licence.reference,
        "next_try_at": answer.at,
        "tries": 0,
        "failure": None,
        "failure_text": "",
        "given_up_at": None,
        **_seen(answer),
    }
    if isinstance(answer.result, VendorError):
        row.update(_failed(answer, answer.result, jitter))
    elif isinstance(answer.result, NeedsOperator):
        row.update(failure="operator", failure_text=answer.result.instructions[:500], given_up_at=answer.at)
    elif isinstance(answer.result, Pending):
        row.update(next_try_at=answer.at + answer.result.poll_after)
    if isinstance(answer.result, Done | Pending | SeenLicence) and answer.result.reference:
        row.update(reference=answer.result.reference)
    return {f"b_{name}": value for name, value in row.items()}


def _failed(answer: Answer, error: VendorError, jitter: float) -> dict[str, Any]:
    tries = answer.licence.tries + 1
    until = error.until if isinstance(error, RateLimited) else None
    again = next_try(error.kind, tries=tries, now=answer.at, jitter=jitter, not_before=until)
    return {
        "tries": tries,
        "failure": error.kind.value,
        "failure_text": str(error)[:500],
        "next_try_at": again or answer.at,
        "given_up_at": None if again else answer.at,
    }


def _seen(answer: Answer) -> dict[str, Any]:
    """The seen columns after *answer*: what was asked for where it was confirmed, unchanged where nothing is known."""
    seen = answer.licence.both.seen
    row: dict[str, Any] = {
        "seen_state": seen.state.value,
        "seen_quantity": seen.quantity,
        "seen_end": seconds(seen.paid_until),
        "reassert_at": seen.reassert_at,
        "seen_at": answer.at,
    }
    result = answer.result
    if isinstance(result, Done):
        row.update(_confirmed(answer, result))
    elif isinstance(result, SeenLicence):
        row.update(seen_columns(result, answer.licence, answer.at))
    elif isinstance(result, Pending):
        row.update(seen_state=SeenState.PENDING.value)
    elif isinstance(result, VendorError) and result.kind is FailureKind.OUTCOME_UNKNOWN and answer.step is not Step.READ:
        row.update(seen_state=SeenState.UNKNOWN.value)
    return row


def _confirmed(answer: Answer, done: Done) -> dict[str, Any]:
    wanted = answer.licence.both.wanted
    asked = {"seen_quantity": wanted.quantity, "seen_end": seconds(wanted.paid_until)}
    active = {"seen_state": SeenState.ACTIVE.value, "reassert_at": None}
    match answer.step:
        case Step.ORDER | Step.UNBLOCK:
            return {**asked, **active} if answer.step is Step.ORDER else {**active, "seen_end": asked["seen_end"]}
        case Step.CHARGE:
            return {"seen_end": asked["seen_end"]}
        case Step.CHANGE:
            return {"seen_quantity": asked["seen_quantity"]}
        case Step.CANCEL:
            return {"seen_state": SeenState.ENDED.value, "reassert_at": None}
        case _:
            return {"seen_state": SeenState.SUSPENDED.value, "reassert_at": reassert_at(done.suspended_until, answer.at)}


def seen_columns(has: SeenLicence, licence: Leased, now: datetime) -> dict[str, Any]:
    """The seen columns for what a vendor was read to have."""
    again = reassert_at(has.suspended_until, now) if has.state is SeenState.SUSPENDED else None
    if has.suspended_from is not None and has.suspended_from > (licence.suspend_from or now):
        again = now  # it begins later than we want it to
    return {
        "seen_state": has.state.value,
        "seen_quantity": has.quantity,
        "seen_end": seconds(has.paid_until),
        "reassert_at": again,
    }


def reassert_at(until: datetime | None, now: datetime) -> datetime | None:
    """When to ask again for a suspension that the vendor would end at *until*."""
    if until is None:
        return None
    return max(until - REASSERT_BEFORE, now + (until - now) / 2).replace(microsecond=0)
