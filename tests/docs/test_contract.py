"""The page of the vendor contract: every hook with its exact signature, and an example that is a plugin."""

import importlib
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from docs.pages import DOCS, ROOT, blocks
from isp_addons.clock import SystemClock
from isp_addons.domain.licence import Step
from isp_addons.host import Host, VendorSection
from isp_addons.services.new_plugin import write_plugin
from isp_addons.services.plugin_admin import examine, look_at
from isp_addons.vendor_api import Done, LicenceView, SeenState, Unauthorised

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


@pytest.fixture
def complete_file(tmp_path: Path) -> Path:
    """The folder of plugins with the smallest complete file of the page on adding a vendor."""
    page = (DOCS / "how-to" / "add-a-vendor.md").read_text(encoding="utf-8")
    (source,) = (block.text for block in blocks(page) if "class Acme(VendorPlugin" in block.text)
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    (folder / "acme.py").write_text(source, encoding="utf-8")
    (folder / "acme.py").chmod(0o644)
    return folder


@pytest.fixture
def acme_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The vendor with the made-up API: the stand-in of a new plugin as `plugins new` writes it."""
    monkeypatch.syspath_prepend(write_plugin("acme", folder=tmp_path, taken=()) / "src")
    with importlib.import_module("isp_addons_acme.sandbox").AcmeSandbox() as server:
        yield server
    for name in [name for name in sys.modules if name.startswith("isp_addons_acme")]:
        monkeypatch.delitem(sys.modules, name)


def test_the_smallest_complete_file_has_nothing_against_it(complete_file: Path) -> None:
    host = Host((), clock=SystemClock(), plugins_dir=complete_file)

    found = list(examine(look_at(host, "acme", clock=SystemClock(), plugins_dir=complete_file)))

    assert [row["finding"] for row in found if row["result"] != "works"] == []
    assert [row["what"] for row in found] == ["plugin", "hooks", "options", "capabilities"]


def test_the_smallest_complete_file_sells_suspends_resumes_and_ends(complete_file: Path, acme_server: Any) -> None:
    plain = Host((), clock=SystemClock(), plugins_dir=complete_file)
    options = plain.plugin_class("acme").Options
    sections = [
        VendorSection("acme", "acme", True, options.model_validate(acme_server.options())),
        VendorSection("stranger", "acme", True, options.model_validate({**acme_server.options(), "token": "wrong"})),
    ]
    host = Host(sections, clock=SystemClock(), plugins_dir=complete_file)
    acme = host.vendor("acme")
    end = datetime(2026, 4, 1, tzinfo=UTC)
    licence = LicenceView(key="k1", reference=None, account="42", product="box", options={}, quantity=2, paid_until=end)

    seen = [acme.read(licence).state]
    for step in (Step.ORDER, Step.BLOCK, Step.UNBLOCK, Step.CHARGE, Step.CANCEL, Step.CANCEL):
        assert acme.do(step, licence) == Done(reference="000001"), step
        seen.append(acme.read(licence).state)

    active, suspended, ended = SeenState.ACTIVE, SeenState.SUSPENDED, SeenState.ENDED
    assert seen == [SeenState.ABSENT, active, suspended, active, active, ended, ended]
    assert (acme.read(licence).quantity, acme.read(licence).paid_until) == (2, end)
    assert acme.check().findings == ("The vendor answers, and lets us in.",)
    with pytest.raises(Unauthorised):
        host.vendor("stranger").check()
    host.close()
