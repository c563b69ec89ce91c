"""What the feature matrix says of a plugin: from its hooks and capabilities, and never more than is true."""

import importlib.util
from pathlib import Path

import pytest

from isp_addons.clock import SystemClock
from isp_addons.services.plugin_features import limits, verbs
from isp_addons.vendor_api import Capabilities, Done, LicenceView, SuspendKind, VendorPlugin, hookimpl
from isp_addons_avdesk import AvDesk
from isp_addons_eset import Eset
from isp_addons_exec import Exec
from isp_addons_gateway import Gateway

ROOT = Path(__file__).resolve().parents[3]
CLOCK = SystemClock()


class Small(VendorPlugin):
    """It can order, and says that it cannot suspend although it has the hook."""

    capabilities = Capabilities(suspends=SuspendKind.NONE, changes_quantity=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:  # noqa: ARG002
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:  # noqa: ARG002
        return Done()


def test_a_verb_needs_both_the_hook_and_the_capability() -> None:
    row = verbs(Small, clock=CLOCK)
    assert {verb for verb, cell in row.items() if cell != "–"} == {"order"}


def test_the_verbs_of_our_plugins_are_what_they_declare() -> None:
    avdesk, eset = verbs(AvDesk, clock=CLOCK), verbs(Eset, clock=CLOCK)
    assert (avdesk["suspend"], avdesk["schedule"], avdesk["seats"], avdesk["quantity"]) == ("block window", "yes", "yes", "–")
    assert (eset["suspend"], eset["schedule"], eset["seats"], eset["quantity"]) == ("state", "–", "–", "yes")
    assert limits(AvDesk, clock=CLOCK)["longest suspension"] == "365 days"
    assert limits(Eset, clock=CLOCK)["daily cut-off"] == "00:30 Europe/Bratislava"


@pytest.mark.parametrize("plugin", [Gateway, Exec])
def test_where_a_setting_decides_it_is_named(plugin: type[VendorPlugin]) -> None:
    row = verbs(plugin, clock=CLOCK)
    assert (row["suspend"], row["schedule"], row["list"]) == ("by `suspends`", "by `can_schedule`", "by `lists`")
    assert limits(plugin, clock=CLOCK)["without end"] == "by `endless`"
    assert row["order"] == "yes"


def test_a_plugin_that_may_ask_a_person_says_so_also_when_it_is_built_on_another_ones_code() -> None:
    asks = {plugin.__name__: verbs(plugin, clock=CLOCK)["operator"] for plugin in (AvDesk, Eset, Gateway, Exec, Small)}
    assert asks == {"AvDesk": "–", "Eset": "–", "Gateway": "yes", "Exec": "yes", "Small": "–"}


def test_the_page_has_our_plugins_and_nobody_elses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "foreign-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n", encoding="utf-8")
    points = "[isp_addons.vendors]\nforeign = foreign:Plugin\navdesk = foreign:Plugin\n"
    (folder / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    spec = importlib.util.spec_from_file_location("isp_addons_docs_generate_alone", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    table = generate.features()
    assert "`gateway`" in table
    assert "| `avdesk` | yes | yes | block window |" in table
    assert "foreign" not in table + generate.configuration()
