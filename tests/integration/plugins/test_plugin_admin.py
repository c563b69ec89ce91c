"""What is said of a plugin without a vendor: what is right, what is wrong, and never a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest

from acceptance.command import run_here
from isp_addons.clock import SystemClock
from isp_addons.host import Host
from isp_addons.services import plugin_admin
from isp_addons.services.plugin_admin import Installed, examine, look_at

GOOD = """
from pydantic import Field
from isp_addons.vendor_api import Capabilities, CheckReport, Done, LicenceView, SeenLicence, SeenState, SuspendKind
from isp_addons.vendor_api import VendorOptions, VendorPlugin, hookimpl

class GoodOptions(VendorOptions):
    url: str = Field(default="https://vendor", description="Address of the vendor.")

class Good(VendorPlugin[GoodOptions]):
    Options = GoodOptions
    capabilities = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done: return Done()
    @hookimpl
    def on_charge(self, licence: LicenceView) -> Done: return Done()
    @hookimpl
    def on_block(self, licence: LicenceView) -> Done: return Done()
    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done: return Done()
    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Done: return Done()
    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Done: return Done()
    @hookimpl
    def read_licence(self, licence: LicenceView): return SeenLicence(key=licence.key, state=SeenState.ABSENT)
    @hookimpl
    def check_vendor(self): return CheckReport(("fine",))
"""

Look = Callable[[str], Installed]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Write a plugin of one file and look at it."""

    def at(source: str) -> Installed:
        (tmp_path / "good.py").write_text(source, encoding="utf-8")
        host = Host((), clock=SystemClock(), plugins_dir=tmp_path)
        return look_at(host, "good", clock=SystemClock(), plugins_dir=tmp_path)

    return at


def _failures(plugin: Installed) -> list[str]:
    return [row["finding"] for row in examine(plugin) if row["result"] == "fails"]


def test_a_plugin_that_is_right_has_nothing_against_it(look: Look, tmp_path: Path) -> None:
    good = look(GOOD)
    assert (good.source, good.version, good.error) == (str(tmp_path / "good.py"), "file", "")
    assert good.hooks[:3] == ("on_order", "on_charge", "on_block"), "in the order of the contract"
    assert {row["result"] for row in examine(good)} == {"works"}
    assert plugin_admin.words(good.capabilities) == "suspends by state, changes quantity"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("def on_block", "def on_blokc", "unknown hook 'on_blokc'"),
        ("licence: LicenceView, old_quantity", "licence: LicenceView, old", "{'old'}"),
        ("from pydantic import Field", "import a_library_that_nobody_has", "No module named 'a_library_that_nobody_has'"),
        ("from pydantic import Field", "raise SystemExit(4)", "SystemExit: 4"),
        ("VendorPlugin[GoodOptions]", "object", "must define exactly one VendorPlugin class"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_told_with_its_error(look: Look, right: str, wrong: str, said: str) -> None:
    assert right in GOOD
    broken = look(GOOD.replace(right, wrong))
    assert said in broken.error
    assert broken.plugin is None
    (failure,) = _failures(broken)
    assert failure.startswith("good does not load: ")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("on_cancel(self", "_on_cancel(self", "on_cancel not implemented"),
        (', description="Address of the vendor."', "", "url without description"),
        ("changes_quantity=True", "lists=True", "it declares lists, but does not implement list_licences"),
        ("changes_quantity=True", "can_schedule=True", "it declares can_schedule, but does not implement before_period_end"),
        (
            "changes_quantity=True",
            "changes_quantity=True, counts_seats=True",
            "counts_seats means that the quantity is always 1",
        ),
        ("    def on_unblock", "    def _on_unblock", "it declares suspends by state, but does not implement on_unblock"),
    ],
)
def test_what_a_plugin_lacks_or_contradicts_is_told(look: Look, right: str, wrong: str, said: str) -> None:
    assert right in GOOD
    source = GOOD.replace(right, wrong)
    if "def _" in source:
        source = source.replace("@hookimpl\n    def _", "def _")
    (failure,) = _failures(look(source))
    assert failure.startswith(said)


def test_a_plugin_that_cannot_read_is_warned_of(look: Look) -> None:
    blind = GOOD.replace("    @hookimpl\n    def read_licence", "    def read_licence")
    assert _failures(look(blind)) == []
    assert [row["finding"] for row in examine(look(blind)) if row["result"] == "warns"] == [
        "without read_licence an unknown outcome can never be settled"
    ]


def test_a_plugin_that_asks_people_need_not_read(look: Look) -> None:
    blind = GOOD.replace("    @hookimpl\n    def read_licence", "    def read_licence")
    asking = blind.replace("import VendorOptions,", "import NeedsOperator, VendorOptions,")
    assert asking != blind
    assert {row["result"] for row in examine(look(asking))} == {"works"}


def test_capabilities_that_only_a_vendor_can_tell_are_not_guessed(look: Look) -> None:
    plugin = look(GOOD.replace('default="https://vendor", ', 'pattern="^https://", '))
    assert plugin.capabilities is None
    assert _failures(plugin) == []
    assert [row["result"] for row in examine(plugin)] == ["works", "works", "works", "warns"]


def test_an_example_of_what_is_required_is_enough_to_tell_the_capabilities(look: Look) -> None:
    plugin = look(GOOD.replace('default="https://vendor", ', 'pattern="^https://", examples=["https://vendor"], '))
    assert plugin_admin.words(plugin.capabilities) == "suspends by state, changes quantity"


def test_plugins_are_listed_without_any_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ISP_ADDONS_CONFIG", raising=False)
    listed = {row["plugin"]: row for row in run_here("plugins", "list", "--json").rows}
    assert listed["avdesk"]["source"] == "isp-addons"
    assert listed["avdesk"]["vendors"] == []
    assert listed["avdesk"]["capabilities"]["longest_suspension_days"] == 365
    assert run_here("plugins", "check", "avdesk").code == 0
    named = run_here("--config", str(tmp_path / "missing.ini"), "plugins", "list")
    assert (named.code, "There is no configuration file" in named.err) == (78, True)


def test_the_table_for_people_names_what_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "rotten.py").write_text("raise RuntimeError('its library is missing')", encoding="utf-8")
    (folder / "good.py").write_text(GOOD, encoding="utf-8")
    file = tmp_path / "isp-addons.ini"
    file.write_text(
        f"[isp-addons]\nplugins_dir = {folder}\n[database]\nurl = sqlite:///a.db\n[billing]\nadapter = ledger\n", "utf-8"
    )
    shown = " ".join(run_here("--config", str(file), "plugins", "list").out.split())
    assert "RuntimeError: its library is missing" in shown
    assert "suspends by state, changes quantity all but before_period_end, read_licences" in shown
    folder.rename(tmp_path / "moved")
    warned = run_here("--config", str(file), "plugins", "list")
    assert f"warning: [isp-addons] plugins_dir: there is no folder {folder}" in warned.err


def test_two_plugins_of_one_name_are_told(tmp_path: Path) -> None:
    (tmp_path / "avdesk.py").write_text(GOOD, encoding="utf-8")
    host = Host((), clock=SystemClock(), plugins_dir=tmp_path)
    plugin = look_at(host, "avdesk", clock=SystemClock(), plugins_dir=tmp_path)
    assert plugin.error == f"it is installed more than once: isp-addons, {tmp_path / 'avdesk.py'}"
    assert plugin.plugin is not None
    assert plugin.plugin.__name__ == "Good", "the file counts"
