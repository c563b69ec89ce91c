"""The parts of pages that are written from the code are up to date."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from docs.pages import DOCS, name_of


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("isp_addons_docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = _generator()


@pytest.mark.parametrize("page", GENERATE.pages(), ids=name_of)
def test_a_generated_page_is_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert GENERATE.renewed(text) == text, "run: .venv/bin/python docs/generate.py"


def test_every_generated_part_stands_in_a_page() -> None:
    standing = [
        found["name"] for page in GENERATE.pages() for found in GENERATE.PART.finditer(page.read_text(encoding="utf-8"))
    ]

    assert sorted(standing) == sorted(GENERATE.PARTS)


def test_what_is_out_of_date_is_renewed_and_the_rest_is_kept() -> None:
    stale = "before\n\n<!-- generated: events -->\nold\n<!-- end -->\n\nafter\n"

    renewed = GENERATE.renewed(stale)

    assert renewed.startswith("before\n\n<!-- generated: events -->\n")
    assert renewed.endswith("<!-- end -->\n\nafter\n")
    assert "| `blocked` | `on_block` |" in renewed
    assert "old" not in renewed
    assert GENERATE.renewed(renewed) == renewed
