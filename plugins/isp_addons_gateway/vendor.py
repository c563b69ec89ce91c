"""A vendor behind the ISP's own code, whatever carries the JSON there: HTTP (this package) or a program's standard input."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    Outcome,
    SeenLicence,
    SuspendKind,
    Unavailable,
    Unsupported,
    VendorContext,
    VendorPlugin,
    hookimpl,
)
from isp_addons_gateway import translate, wire
from isp_addons_gateway.declared import DeclaredOptions, compared
from isp_addons_gateway.wire import Verb

_LONGEST_LIST = 1_000_000
_NEEDS_AN_END = (Verb.ORDER, Verb.CHARGE, Verb.RESUME)

OptionsT = TypeVar("OptionsT", bound=DeclaredOptions)


class Carrier(Protocol):
    """Carries questions to the other side and its answers back; every failure is a `VendorError`.

    An answer that cannot be read is `OutcomeUnknown` for a verb and `Unavailable` for a question.
    """

    @property
    def name(self) -> str:
        """Who answers, as it stands within a sentence."""

    @property
    def secrets(self) -> Sequence[str]:
        """What must be starred in everything that is told."""

    def do(self, verb: Verb, write: wire.Write, *, action: str) -> wire.Outcome:
        """Have a verb done."""

    def read(self, licence: LicenceView, *, action: str) -> wire.Standing:
        """Ask for one licence."""

    def page(self, cursor: str | None, limit: int) -> tuple[wire.BarePage, int | None]:
        """Ask for a part of the list, the first without a cursor; also how many licences the whole list is said to have."""

    def capabilities(self) -> wire.Capabilities:
        """Ask what the other side can do."""

    def close(self) -> None:
        """Let go of connections."""


class JsonVendor(VendorPlugin[OptionsT]):
    """Every hook of the contract, asked for in JSON. A subclass names its options and makes the `Carrier`."""

    def __init__(self, context: VendorContext[OptionsT]) -> None:
        super().__init__(context)
        self._options = context.options
        self._carrier = self.carrier(context)

    @abstractmethod
    def carrier(self, context: VendorContext[OptionsT]) -> Carrier:
        """Make what carries the JSON."""

    @property
    def capabilities(self) -> Capabilities:
        """See `VendorPlugin.capabilities`: what the settings declare."""
        return self._options.capabilities

    def close(self) -> None:
        """See `VendorPlugin.close`."""
        self._carrier.close()

    @hookimpl
    def on_order(self, licence: LicenceView) -> Outcome:
        """Ask for *order*: created, or restored, active until ``paid_until``."""
        return self._do(Verb.ORDER, licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Outcome:
        """Ask for *charge*: the end becomes ``paid_until``."""
        return self._do(Verb.CHARGE, licence)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Outcome:
        """Ask for *suspend*, at once."""
        return self._suspend(licence, begin=None)

    @hookimpl
    def before_period_end(self, licence: LicenceView) -> Outcome:
        """Ask for *suspend*: from ``suspend_from`` where the vendor can schedule, else at once."""
        later = licence.suspend_from is not None and licence.suspend_from > self._now()
        return self._suspend(licence, begin=licence.suspend_from if later and self._options.can_schedule else None)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Outcome:
        """Ask for *resume*: active again until ``paid_until``, the quantity as it was."""
        self._must_suspend(f"{Verb.RESUME} {licence.key}")
        return self._do(Verb.RESUME, licence)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Outcome:
        """Ask for *change*: the quantity becomes ``quantity``."""
        if not self._options.changes_quantity:
            raise Unsupported("the quantity cannot be changed (changes_quantity = no).", action=f"{Verb.CHANGE} {licence.key}")
        return self._do(Verb.CHANGE, licence, old_quantity=old_quantity)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Outcome:
        """Ask for *cancel*, the only verb that ends a licence."""
        return self._do(Verb.CANCEL, licence)

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        """Ask for the one licence; an answer about another one counts as unreadable."""
        action = f"read {licence.key}"
        told = self._carrier.read(licence, action=action)
        if told.key != licence.key:
            raise Unavailable(f"{self._carrier.name} answered about another licence.", action=action)
        return translate.seen(told)

    @hookimpl
    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        """Ask for the list, part by part. Raises `Unavailable` when a part is missing, or twice there, or never the last."""
        if not self._options.lists:
            raise Unsupported("the licences cannot be listed (lists = no).", action="list")
        known: set[str] = set()
        cursor: str | None = None
        while True:
            page, total = self._carrier.page(cursor, self._options.page_size)
            self._count(known, page, total)
            yield tuple(translate.seen(each) for each in page.licences)
            if page.complete:
                return
            cursor = page.next

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """Ask what the other side can do, and compare it with the settings."""
        told = self._carrier.capabilities()
        about = f" ({' '.join(told.about.split())})" if told.about.strip() else ""
        answers = f"{self._carrier.name} answers{about}."
        return CheckReport((answers, *compared(self._options, told, teller=self._carrier.name)))

    def _now(self) -> datetime:
        return self.context.clock.now()

    def _do(self, verb: Verb, licence: LicenceView, *, old_quantity: int | None = None) -> Outcome:
        action = f"{verb} {licence.key}"
        if verb in _NEEDS_AN_END and licence.paid_until is None and not self._options.endless:
            raise Unsupported("the vendor has no licences without an end date (endless = no).", action=action)
        told = self._carrier.do(verb, translate.write(verb, licence, old_quantity=old_quantity), action=action)
        return translate.outcome(told, teller=self._carrier.name, action=action, secrets=self._carrier.secrets)

    def _suspend(self, licence: LicenceView, *, begin: datetime | None) -> Outcome:
        """Have it suspended. What the answer leaves out follows from what was asked for and from the settings."""
        self._must_suspend(f"{Verb.SUSPEND} {licence.key}")
        outcome = self._do(Verb.SUSPEND, replace(licence, suspend_from=begin))
        if not isinstance(outcome, Done):
            return outcome
        starts = outcome.suspended_from or begin
        longest: timedelta | None = self._options.longest_suspension
        ends = outcome.suspended_until or (None if longest is None else (starts or self._now()) + longest)
        return replace(outcome, suspended_from=starts, suspended_until=ends)

    def _must_suspend(self, action: str) -> None:
        if self._options.suspends is SuspendKind.NONE:
            raise Unsupported("the vendor cannot suspend (suspends = none); nothing else is done instead.", action=action)

    def _count(self, known: set[str], page: wire.BarePage, total: int | None) -> None:
        """Add a part of the list to what is *known* of it; a list that cannot be whole is unknown, never shorter."""
        before = len(known)
        known.update(each.key for each in page.licences)
        if len(known) - before != len(page.licences):
            raise self._no_list("names a licence twice")
        if page.complete == (page.next is not None):
            raise self._no_list("must either be complete or name the next part")
        if not page.licences and not page.complete:
            raise self._no_list("has an empty part that is not the last one")
        if total is not None and (len(known) > total or (page.complete and len(known) < total)):
            raise self._no_list(f"is cut off or has changed: {len(known)} licences came, {total} were announced")
        if len(known) > _LONGEST_LIST:
            raise self._no_list(f"has more than {_LONGEST_LIST} licences")

    def _no_list(self, why: str) -> Unavailable:
        hint = "It is taken as unknown, not as complete; the next reconciliation reads it again."
        return Unavailable(f"the list of {self._carrier.name} {why}.", action="list", hint=hint)
