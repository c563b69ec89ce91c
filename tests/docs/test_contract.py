"""The page of the vendor contract: every hook with its exact signature, and an example that is a plugin."""

import re
from pathlib import Path

import pytest

from docs.pages import DOCS, ROOT, blocks
from isp_addons.clock import SystemClock
from isp_addons.host import Host

PAGE = (DOCS / "reference" / "hooks.md").read_text(encoding="utf-8")
_DEF = re.compile(r"^def (?P<name>\w+)\((?P<arguments>[^)]*)\) -> (?P<answer>[^\n]+):$", re.MULTILINE)
HOOKS = {
    found["name"]: f"def {found['name']}({found['arguments']}) -> {found['answer']}"
    for found in _DEF.finditer((ROOT / "isp_addons" / "hookspecs.py").read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_exact_signature(name: str) -> None:
    assert f"```python\n{HOOKS[name]}\n```" in PAGE


def test_no_hook_is_documented_that_does_not_exist() -> None:
    assert len(HOOKS) >= 11
    assert re.findall(
        r"^def (\w+)\(", "".join(block.text for block in blocks(PAGE) if "class" not in block.text), re.M
    ) == list(HOOKS)


def test_the_example_of_the_page_is_a_plugin(tmp_path: Path) -> None:
    (example,) = (block.text for block in blocks(PAGE) if "class Example(VendorPlugin" in block.text)
    (tmp_path / "example.py").write_text(example, encoding="utf-8")

    plugin = Host((), clock=SystemClock(), plugins_dir=tmp_path).plugin_class("example")

    assert plugin.__name__ == "Example"
    assert list(plugin.Options.model_fields) == ["url"]
