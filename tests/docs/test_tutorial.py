"""The tutorial is run as it stands, and must print what it shows."""

from pathlib import Path

import pytest

from docs import tutorial
from docs.pages import DOCS, blocks

PAGES = sorted((DOCS / "tutorial").glob("*.md"))


@pytest.mark.timeout(240)  # some forty starts of Python: half a minute on a machine that is free, more on a busy one
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_tutorial_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    steps = tutorial.expected_and_shown(blocks(page.read_text(encoding="utf-8")))

    printed = tutorial.run([script.text for script, _ in steps], tmp_path)

    for (script, shown), output in zip(steps, printed, strict=True):
        expected = tutorial.lines(shown.text) if shown is not None else []
        assert tutorial.shortened(output, like=expected) == expected, f"{page.name}:{script.line}"


def test_a_page_may_leave_lines_out_but_shows_none_that_is_not_printed() -> None:
    printed = ["a", "b", "c", "d"]

    assert tutorial.shortened(printed, like=["a", "…", "d"]) == ["a", "…", "d"]
    assert tutorial.shortened(printed, like=["…", "c", "d"]) == ["…", "c", "d"]
    assert tutorial.shortened(printed, like=["a", "…", "x"]) == printed
    assert tutorial.shortened(printed, like=["a", "b", "c"]) == printed
    assert tutorial.shortened(printed, like=["b", "…", "d"]) == printed
