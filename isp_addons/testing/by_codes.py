"""What a plugin owes the product that sells activation codes from the product's own stock: the reserved code, and no other."""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Licence, Seen, Step, Wanted, WantedState, next_step
from isp_addons.host import Vendor
from isp_addons.testing import secrets
from isp_addons.testing.bench import APRIL, MAY, NOW
from isp_addons.testing.kit import SettingsProof
from isp_addons.testing.proof import fail, prove, prove_told
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    Rejected,
    SeenState,
    SuspendKind,
    Unsupported,
    VendorContext,
    VendorError,
)

_NEEDED = ("on_order", "on_charge", "on_cancel", "read_licence", "check_vendor")
_MARCH_CODE, _APRIL_CODE = "KIT1-MARCH-7fZq", "KIT1-APRIL-8gYr"
_MOST_CALLS = 8


class CodeConformance(SettingsProof):
    """Subclass it for a vendor that `Capabilities.issues_codes` and calls nobody; name the ``plugin`` and its ``settings``.

    It differs from `VendorContract` where such a vendor does: nothing stands on another side, so nothing is suspended, listed
    or found again; what is read is what the licence itself says, and a call may be made again because it does nothing.
    """

    settings: ClassVar[Mapping[str, Any]] = {}
    product: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        """The plugin behind the product's host; the host stars no secrets here."""
        options = self.plugin.Options.model_validate(dict(self.settings))
        made = Vendor("kit", self.plugin(VendorContext("kit", options, ReplayClock(NOW))), "kit")
        yield made
        made.plugin.close()

    @pytest.fixture
    def licence(self) -> LicenceView:
        """A licence for which a code was taken and never shown."""
        return LicenceView(
            key="kit-4711",
            reference=None,
            account="100342",
            product="Conformance",
            options=self.product,
            quantity=1,
            paid_until=APRIL,
            code=_MARCH_CODE,
        )

    def test_it_has_the_hooks_that_no_vendor_can_do_without(self, vendor: Vendor) -> None:
        missing = [hook for hook in _NEEDED if hook not in vendor.hooks]
        prove(not missing, f"the plugin does not implement {', '.join(missing)}; every licence needs it")

    def test_it_declares_what_a_stock_of_codes_is(self, vendor: Vendor) -> None:
        can = vendor.capabilities
        prove(can.issues_codes and can.counts_seats, "a code is for one seat: it declares issues_codes and counts_seats")
        prove(can.suspends is SuspendKind.NONE, "a code that was shown cannot be suspended: it declares SuspendKind.NONE")
        prove(not can.endless, "a code is for one period: it does not declare endless")
        prove(not (can.lists or can.changes_quantity or can.can_schedule), "it declares what a stock of codes cannot do")

    def test_an_order_shows_exactly_the_code_that_was_taken_for_it(self, vendor: Vendor, licence: LicenceView) -> None:
        _shows(vendor, Step.ORDER, licence, _MARCH_CODE)

    def test_asked_again_it_shows_the_same_code_under_the_same_reference(self, vendor: Vendor, licence: LicenceView) -> None:
        first = _shows(vendor, Step.ORDER, licence, _MARCH_CODE)
        again = _shows(vendor, Step.ORDER, replace(licence, reference=first.reference), _MARCH_CODE)
        prove(again.reference == first.reference, "a second on_order answers with another reference")

    def test_a_paid_period_shows_its_own_code(self, vendor: Vendor, licence: LicenceView) -> None:
        licence = replace(licence, reference=_shows(vendor, Step.ORDER, licence, _MARCH_CODE).reference)
        _shows(vendor, Step.CHARGE, replace(licence, paid_until=MAY, code=_APRIL_CODE), _APRIL_CODE)

    def test_without_a_code_nothing_is_sold(self, vendor: Vendor, licence: LicenceView) -> None:
        taken: str | None = None
        for step in (Step.ORDER, Step.CHARGE):
            try:
                answer = vendor.do(step, replace(licence, code=taken))
            except VendorError as error:
                prove_told(error, (Rejected,), of=f"{step} without a code")
                continue
            fail(f"{step} without a code answered {answer!r}; it must raise Rejected")

    def test_what_cannot_be_taken_back_is_not_pretended_to_be(self, vendor: Vendor, licence: LicenceView) -> None:
        _shows(vendor, Step.ORDER, licence, _MARCH_CODE)
        for step in (Step.BLOCK, Step.UNBLOCK, Step.CHANGE):
            try:
                answer = vendor.do(step, licence, old_quantity=2)
            except Unsupported:
                continue
            fail(f"{step} must raise Unsupported by its capabilities; it answered {answer!r}")

    def test_cancelling_is_done_and_shows_nothing_new(self, vendor: Vendor, licence: LicenceView) -> None:
        licence = replace(licence, reference=_shows(vendor, Step.ORDER, licence, _MARCH_CODE).reference)
        for _ in range(2):
            done = vendor.do(Step.CANCEL, licence)
            prove(isinstance(done, Done) and not done.show, "on_cancel is Done, as often as it is asked, and shows nothing")

    def test_after_a_lost_answer_the_code_is_shown(self, vendor: Vendor, licence: LicenceView) -> None:
        first = _shows(vendor, Step.ORDER, licence, _MARCH_CODE)
        known = replace(licence, reference=first.reference, paid_until=MAY, code=_APRIL_CODE)
        for lost, expected in ((licence, _MARCH_CODE), (known, _APRIL_CODE)):
            shown = _converge(vendor, lost)
            prove(
                shown == [expected], f"an answer was lost, and what was shown then is {len(shown)} codes, not the one paid for"
            )

    def test_many_threads_may_call_at_once(self, vendor: Vendor, licence: LicenceView) -> None:
        asked = [replace(licence, key=f"kit-{number}", code=f"KIT1-CODE-{number:04}") for number in range(16)]
        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(lambda each: vendor.do(Step.ORDER, each), asked))
        wrong = [
            each.key
            for each, answer in zip(asked, answers, strict=True)
            if not isinstance(answer, Done) or list(answer.show.values()) != [each.code]
        ]
        prove(not wrong, f"called by eight threads, another's code was shown for {', '.join(wrong)}")

    def test_the_check_needs_no_vendor(self, vendor: Vendor) -> None:
        prove(vendor.check().findings, "check_vendor found nothing to say")

    def test_no_code_is_told_but_to_be_shown(
        self, vendor: Vendor, licence: LicenceView, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        told = [repr(licence), *vendor.check().findings]
        told += [_said(vendor, step, licence) for step in Step]
        found = secrets.leaked([_MARCH_CODE], [caplog.text, *told])
        prove(not found, f"a code is told in a log line, an error or a reference (starred here): {found[0] if found else ''}")


def _shows(vendor: Vendor, step: Step, licence: LicenceView, code: str) -> Done:
    answer = vendor.do(step, licence)
    if not isinstance(answer, Done):
        fail(f"{step} answered {type(answer).__name__}; a code that is in stock is Done")
    prove(
        list(answer.show.values()) == [code], f"{step} shows {len(answer.show)} values; it must show the code that it was given"
    )
    prove(answer.reference, f"{step} names no reference, by which it is known that the code was shown")
    prove(code not in (answer.reference or ""), f"{step} puts the code into its reference, which is no secret")
    return answer


def _converge(vendor: Vendor, licence: LicenceView) -> list[str]:
    """Let the product's own loop go on from an unknown state until it rests; returns what was shown meanwhile."""
    wanted = Wanted(state=WantedState.ACTIVE, paid_until=licence.paid_until)
    seen = Seen(state=SeenState.UNKNOWN)
    shown: list[str] = []
    for _ in range(_MOST_CALLS):
        step = next_step(Licence(wanted=wanted, seen=seen), now=NOW)
        if step is None:
            return shown
        if step is Step.READ:
            has = vendor.read(licence)
            seen = Seen(state=has.state, quantity=has.quantity, paid_until=has.paid_until)
            continue
        answer = vendor.do(step, licence)
        if isinstance(answer, Done):
            shown += answer.show.values()
            seen = Seen(state=SeenState.ACTIVE, paid_until=licence.paid_until)
    fail(f"the product never comes to rest: {_MOST_CALLS} calls after the fault it still sees {seen}")


def _said(vendor: Vendor, step: Step, licence: LicenceView) -> str:
    """What is said of a call where anybody may read it: its error, or its reference."""
    try:
        answer = vendor.do(step, licence)
    except VendorError as error:
        return str(error)
    return str(getattr(answer, "reference", ""))
