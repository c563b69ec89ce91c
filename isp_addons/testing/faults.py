"""What every plugin owes the product when something goes wrong on the way: the truth about what is known to be done."""

import logging
import traceback
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import ClassVar

import pytest

from isp_addons.domain.licence import Step, WantedState
from isp_addons.testing import secrets, verbs
from isp_addons.testing.bench import Bench
from isp_addons.testing.contract import VendorContract
from isp_addons.testing.proof import prove, prove_told
from isp_addons.testing.verbs import CHANGING, LIST, VERBS, Asked
from isp_addons.vendor_api import (
    Done,
    NeedsOperator,
    OutcomeUnknown,
    Pending,
    RateLimited,
    Rejected,
    SeenLicence,
    SeenState,
    Unauthorised,
    Unavailable,
    VendorError,
)
from isp_addons.vendor_api.stand_in import Fault, FaultKind, Standing

_LOST = (OutcomeUnknown, Unavailable)
_ALLOWED: dict[FaultKind, tuple[type[VendorError], ...]] = {
    FaultKind.UNAUTHORISED_401: (Unauthorised,),
    FaultKind.NOT_FOUND_404: (Rejected,),
    FaultKind.RATE_LIMIT: (RateLimited,),
    FaultKind.ERROR_500: _LOST,
    FaultKind.UNAVAILABLE_503: _LOST,
    FaultKind.REFUSE_BEFORE: _LOST,
    FaultKind.TIMEOUT_AFTER: _LOST,
    FaultKind.GARBAGE: _LOST,
    FaultKind.PARTIAL: _LOST,
}
"""What may be raised when a call meets a fault; which of the two of ``_LOST`` is right depends on what the call was."""

_MAYBE_DONE = (FaultKind.ERROR_500, FaultKind.REFUSE_BEFORE, FaultKind.TIMEOUT_AFTER, FaultKind.GARBAGE, FaultKind.PARTIAL)
_SILENCE = 0.02
_COME_BACK = 90.0


class VendorConformance(VendorContract):
    """Subclass it with an empty body but for ``plugin``: the contract, and what must hold when the vendor misbehaves.

    ``patience``: within how many seconds a vendor that never answers is given up.
    """

    patience: ClassVar[float] = 15.0

    @pytest.mark.parametrize("kind", _ALLOWED)
    @pytest.mark.parametrize("verb", VERBS)
    def test_a_call_that_goes_wrong_is_told_as_what_is_known_of_it(self, bench: Bench, verb: str, kind: FaultKind) -> None:
        for action in verbs.actions(bench, verb):
            asked = verbs.about_to(bench, verb)
            before = bench.snapshot()
            bench.stand_in.faults.add(Fault(kind, times=None, action=action, seconds=_seconds(kind)))
            answer, _ = bench.during(asked.call)
            bench.stand_in.faults.clear()
            of = f"{verb} when {action} meets {kind}"
            if isinstance(answer, VendorError):
                prove_told(answer, _ALLOWED[kind], of=of)
                _prove_honest(asked, answer, kind, action, of=of, before=before)
            else:
                _prove_true(asked, answer, kind, of=of)
            _prove_it_recovers(asked, of=of)

    @pytest.mark.parametrize("verb", CHANGING)
    def test_what_was_done_and_not_answered_is_found_again_and_not_repeated(self, bench: Bench, verb: str) -> None:
        for action, times in verbs.actions(bench, verb).items():
            asked = verbs.about_to(bench, verb)
            before = bench.snapshot()
            bench.stand_in.faults.add(Fault(FaultKind.TIMEOUT_AFTER, action=action, seconds=_SILENCE))
            answer, called = bench.during(asked.call)
            bench.stand_in.faults.clear()
            if bench.snapshot() == before:
                continue  # a call that changes nothing may be repeated
            of = f"{verb}: the answer of {action} was lost after the vendor had done it"
            prove(called[action] <= times, f"{of}, and the plugin called it again; it must be read first")
            prove(isinstance(answer, OutcomeUnknown), f"{of}; that is OutcomeUnknown, but it came to {answer!r}")
            _prove_found(asked, of=of)

    def test_half_a_list_is_no_list(self, bench: Bench) -> None:
        for action in verbs.actions(bench, LIST):
            asked = verbs.about_to(bench, LIST)
            whole = asked.call()
            bench.stand_in.faults.add(Fault(FaultKind.PARTIAL, times=None, action=action))
            answer, _ = bench.during(asked.call)
            bench.stand_in.faults.clear()
            passed = isinstance(answer, list) and answer != whole
            prove(not passed, f"{action} was cut off, and list_licences passed the rest as the whole list")

    def test_wrong_credentials_pause_the_vendor(self, bench: Bench) -> None:
        given = bench.options()
        wrong = secrets.wrong(self.plugin, given)
        if wrong == given:
            return  # it has no credentials
        for verb in (verbs.CHECK, Step.ORDER, Step.READ):
            asked = replace(verbs.about_to(bench, verb), vendor=bench.fresh(wrong))
            before = bench.snapshot()
            answer, called = bench.during(asked.call)
            if not called:
                continue  # nothing was asked of the vendor, such as an operator's task
            prove(isinstance(answer, VendorError), f"{verb} with wrong credentials answered {answer!r}")
            if isinstance(answer, VendorError):
                prove_told(answer, (Unauthorised,), of=f"{verb} with wrong credentials")
            prove(bench.snapshot() == before, f"{verb} with wrong credentials changed the vendor")

    def test_a_vendor_that_is_down_has_done_nothing(self, bench: Bench) -> None:
        about = [verbs.about_to(bench, verb) for verb in VERBS if verbs.actions(bench, verb)]
        bench.stand_in.stop()
        answers = [(asked.verb, bench.during(asked.call)[0]) for asked in about]
        bench.stand_in.start()
        for verb, answer in answers:
            prove(isinstance(answer, VendorError), f"{verb} of a vendor that is down answered {answer!r}")
            if isinstance(answer, VendorError):
                prove_told(answer, (Unavailable,), of=f"{verb} of a vendor that is down")

    def test_a_vendor_that_never_answers_is_given_up(self, bench: Bench) -> None:
        asked = verbs.about_to(bench, Step.READ)
        bench.stand_in.faults.add(Fault(FaultKind.SLOW, times=None, seconds=4 * self.patience))
        begun = monotonic()
        answer, _ = bench.during(asked.call)
        took = monotonic() - begun
        bench.stand_in.stop()  # wakes the server, which is still at it
        bench.stand_in.start()
        prove(took < self.patience, f"read_licence waited {took:.1f} s; every call needs a time-out below {self.patience:g} s")
        prove(isinstance(answer, VendorError), f"read_licence of a vendor that never answers came to {answer!r}")
        if isinstance(answer, VendorError):
            prove_told(answer, _LOST, of="read_licence of a vendor that never answers")

    def test_no_secret_is_told_by_any_log_line_error_or_answer(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        options = bench.vendor.plugin.context.options
        short = [name for name, value in secrets.values(options).items() if len(value) < secrets.SHORTEST]
        prove(not short, f"give the stand-in a secret of {secrets.SHORTEST} letters that is no usual word: {', '.join(short)}")
        told = [repr(bench.vendor.plugin.context), repr(options)]
        shown: set[str] = set()
        for verb in VERBS:
            for kind in (None, *_ALLOWED):
                asked = verbs.about_to(bench, verb)
                if kind is not None:
                    bench.stand_in.faults.add(Fault(kind, times=None, seconds=_SILENCE))
                answer, _ = bench.during(asked.call)
                bench.stand_in.faults.clear()
                told += _said(answer)
                shown |= set(answer.show.values()) if isinstance(answer, Done) else set()
        found = secrets.leaked(secrets.forms(options), [caplog.text, *told])
        prove(not found, f"a secret is told {len(found)} times, first (starred here): {found[0] if found else ''}")
        found = secrets.leaked({each for each in shown if len(each) >= secrets.SHORTEST}, [caplog.text])
        prove(not found, f"what only the subscriber may see is logged, first (starred here): {found[0] if found else ''}")

    def test_the_vendor_is_asked_at_the_products_moment(self, bench: Bench) -> None:
        bench.clock.moment += timedelta(days=400)
        licence = bench.ordered()
        bench.read(licence)
        moment = int(bench.clock.now().timestamp())
        late = [call.action for call in bench.stand_in.calls.after() if call.time > moment or call.time < moment - 3600]
        prove(not late, f"{late[:1]} did not carry the product's time; call through VendorSession with the context's clock")


def _seconds(kind: FaultKind) -> float:
    return _COME_BACK if kind is FaultKind.RATE_LIMIT else _SILENCE


def _prove_honest(
    asked: Asked, error: VendorError, kind: FaultKind, action: str, *, of: str, before: tuple[Standing, ...]
) -> None:
    """An error says whether something was done; it must be so."""
    unknown = isinstance(error, OutcomeUnknown)
    changed = asked.bench.snapshot() != before
    prove(unknown or not changed, f"{of}: {type(error).__name__} says that nothing was done, but the vendor did it")
    if kind in _MAYBE_DONE and _changes(asked.bench, asked.verb, action):
        prove(unknown, f"{of}: nobody knows whether it was done, so it is OutcomeUnknown, not {type(error).__name__}")
    if isinstance(error, RateLimited):
        earliest = asked.bench.clock.now() + timedelta(seconds=_COME_BACK)
        fits = error.until is not None and earliest <= error.until <= earliest + timedelta(minutes=2)
        prove(fits, f"{of}: the vendor says when to come back ({earliest}); RateLimited.until is {error.until}")


def _changes(bench: Bench, verb: str, action: str) -> bool:
    """Whether an action alters the vendor's state: seen by letting it be done and its answer get lost."""
    asked = verbs.about_to(bench, verb)
    before = bench.snapshot()
    bench.stand_in.faults.add(Fault(FaultKind.TIMEOUT_AFTER, action=action, seconds=_SILENCE))
    bench.during(asked.call)
    bench.stand_in.faults.clear()
    return bench.snapshot() != before


def _prove_true(asked: Asked, answer: object, kind: FaultKind, *, of: str) -> None:
    """An answer in spite of a fault must be true: the fault met something that does not matter."""
    prove(not isinstance(answer, Exception), f"{of}: {type(answer).__name__} escaped the plugin: {answer}")
    if isinstance(answer, SeenLicence):
        absent = kind is FaultKind.NOT_FOUND_404 and answer.state is SeenState.ABSENT
        prove(absent or answer == asked.call(), f"{of}: read_licence says {answer}, which is not so")
    elif asked.verb == LIST:
        prove(answer == asked.call(), f"{of}: list_licences tells something else than without the fault")
    elif isinstance(answer, Done | Pending | NeedsOperator) and asked.step is not None:
        asked.bench.seen_through(asked.step, asked.licence, answer)
        _prove_found(asked, of=f"{of}: it answered {type(answer).__name__}")


def _prove_found(asked: Asked, *, of: str) -> None:
    """The licence must read as what was asked for."""
    has = asked.bench.read(replace(asked.licence, reference=None))
    fits = {
        WantedState.ACTIVE: has.state is SeenState.ACTIVE and has.quantity == asked.licence.quantity,
        WantedState.SUSPENDED: has.state is SeenState.SUSPENDED or not asked.bench.suspends,
        WantedState.ENDED: has.state in (SeenState.ENDED, SeenState.ABSENT),
    }
    prove(fits[asked.wanted], f"{of}, but read_licence by our key says {has}")
    if asked.wanted is not WantedState.ENDED:
        asked.bench.one(asked.licence, after=of)


def _prove_it_recovers(asked: Asked, *, of: str) -> None:
    """The product's own loop must reach what is wanted, with one licence, once the vendor is well again."""
    if asked.step is None:
        return
    licence = asked.bench.converge(asked.licence, asked.wanted)
    _prove_found(replace(asked, licence=licence), of=f"{of}; then the vendor is well again")


def _said(answer: object) -> list[str]:
    """Everything that an answer or an error tells, ``show`` aside."""
    if not isinstance(answer, BaseException):
        return [repr(replace(answer, show={})) if isinstance(answer, Done) else repr(answer)]
    told = [str(answer), repr(answer), *traceback.format_exception(answer)]
    return [*told, answer.message, answer.answer, answer.hint] if isinstance(answer, VendorError) else told
