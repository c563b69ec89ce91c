"""Links lead somewhere, and every page can be reached."""

import re
from pathlib import Path

import pytest

from docs.pages import DOCS, ROOT, all_pages, anchors, name_of, without_blocks

_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def _links(page: Path) -> list[str]:
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", without_blocks(page.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page: Path) -> None:
    broken = []
    for target in _links(page):
        name, _, anchor = target.partition("#")
        if name.startswith(("http://", "https://")):
            continue
        file = (page.parent / name).resolve() if name else page
        inside = file.exists() and file.is_relative_to(ROOT)
        if not inside or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)

    assert not broken


def test_the_index_names_every_page_of_the_documentation() -> None:
    index = DOCS / "README.md"
    named = {(DOCS / target.partition("#")[0]).resolve() for target in _links(index)}

    assert {page for page in all_pages() if page.is_relative_to(DOCS) and page != index} <= named


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_a_page_begins_with_its_only_title(page: Path) -> None:
    text = without_blocks(page.read_text(encoding="utf-8"))

    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
