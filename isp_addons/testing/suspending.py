"""What every plugin owes the product when nobody pays: suspended and resumed as it was, never deleted."""

from dataclasses import replace

from isp_addons.domain.licence import Step
from isp_addons.testing.bench import APRIL, MAY, Bench
from isp_addons.testing.kit import VendorKit
from isp_addons.testing.proof import fail, prove, prove_told
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    NeedsOperator,
    OutcomeUnknown,
    Rejected,
    SeenState,
    Unsupported,
    VendorError,
)

_CANNOT_SUSPEND = "its capabilities say that it cannot suspend"


class SuspendingProof(VendorKit):
    """A vendor that cannot suspend declares `SuspendKind.NONE`; then each of these proves that it refuses."""

    def test_blocking_suspends_and_keeps_the_reference(self, bench: Bench) -> None:
        licence = bench.ordered()
        before = bench.one(licence, after="on_order")
        if not bench.suspends:
            bench.unsupported(Step.BLOCK, licence, why=_CANNOT_SUSPEND)
            return
        done = bench.do(Step.BLOCK, licence)
        after, has = bench.one(licence, after="on_block"), bench.read(licence)
        prove(after.state is SeenState.SUSPENDED, f"after on_block the vendor has it as {after.state}, not suspended")
        prove(has.state is SeenState.SUSPENDED, f"after on_block read_licence says {has.state}, not suspended")
        prove(after.id == before.id and has.reference == licence.reference, "on_block changed the licence's reference")
        prove(done.reference in (None, licence.reference), "on_block answers with another reference")
        prove(has.suspended_from is None, "on_block suspends from a later moment; it must be at once")
        _prove_suspension_ends_as_declared(bench, done)

    def test_blocking_twice_is_blocking_once(self, bench: Bench) -> None:
        licence = bench.ordered()
        if not bench.suspends:
            bench.unsupported(Step.BLOCK, licence, why=_CANNOT_SUSPEND)
            return
        bench.do(Step.BLOCK, licence)
        before = bench.one(licence, after="on_block")
        bench.do(Step.BLOCK, licence)
        after = bench.one(licence, after="a second on_block")
        prove(after == before, f"a second on_block changed the licence from {before} to {after}")
        bench.do(Step.UNBLOCK, licence)
        state = bench.one(licence, after="on_unblock").state
        prove(state is SeenState.ACTIVE, f"blocked twice and unblocked once, the licence is {state}; one on_unblock must do")

    def test_unblocking_restores_what_was_suspended(self, bench: Bench) -> None:
        licence = bench.ordered()
        if not bench.suspends:
            bench.unsupported(Step.UNBLOCK, licence, why=_CANNOT_SUSPEND)
            return
        before = bench.one(licence, after="on_order")
        bench.do(Step.BLOCK, licence)
        bench.do(Step.UNBLOCK, licence)
        after, has = bench.one(licence, after="on_unblock"), bench.read(licence)
        prove(after == before, f"on_unblock did not restore the licence: it was {before}, it is {after}")
        prove(
            (has.state, has.quantity, has.reference) == (SeenState.ACTIVE, bench.quantity, licence.reference),
            f"on_unblock must restore state, quantity and reference; read_licence says {has}",
        )

    def test_unblocking_what_is_active_changes_nothing(self, bench: Bench) -> None:
        licence = bench.ordered()
        if not bench.suspends:
            bench.unsupported(Step.UNBLOCK, licence, why=_CANNOT_SUSPEND)
            return
        before = bench.snapshot()
        bench.do(Step.UNBLOCK, licence)
        prove(bench.snapshot() == before, "on_unblock of an active licence must change nothing and succeed")

    def test_a_period_that_cannot_be_paid_does_not_start(self, bench: Bench) -> None:
        licence = replace(bench.ordered(), suspend_from=APRIL)
        before = bench.one(licence, after="on_order")
        if not bench.suspends:
            _prove_only_refused_or_left(bench, licence)
            return
        done = bench.do(Step.BEFORE_PERIOD_END, licence)
        now, has = bench.one(licence, after="before_period_end"), bench.read(licence)
        prove(has.state is SeenState.SUSPENDED, f"after before_period_end read_licence says {has.state}, not suspended")
        prove(now.id == before.id, "before_period_end changed the licence's reference")
        if bench.capabilities.can_schedule:
            dated = done.suspended_from == has.suspended_from == APRIL
            prove(dated, "it declares can_schedule: before_period_end must suspend from suspend_from, and read_licence tell it")
            prove(now.state is SeenState.ACTIVE, "it declares can_schedule, but the paid period is cut short")
        else:
            at_once = done.suspended_from is None and has.suspended_from is None and now.state is SeenState.SUSPENDED
            prove(at_once, "it does not declare can_schedule, so before_period_end must suspend at once")
        bench.clock.moment = APRIL
        later = bench.one(licence, after="the end of the period").state
        prove(
            later is SeenState.SUSPENDED, f"when the unpaid period begins the licence is {later} at the vendor, not suspended"
        )
        bench.do(Step.UNBLOCK, replace(licence, paid_until=MAY))
        state = bench.one(licence, after="on_unblock").state
        prove(state is SeenState.ACTIVE, f"paid after before_period_end, the licence is {state}, not active")

    def test_a_suspended_licence_can_be_cancelled(self, bench: Bench) -> None:
        licence = bench.blocked() if bench.suspends else bench.ordered()
        bench.do(Step.CANCEL, licence)
        state = bench.read(licence).state
        prove(state in (SeenState.ABSENT, SeenState.ENDED), f"a suspended licence was cancelled, read_licence says {state}")

    def test_what_the_vendor_does_not_have_cannot_be_suspended(self, bench: Bench) -> None:
        licence = bench.licence()
        if not bench.suspends:
            bench.unsupported(Step.BLOCK, licence, why=_CANNOT_SUSPEND)
            return
        answer, _ = bench.during(lambda: bench.vendor.do(Step.BLOCK, licence))
        if isinstance(answer, VendorError):
            prove_told(answer, (Rejected, OutcomeUnknown), of="on_block of a licence that is not there")
        elif not isinstance(answer, NeedsOperator):  # a person will see that it is not there
            fail(f"on_block of a licence that is not there answered {answer!r}; it must raise")
        prove(not bench.of(licence), "on_block made a licence that was not there")


def _prove_suspension_ends_as_declared(bench: Bench, done: Done) -> None:
    longest = bench.capabilities.longest_suspension
    if longest is None:
        prove(done.suspended_until is None, "Done.suspended_until is told, but no longest_suspension is declared")
        return
    now = bench.clock.now()
    told = done.suspended_until
    prove(told is not None, "a longest_suspension is declared: on_block must tell its end in Done.suspended_until")
    prove(told is None or now < told <= now + longest, f"the suspension ends at {told}, which is beyond longest_suspension")


def _prove_only_refused_or_left(bench: Bench, licence: LicenceView) -> None:
    """A vendor that cannot suspend refuses, or leaves the licence as it is: its next period simply is not issued."""
    before = bench.snapshot()
    answer, _ = bench.during(lambda: bench.vendor.do(Step.BEFORE_PERIOD_END, licence))
    fits = isinstance(answer, Done | Unsupported)
    prove(fits, f"before_period_end of a vendor that cannot suspend answered {answer!r}; it is Done or Unsupported")
    prove(bench.snapshot() == before, "before_period_end of a vendor that cannot suspend changed the vendor")
