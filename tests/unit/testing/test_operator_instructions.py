"""The kit and files of instructions: a language that says less, more or something else than English is found."""

import pytest

from unit.testing.running import Run, failed

pytest_plugins = ["pytester"]

PLUGIN = """
from typing import Any

from isp_addons.vendor_api import Capabilities, CheckReport, Instructions, LicenceView, SuspendKind, VendorPlugin, hookimpl

TOLD = Instructions("{package}")


class Told(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.NONE, ends_by_itself=False)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Any:
        return self.task("order", licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Any:
        return self.task("order", licence)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Any:
        return self.task("cancel", licence)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        return CheckReport(("Every step is an operator's task.",))

    def task(self, name: str, licence: LicenceView) -> Any:
        language = {language}
        return TOLD.tell(name, language=language, account=licence.account, quantity=licence.quantity)
"""

PROOF = """
from isp_addons.testing import OperatorConformance
from {package} import Told

class TestIt(OperatorConformance):
    plugin = Told
    languages = {languages}
"""

ENGLISH = """
[order]
title = "Order {quantity} for {account}"
steps = ["Open the console."]
[cancel]
title = "End {account}"
"""
GERMAN = """
[order]
title = "{quantity} für {account} bestellen"
steps = ["Die Konsole öffnen."]
[cancel]
title = "{account} beenden"
"""

ALIKE = "its_instructions_say_the_same_in_every_language"
TOLD = "a_person_is_told_in_every_language_of_which_there_is_a_file"


def proved(
    run: Run,
    pytester: pytest.Pytester,
    name: str,
    german: str,
    *,
    languages: str = '("en",)',
    language: str | None = None,
    chosen: str = "test_",
) -> set[str]:
    """The proofs that fail of a plugin with English and German instructions."""
    package = f"told_{name}"
    folder = pytester.mkpydir(package)
    (folder / "__init__.py").write_text(PLUGIN.format(package=package, language=language or "self.context.language"))
    (folder / "instructions").mkdir()
    (folder / "instructions" / "en.toml").write_text(ENGLISH, encoding="utf-8")
    (folder / "instructions" / "de.toml").write_text(german, encoding="utf-8")
    pytester.syspathinsert()
    return failed(run(PROOF.format(package=package, languages=languages), chosen))


def test_two_languages_that_say_the_same_pass(run: Run, pytester: pytest.Pytester) -> None:
    assert proved(run, pytester, "alike", GERMAN) == set()


@pytest.mark.parametrize(
    ("name", "german"),
    [
        ("placeholder", GERMAN.replace("{quantity}", "viele")),
        ("task", GERMAN.partition("[cancel]")[0]),
        ("step", GERMAN.replace('["Die Konsole öffnen."]', '["Die Konsole öffnen.", "Speichern."]')),
        ("word", GERMAN.replace("steps", "step")),
        ("title", GERMAN.replace("{account} beenden", "")),
    ],
)
def test_a_language_that_differs_is_found(run: Run, pytester: pytest.Pytester, name: str, german: str) -> None:
    assert proved(run, pytester, name, german, chosen=ALIKE) == {ALIKE}


def test_a_language_that_is_required_and_missing_is_found(run: Run, pytester: pytest.Pytester) -> None:
    assert proved(run, pytester, "missing", GERMAN, languages='("en", "de", "uk")') == {ALIKE}


def test_a_plugin_that_always_speaks_english_is_found(run: Run, pytester: pytest.Pytester) -> None:
    assert proved(run, pytester, "english", GERMAN, language='"en"') == {TOLD}
