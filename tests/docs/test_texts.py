"""What no page may say, and examples that must be what they seem."""

import json
import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from docs.pages import DOCS, ROOT, all_pages, blocks, name_of, plugins
from isp_addons.clock import SystemClock
from isp_addons.host import Host
from isp_addons.settings.sections import SECTIONS, VENDOR_OPTIONS
from isp_addons.vendor_api.stand_in.faults import FaultKind

_FORBIDDEN = re.compile(
    r"/work\b|\bshared/|(?<!var)/tmp/|/root/|DESIGN\.md|ACCEPTANCE\.md|\bissue \d+|\bTODO\b|\bFIXME\b|[\U0001F300-\U0001FAFF]",
    re.IGNORECASE,
)
_HOST = Host((), clock=SystemClock())
_PLUGIN_OPTIONS = {option for name in plugins() for option in _HOST.plugin_class(name).Options.model_fields}
_OF_A_VENDOR = [
    "What it sells",
    "What is verified and what assumed",
    "Settings",
    "How suspending works",
    "Limits",
    "Trying it without a vendor",
]


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_no_page_names_a_machine_of_its_authors(page: Path) -> None:
    found = [
        f"{number}: {line}" for number, line in enumerate(page.read_text("utf-8").splitlines(), 1) if _FORBIDDEN.search(line)
    ]

    assert not found


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_every_option_in_an_example_of_the_configuration_exists(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        sections = _sections(block.text) if block.language == "ini" else {}
        for name, options in sections.items():
            known = _known(name)
            assert known is None or options <= known, f"{name_of(page)}:{block.line}: [{name}]"


def _sections(text: str) -> dict[str, set[str]]:
    parser = ConfigParser(interpolation=None, delimiters="=", strict=False)
    parser.read_string(text)
    return {name: set(parser[name]) for name in parser.sections()}


def _known(section: str) -> set[str] | None:
    """The options of a section of ours; None for sections of other programs' files."""
    if section in SECTIONS:
        return set(SECTIONS[section].model_fields)
    return {*VENDOR_OPTIONS, *_PLUGIN_OPTIONS} if section.startswith("vendor:") else None


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_python_compiles_and_json_can_be_read(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "python" and not re.match(r"(def \w+\(.*$|class \w+:$)", block.text):  # signatures and fields
            compile(block.text, name_of(page), "exec")
        for line in block.text.splitlines() if block.language in ("text", "json") else ():
            if line.startswith("{") and "…" not in line:
                json.loads(line)


def test_every_fault_of_a_stand_in_is_explained() -> None:
    page = (DOCS / "how-to" / "try-without-a-vendor.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {kind.value for kind in FaultKind}


@pytest.mark.parametrize("name", plugins())
def test_every_vendor_has_a_page_with_the_same_headings(name: str) -> None:
    page = DOCS / "vendors" / f"{name}.md"

    assert re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE) == _OF_A_VENDOR


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120
