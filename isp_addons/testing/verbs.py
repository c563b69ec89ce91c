"""What can be asked of a plugin, each with a licence that it can be asked for: for proofs that go through all of them."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import assert_never

from isp_addons.domain.licence import Step, WantedState
from isp_addons.host import Vendor
from isp_addons.testing.bench import MAY, Bench
from isp_addons.vendor_api import LicenceView, Unsupported

LIST, CHECK = "list_licences", "check_vendor"
VERBS = (*(step.value for step in Step), LIST, CHECK)
CHANGING = tuple(step.value for step in Step if step is not Step.READ)

_AFTER = {
    Step.BLOCK: WantedState.SUSPENDED,
    Step.BEFORE_PERIOD_END: WantedState.SUSPENDED,
    Step.CANCEL: WantedState.ENDED,
}


@dataclass(frozen=True)
class Asked:
    """One verb about to be called: with the licence as the product would pass it, on an instance that has just started."""

    bench: Bench
    verb: str
    licence: LicenceView
    vendor: Vendor

    @property
    def step(self) -> Step | None:
        """The step of the product that it is; None for what is asked of the vendor as a whole."""
        return None if self.verb in (LIST, CHECK) else Step(self.verb)

    @property
    def wanted(self) -> WantedState:
        """What is wanted of the licence when it is asked."""
        return _AFTER.get(self.step, WantedState.ACTIVE) if self.step is not None else WantedState.ACTIVE

    def call(self) -> object:
        """Ask."""
        if self.verb == LIST:
            return sorted((each for page in self.vendor.list_licences() for each in page), key=lambda each: each.key)
        if self.step is None:
            return self.vendor.check()
        return self.vendor.do(self.step, self.licence, old_quantity=self.bench.quantity)


def about_to(bench: Bench, verb: str) -> Asked:
    """A licence in the state in which *verb* is called for it, and a fresh instance to call."""
    return Asked(bench, verb, _licence(bench, verb), bench.fresh())


def actions(bench: Bench, verb: str) -> Counter[str]:
    """How often *verb* calls each action of the vendor when nothing goes wrong; empty for what it does not support."""
    answer, called = bench.during(about_to(bench, verb).call)
    if isinstance(answer, Exception) and not isinstance(answer, Unsupported):
        raise answer
    return called


def _licence(bench: Bench, verb: str) -> LicenceView:
    if verb in (LIST, CHECK):
        for _ in range(2):
            _ = bench.blocked() if bench.suspends else bench.ordered()
        return bench.ordered()
    match step := Step(verb):
        case Step.ORDER:
            return bench.licence()
        case Step.CHARGE:
            return replace(bench.ordered(), paid_until=MAY)
        case Step.BEFORE_PERIOD_END:
            licence = bench.ordered()
            return replace(licence, suspend_from=licence.paid_until)
        case Step.UNBLOCK:
            return bench.blocked() if bench.suspends else bench.ordered()
        case Step.CHANGE:
            return replace(bench.ordered(), quantity=bench.quantity + 2)
        case Step.BLOCK | Step.CANCEL | Step.READ:
            return bench.ordered()
        case _:
            assert_never(step)
