"""What a plugin owes the product whose vendor has no interface at all: a person does every step, told exactly what to enter."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from string import Formatter
from typing import Any, ClassVar

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.host import Vendor
from isp_addons.testing import secrets
from isp_addons.testing.bench import APRIL, MAY, NOW
from isp_addons.testing.kit import SettingsProof
from isp_addons.testing.proof import fail, prove
from isp_addons.vendor_api import (
    Done,
    Instructions,
    LicenceView,
    NeedsOperator,
    SuspendKind,
    Unsupported,
    VendorContext,
    VendorPlugin,
)

_NEEDED = ("on_order", "on_charge", "on_cancel", "check_vendor")
_OF_A_TASK = {"title", "steps", "values"}


class OperatorConformance(SettingsProof):
    """Subclass it, name the ``plugin`` and, in ``settings``, every option that it needs; ``product`` and ``quantity`` as there.

    ``languages``: in which its instructions must be there, besides those of which it has a file. Where the vendor can at least
    be read, give it a stand-in and subclass `VendorConformance`: it proves more.
    """

    settings: ClassVar[Mapping[str, Any]] = {}
    product: ClassVar[Mapping[str, str]] = {}
    quantity: ClassVar[int] = 7
    languages: ClassVar[Sequence[str]] = ("en",)

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        """The plugin behind the product's host; the host stars no secrets here."""
        made = self.speaking("en")
        yield made
        made.plugin.close()

    def speaking(self, language: str) -> Vendor:
        """The plugin as an installation has it whose operators are told in *language*."""
        options = self.plugin.Options.model_validate(dict(self.settings))
        return Vendor("kit", self.plugin(VendorContext("kit", options, ReplayClock(NOW), language)), "kit")

    @pytest.fixture
    def licence(self, vendor: Vendor) -> LicenceView:
        """A licence that stands at the vendor."""
        return LicenceView(
            key="kit-4711",
            reference="vendor-0815",
            account="100342",
            product="Conformance",
            options=self.product,
            quantity=1 if vendor.capabilities.counts_seats else self.quantity,
            paid_until=APRIL,
        )

    def test_it_has_the_hooks_that_no_vendor_can_do_without(self, vendor: Vendor) -> None:
        missing = [hook for hook in _NEEDED if hook not in vendor.hooks]
        prove(not missing, f"the plugin does not implement {', '.join(missing)}; every licence needs it")

    def test_a_person_is_told_exactly_what_to_enter(self, vendor: Vendor, licence: LicenceView) -> None:
        for step, asked in _steps(vendor, licence):
            told = _told(vendor, step, asked)
            if told is None:
                continue
            prove(asked.account in told, f"{step} does not name the account {asked.account}: {told!r}")
            if step in (Step.ORDER, Step.CHANGE) and not vendor.capabilities.counts_seats:
                prove(str(asked.quantity) in told, f"{step} does not name the quantity {asked.quantity}: {told!r}")

    def test_where_licences_end_by_themselves_a_person_is_told_when(self, vendor: Vendor, licence: LicenceView) -> None:
        if not vendor.capabilities.ends_by_itself:
            return  # the product suspends what is over
        for step, asked in _steps(vendor, licence):
            if step in (Step.ORDER, Step.CHARGE) and asked.paid_until is not None:
                end = f"{asked.paid_until:%Y-%m-%d}"
                prove(
                    end in (_told(vendor, step, asked) or ""),
                    f"{step} does not name the end {end}, so nobody makes the licence end; name it, or declare "
                    "ends_by_itself=False",
                )

    def test_its_instructions_say_the_same_in_every_language(self) -> None:
        instructions = _instructions(self.plugin)
        if instructions is None:
            return  # it has no files of instructions, and speaks one language
        written = instructions.languages()
        missing = [each for each in self.languages if each not in written]
        prove(not missing, f"the folder instructions of {instructions.package} has no file for {', '.join(missing)}")
        english = {name: _shape(task) for name, task in instructions.tasks("en").items()}
        for language in written:
            tasks = instructions.tasks(language)
            for name, task in tasks.items():
                extra = task.keys() - _OF_A_TASK
                prove(not extra, f"{language}.toml: the task {name} has {', '.join(extra)}, which nobody reads")
                prove(str(task.get("title", "")).strip(), f"{language}.toml: the task {name} has no title")
            others = {name: _shape(task) for name, task in tasks.items()}
            wrong = [name for name in english.keys() | others.keys() if english.get(name) != others.get(name)]
            prove(
                not wrong,
                f"{language}.toml differs from en.toml in the task {', '.join(sorted(wrong))}: each language has the same "
                "tasks, with as many steps and values, and the same {placeholders}",
            )

    def test_a_person_is_told_in_every_language_of_which_there_is_a_file(self, licence: LicenceView) -> None:
        instructions = _instructions(self.plugin)
        told: dict[str, list[str | None]] = {}
        for language in instructions.languages() if instructions is not None else ():
            vendor = self.speaking(language)
            told[language] = [_told(vendor, step, asked) for step, asked in _steps(vendor, licence)]
            vendor.plugin.close()
        first = told.pop("en", None)
        alike = [
            language for language, texts in told.items() if any(a == b for a, b in zip(texts, first or (), strict=False) if a)
        ]
        prove(not alike, f"in {', '.join(alike)} a person is told the same as in English; pass the context's language")

    def test_asked_twice_it_tells_the_same(self, vendor: Vendor, licence: LicenceView) -> None:
        for step, asked in _steps(vendor, licence):
            first, second = _told(vendor, step, asked), _told(vendor, step, asked)
            prove(first == second, f"{step} tells two things of one step: {first!r} and {second!r}")

    def test_to_suspend_is_not_to_end(self, vendor: Vendor, licence: LicenceView) -> None:
        steps = [Step.BLOCK, Step.UNBLOCK, Step.CANCEL] if _suspends(vendor) else [Step.ORDER, Step.CANCEL]
        told = [_told(vendor, step, licence) for step in steps]
        prove(len(set(told)) == len(steps), f"{', '.join(steps)} must not tell a person the same: {told}")

    def test_what_it_does_not_declare_is_unsupported(self, vendor: Vendor, licence: LicenceView) -> None:
        refused = [] if _suspends(vendor) else [Step.BLOCK, Step.UNBLOCK]
        refused += [] if vendor.capabilities.changes_quantity else [Step.CHANGE]
        for step in refused:
            try:
                answer = vendor.do(step, licence, old_quantity=1)
            except Unsupported:
                continue
            fail(f"{step} must raise Unsupported by its capabilities; it answered {answer!r}")
        prove(not vendor.capabilities.lists, "nobody can list a vendor that has no interface; do not declare lists")

    def test_the_check_needs_no_vendor(self, vendor: Vendor) -> None:
        prove(vendor.check().findings, "check_vendor found nothing to say")

    def test_no_secret_is_told_by_any_log_line_or_instruction(
        self, vendor: Vendor, licence: LicenceView, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        options = vendor.plugin.context.options
        told = [str(_told(vendor, step, asked)) for step, asked in _steps(vendor, licence)]
        found = secrets.leaked(secrets.forms(options), [caplog.text, repr(options), *vendor.check().findings, *told])
        prove(not found, f"a secret is told, first (starred here): {found[0] if found else ''}")


def _instructions(plugin: type[VendorPlugin[Any]]) -> Instructions | None:
    """The instructions that lie in the plugin's package; None where there are none."""
    package = import_module(plugin.__module__).__package__
    found = Instructions(package) if package else None
    try:
        return found if found is not None and found.languages() else None
    except FileNotFoundError:
        return None


def _shape(task: Mapping[str, Any]) -> tuple[int, int, set[str]]:
    """How many steps and values a task has, and its placeholders."""
    steps, values = task.get("steps", ()), task.get("values", {})
    texts = [task.get("title", ""), *steps, *values.values()]
    names = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}
    return len(steps), len(values), names


def _suspends(vendor: Vendor) -> bool:
    return vendor.capabilities.suspends is not SuspendKind.NONE


def _steps(vendor: Vendor, licence: LicenceView) -> list[tuple[Step, LicenceView]]:
    """Every step that the plugin declares, with a licence to make it for."""
    steps = [(Step.ORDER, replace(licence, reference=None)), (Step.CHARGE, replace(licence, paid_until=MAY))]
    if _suspends(vendor):
        steps += [
            (Step.BLOCK, licence),
            (Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL)),
            (Step.UNBLOCK, licence),
        ]
    if vendor.capabilities.changes_quantity:
        steps.append((Step.CHANGE, replace(licence, quantity=licence.quantity + 2)))
    return [*steps, (Step.CANCEL, licence)]


def _told(vendor: Vendor, step: Step, licence: LicenceView) -> str | None:
    """The instructions of a step. Only a payment may need no step at the vendor at all: then it is None."""
    answer = vendor.do(step, licence, old_quantity=licence.quantity + 1)
    if isinstance(answer, NeedsOperator) and answer.instructions.strip():
        return answer.instructions
    if step is Step.CHARGE and isinstance(answer, Done):
        return None
    fail(f"nobody but a person can do {step}, but it answered {answer!r}")
