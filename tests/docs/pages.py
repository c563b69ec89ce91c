"""What the tests of the documentation share: the pages, and the code blocks in them."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text, and the line on which the text begins."""

    language: str
    text: str
    line: int


def plugins() -> dict[str, Path]:
    """The folder of every plugin of the project, by the plugin's name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"]["isp_addons.vendors"]
    return {name: ROOT / "plugins" / where.partition(":")[0] for name, where in points.items()}


def all_pages() -> list[Path]:
    """Every page of the project, those of plugins and hook scripts too; of vendors only those whose plugin is named there."""
    tops = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "hooks/README.md")]
    docs = [page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "vendors" or page.stem in plugins()]
    return [*tops, *docs, *(folder / "README.md" for folder in plugins().values())]


def name_of(page: Path) -> str:
    """How a page is named in a test's id."""
    return str(page.relative_to(ROOT))


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(found["language"], found["body"], text.count("\n", 0, found.start("body")) + 1) for found in _FENCE.finditer(text)
    ]


def without_blocks(text: str) -> str:
    """A page's text without its fenced blocks."""
    return _FENCE.sub("", text)


def anchors(text: str) -> Iterator[str]:
    """The names to which links of the form ``page.md#name`` may point, as GitHub makes them from headings."""
    for heading in re.findall(r"^#{1,6} (.+)$", without_blocks(text), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        yield plain.replace(" ", "-")
