"""The place where a plugin is put to the proof: the plugin behind the product's own host, its stand-in, one clock."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Protocol

from pydantic import ValidationError

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Licence, Seen, Step, Wanted, WantedState, next_step
from isp_addons.host import Vendor
from isp_addons.testing.proof import fail, prove
from isp_addons.vendor_api import (
    Capabilities,
    Done,
    LicenceView,
    NeedsOperator,
    Outcome,
    Pending,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unsupported,
    VendorContext,
    VendorPlugin,
)
from isp_addons.vendor_api.stand_in import CallLog, Faults, Standing

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
"""The moment at which every proof begins."""
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)

_QUICK = {"read_timeout": "1", "page_size": "2"}
"""Given where the plugin has an option of that name and takes the value: no proof waits long, and lists have pages."""

_POLLS, _POLL = 50, timedelta(minutes=1)
_STEPS = 8


class StandsIn(Protocol):
    """What the kit needs of a stand-in; `isp_addons.vendor_api.stand_in.StandIn` has it all."""

    faults: Faults
    calls: CallLog

    def options(self) -> Mapping[str, str]:
        """The settings of a vendor section that reaches it."""

    def standing(self, now: datetime) -> Sequence[Standing]:
        """All that stands there, also what has ended."""

    def perform(self, hook: str, licence: LicenceView) -> None:
        """Do what an operator was asked to do."""

    def reset(self) -> None:
        """Forget state, faults and calls."""

    def start(self) -> None:
        """Listen."""

    def stop(self) -> None:
        """Listen no more."""


@dataclass
class Bench:
    """One plugin put to the proof. ``quantity``: what is ordered, where the vendor does not count seats."""

    plugin: type[VendorPlugin[Any]]
    stand_in: StandsIn
    settings: Mapping[str, Any]
    product: Mapping[str, str]
    quantity: int
    clock: ReplayClock = field(default_factory=lambda: ReplayClock(NOW))
    _made: list[Vendor] = field(default_factory=list)
    _numbers: Iterable[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.vendor = self.fresh()
        if self.capabilities.counts_seats:
            self.quantity = 1

    @property
    def capabilities(self) -> Capabilities:
        """What the plugin says that its vendor can do."""
        return self.vendor.capabilities

    @property
    def suspends(self) -> bool:
        """Whether it can suspend at all."""
        return self.capabilities.suspends is not SuspendKind.NONE

    def options(self) -> dict[str, Any]:
        """The settings under which the plugin runs here."""
        given = {**self.stand_in.options(), **self.settings}
        for name, value in _QUICK.items():
            if name in self.plugin.Options.model_fields and name not in self.settings:
                try:
                    self.plugin.Options.model_validate({**given, name: value})
                except ValidationError:  # not every vendor has such small pages
                    continue
                given[name] = value
        return given

    def fresh(self, options: Mapping[str, Any] | None = None) -> Vendor:
        """Another instance of the plugin, as after a restart. The host stars no secrets here: the plugin must do it."""
        checked = self.plugin.Options.model_validate(self.options() if options is None else options)
        vendor = Vendor("kit", self.plugin(VendorContext("kit", checked, self.clock)), "kit")
        self._made.append(vendor)
        return vendor

    def close(self) -> None:
        """Close every instance."""
        for vendor in self._made:
            vendor.plugin.close()

    def licence(self, key: str | None = None, **changed: Any) -> LicenceView:
        """A licence that was never ordered, each with an account of its own."""
        number = next(iter(self._numbers))
        given: dict[str, Any] = {
            "key": key or f"kit-{number}",
            "reference": None,
            "account": str(1000 + number),
            "product": "Conformance",
            "options": self.product,
            "quantity": self.quantity,
            "paid_until": APRIL,
        }
        return LicenceView(**{**given, **changed})

    def ordered(self, **changed: Any) -> LicenceView:
        """A licence that is ordered and active, with its reference."""
        licence = self.licence(**changed)
        done = self.do(Step.ORDER, licence)
        return replace(licence, reference=done.reference or self.read(licence).reference)

    def blocked(self) -> LicenceView:
        """A licence that is ordered and suspended."""
        licence = self.ordered()
        self.do(Step.BLOCK, licence)
        return licence

    def do(self, step: Step, licence: LicenceView, *, old_quantity: int = 1, vendor: Vendor | None = None) -> Done:
        """Make one step and see it through: wait while it is pending, do what an operator is asked to do."""
        vendor = vendor or self.vendor
        return self.seen_through(step, licence, vendor.do(step, licence, old_quantity=old_quantity))

    def seen_through(self, step: Step, licence: LicenceView, answer: Outcome | SeenLicence) -> Done:
        """Bring an accepted step to its end."""
        if isinstance(answer, Pending):
            licence = replace(licence, reference=answer.reference or licence.reference)
            self.clock.moment += answer.poll_after
            return Done(reference=self.read(licence).reference or licence.reference)
        if isinstance(answer, NeedsOperator):
            prove(answer.instructions.strip(), f"{step} asks for an operator but does not say what to do")
            blocks = step is Step.BEFORE_PERIOD_END and step.value not in self.vendor.hooks
            self.stand_in.perform(Step.BLOCK.value if blocks else step.value, licence)
            return Done()
        if not isinstance(answer, Done):
            fail(f"{step} answered {answer!r}")
        return answer

    def read(self, licence: LicenceView) -> SeenLicence:
        """What the plugin reads of a licence, once the vendor is done with it."""
        for _ in range(_POLLS):
            has = self.vendor.read(licence)
            if has.state is not SeenState.PENDING:
                return has
            self.clock.moment += _POLL
        fail(f"read_licence says pending for {_POLLS} minutes")

    def unsupported(self, step: Step, licence: LicenceView, *, why: str) -> None:
        """Prove that a step is refused as Unsupported and that nothing is changed: *why* is what the plugin declares."""
        before = self.snapshot()
        try:
            answer = self.vendor.do(step, licence, old_quantity=self.quantity)
        except Unsupported:
            answer = None
        prove(answer is None, f"{step} must raise Unsupported, since {why}; it answered {answer!r}")
        prove(self.snapshot() == before, f"{step} raised Unsupported and changed the vendor nevertheless")

    def of(self, licence: LicenceView) -> list[Standing]:
        """What stands at the vendor under a licence, ended objects too: by our key, or where it keeps none by reference."""
        return [each for each in self.snapshot() if (each.key or each.id) in (licence.key, licence.reference)]

    def one(self, licence: LicenceView, *, after: str) -> Standing:
        """The one live object of a licence; anything else fails the test."""
        live = [each for each in self.of(licence) if each.state is not SeenState.ENDED]
        prove(len(live) == 1, f"after {after} the vendor has {len(live)} live licences under {licence.key}; it must have one")
        return live[0]

    def snapshot(self) -> tuple[Standing, ...]:
        """Everything that stands at the vendor now."""
        return tuple(self.stand_in.standing(self.clock.now()))

    def during(self, act: Callable[[], object]) -> tuple[object, Counter[str]]:
        """What came of *act* (an answer, or the error that it raised), and how often it called each action meanwhile."""
        before = Counter(self.stand_in.calls.counts())
        try:
            answer = act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the proof judges it
            answer = error
        return answer, Counter(self.stand_in.calls.counts()) - before

    def converge(self, licence: LicenceView, state: WantedState) -> LicenceView:
        """Let the product's own loop go on from an unknown state until it has nothing more to do."""
        wanted = Wanted(state=state, quantity=licence.quantity, paid_until=licence.paid_until)
        seen = Seen(state=SeenState.UNKNOWN)
        for _ in range(_STEPS):
            step = next_step(Licence(wanted=wanted, seen=seen), now=self.clock.now())
            if step is None:
                return licence
            if step is Step.READ:
                has = self.read(licence)
                licence = replace(licence, reference=has.reference or licence.reference)
                seen = Seen(state=has.state, quantity=has.quantity, paid_until=has.paid_until or licence.paid_until)
                continue
            done = self.do(step, licence, old_quantity=seen.quantity)
            licence = replace(licence, reference=done.reference or licence.reference)
            seen = Seen(state=SeenState.UNKNOWN)
        fail(f"the product never comes to rest: {_STEPS} calls after the fault the vendor still has {seen}")
