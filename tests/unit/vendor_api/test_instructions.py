"""What a person is told: titles, numbered steps and values in his language, with the exact values in their places."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from isp_addons.vendor_api import Instructions, NeedsOperator
from isp_addons.vendor_api.instructions import LANGUAGES

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "told_for_a_test"

ENGLISH = """
[order]
title = "Order {quantity} for {account}"
steps = ["Open the console of {account}.", "Enter the values."]
values = { "Seats" = "{quantity}", "Note" = "{key} {{as it stands}}" }

[look]
title = "Look at {account}"
"""

GERMAN = """
[order]
title = "{quantity} für {account} bestellen"
steps = ["Die Konsole von {account} öffnen.", "Die Werte eintragen."]
values = { "Plätze" = "{quantity}", "Notiz" = "{key} {{wie es dasteht}}" }

[look]
title = "{account} ansehen"
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instructions]:
    """Instructions in English and German, in a package of their own."""
    folder = tmp_path / PACKAGE / "instructions"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "en.toml").write_text(ENGLISH, encoding="utf-8")
    (folder / "de.toml").write_text(GERMAN, encoding="utf-8")
    (folder / "notes.txt").write_text("no language", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield Instructions(PACKAGE)
    sys.modules.pop(PACKAGE, None)


def test_a_task_is_told_as_a_title_numbered_steps_and_values(told: Instructions) -> None:
    task = told.tell("order", language="en", account="42", quantity=3, key="ia-1")

    assert task == NeedsOperator(
        instructions=(
            "Order 3 for 42\n1. Open the console of 42.\n2. Enter the values.\n   Seats: 3\n   Note: ia-1 {as it stands}"
        ),
        due_in=None,
    )


def test_it_is_told_in_the_language_of_the_operator(told: Instructions) -> None:
    task = told.tell("order", language="de", account="42", quantity=3, key="ia-1")

    assert task.instructions.splitlines() == [
        "3 für 42 bestellen",
        "1. Die Konsole von 42 öffnen.",
        "2. Die Werte eintragen.",
        "   Plätze: 3",
        "   Notiz: ia-1 {wie es dasteht}",
    ]


def test_a_language_without_a_file_is_told_in_english(told: Instructions) -> None:
    assert told.tell("look", language="fr", account="42").instructions == "Look at 42"
    assert told.languages() == ("de", "en")


def test_steps_and_values_may_be_left_out_and_more_values_than_are_used_may_be_given(told: Instructions) -> None:
    assert told.tell("look", language="de", account="42", unused="x").instructions == "42 ansehen"


def test_how_long_it_may_wait_is_passed_on(told: Instructions) -> None:
    assert told.tell("look", language="en", due_in=timedelta(hours=4), account="42").due_in == timedelta(hours=4)


def test_a_value_with_braces_stands_as_it_is(told: Instructions) -> None:
    assert told.tell("look", language="en", account="{key} {0}").instructions == "Look at {key} {0}"


@pytest.mark.parametrize(("task", "values"), [("order", {"account": "42"}), ("no_such_task", {})])
def test_an_unknown_task_or_a_missing_value_is_an_error(told: Instructions, task: str, values: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        told.tell(task, language="en", **values)


def packages_with_instructions() -> list[str]:
    found = [*ROOT.glob("plugins/*/instructions"), *(ROOT / "isp_addons").rglob("instructions")]
    return sorted(".".join(each.parent.relative_to(ROOT).parts).removeprefix("plugins.") for each in found if each.is_dir())


@pytest.mark.parametrize("package", packages_with_instructions())
def test_everything_that_is_shipped_is_told_in_every_language_of_the_product(package: str) -> None:
    assert set(Instructions(package).languages()) == set(LANGUAGES)


def test_the_shipped_instructions_are_found() -> None:
    assert {"isp_addons_ajax", "isp_addons_axcrypt", "isp_addons_greenbone"} <= set(packages_with_instructions())
