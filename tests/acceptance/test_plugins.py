"""Plugins taken into use and out of it by command: proved before, nobody else touched, everything written down."""

import stat
from collections.abc import Iterator

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp
from acceptance.plugins import RAISES_ON_EVERY_CALL, RAISES_ON_IMPORT, WITHOUT_ENDLESS
from isp_addons_gateway.sandbox import GatewaySandbox
from servers.doors import PATIENCE


@pytest.fixture
def gateway() -> Iterator[GatewaySandbox]:
    """A second vendor beside AV-Desk."""
    with GatewaySandbox() as server:
        yield server


def _has_gateway(isp: Isp, gateway: GatewaySandbox, *, enabled: str = "yes") -> None:
    options = {**gateway.options(), "read_timeout": PATIENCE}
    isp.configure("vendor:office", plugin="gateway", enabled=enabled, **options)


def _plugin(isp: Isp, name: str) -> dict[str, object]:
    (only,) = [row for row in isp("plugins", "list").rows if row["plugin"] == name]
    return only


@pytest.mark.acceptance("Z07")
def test_a_vendor_disabled_by_command_is_not_called_sells_nothing_and_stays_visible(isp: Isp, gateway: GatewaySandbox) -> None:
    _has_gateway(isp, gateway)
    isp.sells("av", "150")
    isp.sells("office", "10", vendor="office")
    antivirus, office = isp.subscriber("42", "av", "office", left="1000")
    isp("converge")
    isp.vendor.new_calls()

    assert isp("plugins", "disable", "avdesk").row == {"vendor": "avdesk", "enabled": False, "changed": True}
    assert isp("order", "42", "av", exits=1).row["error"] == "vendor_disabled"
    isp.at = MARCH_10
    isp.hears("blocked", "42")
    assert isp.vendor.new_calls() == []
    assert isp.at_vendor(office) == "suspended", "the other vendor goes on"
    shown = {row["id"]: (row["status"], row["vendor_state"]) for row in isp("subscriptions", "list").rows}
    assert shown[antivirus] == ("running", "suspending")
    assert _plugin(isp, "avdesk")["vendors"] == [{"vendor": "avdesk", "state": "disabled", "note": ""}]

    assert isp("plugins", "enable", "avdesk").row == {"vendor": "avdesk", "enabled": True, "changed": True}
    isp("converge")
    assert isp.at_vendor(antivirus) == "suspended", "what was wanted meanwhile is delivered"


@pytest.mark.acceptance("Z07")
def test_the_billings_runs_go_on_for_the_subscriptions_of_a_disabled_vendor(isp: Isp) -> None:
    isp.sells("av", "150")
    (paid,) = isp.subscriber("42", "av", left="150")
    (unpaid,) = isp.subscriber("43", "av", left="0")
    isp("converge")
    isp("plugins", "disable", "avdesk")
    isp.vendor.new_calls()
    isp.at = APRIL
    isp("worker", "--once")
    assert (isp.balance("42"), isp.balance("43")) == ("0.00", "0.00")
    assert (isp.held_by(paid), isp.held_by(unpaid)) == ("", "forecast")
    assert isp.vendor.new_calls() == []


@pytest.mark.acceptance("Z07")
def test_a_plugin_that_raises_in_every_call_stops_no_other_vendor_and_no_run(isp: Isp) -> None:
    isp.gets_plugin("broken", RAISES_ON_EVERY_CALL)
    isp.sells("av", "100")
    isp.sells("bad", "10", vendor="broken")
    good, bad = isp.subscriber("42", "av", "bad", left="110")
    isp.at = APRIL
    isp("worker", "--once")
    assert isp.balance("42") == "0.00", "both were charged for April"
    isp.hears("blocked", "42")
    assert isp.at_vendor(good) == "suspended"

    isp("plugins", "disable", "broken")
    isp.hears("unblocked", "42")
    assert isp.at_vendor(good) == "active"
    assert isp.subscription(bad)["status"] == "running", "it stays visible"


@pytest.mark.acceptance("Z07")
def test_a_plugin_that_does_not_load_is_listed_with_its_error_and_the_others_work(isp: Isp) -> None:
    isp.gets_plugin("rotten", RAISES_ON_IMPORT)
    isp.sells("av", "150")
    isp.subscriber("42", "av", left="0")
    isp("converge")
    assert len(isp.vendor.stations("42")) == 1

    rotten, ours = _plugin(isp, "rotten"), _plugin(isp, "avdesk")
    assert rotten["error"] == "RuntimeError: the plugin's own library is missing"
    assert (rotten["hooks"], rotten["capabilities"], rotten["version"]) == ([], None, "file")
    assert rotten["source"] == str(isp.folder / "plugins" / "rotten.py")
    assert [(each["vendor"], each["state"]) for each in rotten["vendors"]] == [("rotten", "broken")]  # type: ignore[attr-defined]
    assert (ours["error"], ours["vendors"]) == ("", [{"vendor": "avdesk", "state": "works", "note": ""}])
    isp.refuses("plugins", "check", "rotten", exits=1, names="rotten is not fit for use")


def test_a_plugin_of_one_file_is_listed_checked_and_sold(isp: Isp) -> None:
    isp.gets_plugin("nod", WITHOUT_ENDLESS)
    row = _plugin(isp, "nod")
    assert (row["version"], row["error"]) == ("file", "")
    assert row["hooks"] == ["on_order", "on_charge", "on_block", "on_unblock"]
    assert row["capabilities"]["changes_quantity"] is True  # type: ignore[index]
    failed = [found["finding"] for found in isp("plugins", "check", "nod", exits=1).rows if found.get("result") == "fails"]
    assert failed[0] == "on_cancel, check_vendor not implemented; every licence needs it"
    isp.sells("nod", "10", vendor="nod")
    isp.opens("42", "100")
    isp.orders("42", "nod", plan="one_off")
    isp("converge")
    assert isp("subscriptions", "list").row["vendor_state"] == "active"


def test_a_vendor_is_proved_before_it_is_enabled(isp: Isp, gateway: GatewaySandbox) -> None:
    _has_gateway(isp, gateway, enabled="no")
    before = isp.file.read_text("utf-8")
    gateway.stop()
    refused = isp.refuses("plugins", "enable", "office", exits=1, names="The vendor office stays disabled")
    assert refused.row["error"] == "check_failed"
    assert "cannot be reached" in refused.err
    assert "--force" in refused.err
    assert isp.file.read_text("utf-8") == before

    gateway.start()
    assert "Restart the worker" in isp("plugins", "enable", "office", human=True).out
    assert isp.file.read_text("utf-8") == before.replace("enabled = no", "enabled = yes")
    assert isp("plugins", "enable", "office").row == {"vendor": "office", "enabled": True, "changed": False}


def test_a_vendor_that_is_enabled_already_is_proved_all_the_same(isp: Isp, gateway: GatewaySandbox) -> None:
    _has_gateway(isp, gateway)
    said = isp("plugins", "enable", "office", human=True).out
    assert said == "The vendor office is enabled already. Its settings are proved.\n"
    gateway.stop()
    refused = isp.refuses(
        "plugins", "enable", "office", exits=1, names="The vendor office is enabled already, but its check fails"
    )
    assert "cannot be reached" in refused.err
    forced = isp("plugins", "enable", "office", "--force", human=True)
    assert forced.out == "The vendor office is enabled already.\n"
    assert "warning: enabled although its check fails: vendor:" in forced.err


def test_a_vendor_that_is_down_can_be_enabled_by_force(isp: Isp, gateway: GatewaySandbox) -> None:
    _has_gateway(isp, gateway, enabled="no")
    gateway.stop()
    forced = isp("plugins", "enable", "office", "--force")
    assert forced.row["enabled"] is True
    assert "warning: enabled although its check fails: vendor:" in forced.err
    assert {row["vendor"]: row["state"] for row in isp("vendors", "list").rows}["office"] == "works"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("secret", "short", "should have at least 16 characters"),
        ("secret", "wrong-secret-of-somebody", "refused our credentials"),
    ],
)
def test_wrong_settings_are_told_and_the_vendor_stays_disabled(
    isp: Isp, gateway: GatewaySandbox, option: str, value: str, said: str
) -> None:
    _has_gateway(isp, gateway, enabled="no")
    isp.configure("vendor:office", **{option: value})
    refused = isp.refuses("plugins", "enable", "office", exits=1, names=said)
    assert value not in refused.err
    assert isp("vendors", "list").rows[-1]["state"] == "disabled"


@pytest.mark.parametrize(
    ("plugin", "said"), [("rotten", "rotten does not load: RuntimeError"), ("ghost", "There is no plugin 'ghost'")]
)
def test_a_vendor_whose_plugin_is_broken_or_missing_is_not_enabled(isp: Isp, plugin: str, said: str) -> None:
    isp.gets_plugin("rotten", RAISES_ON_IMPORT)
    isp.configure("vendor:rotten", plugin=plugin, enabled="no")
    isp.refuses("plugins", "enable", "rotten", exits=1, names=said)
    isp.sells("av", "150")


def test_enabling_and_disabling_are_in_the_audit(isp: Isp) -> None:
    isp("plugins", "disable", "avdesk")
    isp("plugins", "disable", "avdesk")
    isp("plugins", "enable", "avdesk")
    rows = [(row["field"], row["before"], row["after"], row["source"], row["why"]) for row in isp("audit").rows]
    assert rows == [
        ("enabled", "no", "yes", "admin", f"vendor avdesk enabled in {isp.file}"),
        ("enabled", "yes", "no", "admin", f"vendor avdesk disabled in {isp.file}"),
    ]


def test_a_file_that_cannot_be_written_leaves_nothing_in_the_audit(isp: Isp) -> None:
    isp.file = isp.file.rename(isp.folder / f"{'c' * 250}.ini")  # no room for a scratch file's name beside it
    before = isp.file.read_text("utf-8")
    isp.refuses("plugins", "disable", "avdesk", exits=1, names="cannot be written (File name too long)")
    assert isp("audit").rows == []
    assert isp.file.read_text("utf-8") == before


def test_the_configuration_keeps_its_comments_its_order_and_its_mode(isp: Isp) -> None:
    text = isp.file.read_text("utf-8").replace(
        "plugin = avdesk", "# ours since 2019\nplugin  =  avdesk\n; keep\n#enabled = yes"
    )
    isp.file.write_text(text, "utf-8")
    isp.file.chmod(0o640)
    isp("plugins", "disable", "avdesk")
    assert isp.file.read_text("utf-8") == text.replace("plugin  =  avdesk\n", "plugin  =  avdesk\nenabled = no\n")
    assert stat.S_IMODE(isp.file.stat().st_mode) == 0o640
    isp("plugins", "enable", "avdesk")
    assert isp.file.read_text("utf-8") == text.replace("plugin  =  avdesk\n", "plugin  =  avdesk\nenabled = yes\n")
    assert [path.name for path in isp.folder.iterdir() if path.name.startswith(".")] == [], "no scratch file is left"


def test_a_vendor_that_cannot_start_can_still_be_disabled(isp: Isp) -> None:
    isp.configure("vendor:avdesk", url="ftp://nowhere", surprise="1")
    assert isp("vendors", "list", exits=78)
    assert isp("plugins", "disable", "avdesk").row["changed"] is True
    assert isp("vendors", "list").row["state"] == "disabled"


def test_without_a_database_it_is_disabled_all_the_same_and_said_so(isp: Isp) -> None:
    isp.configure("database", url=f"sqlite:///{isp.folder / 'missing.db'}")
    done = isp("plugins", "disable", "avdesk")
    assert done.row["changed"] is True
    assert "warning: this is not in the audit: " in done.err
    assert "enabled = no" in isp.file.read_text("utf-8")
    listed = isp("plugins", "list")
    assert "warning: how the vendors fare is not known: " in listed.err
    assert {row["plugin"]: row["vendors"] for row in listed.rows}["avdesk"] == [
        {"vendor": "avdesk", "state": "disabled", "note": ""}
    ]


@pytest.mark.parametrize("command", ["enable", "disable"])
def test_a_vendor_without_a_section_is_named_with_those_that_have_one(isp: Isp, command: str) -> None:
    isp.refuses("plugins", command, "kasper", exits=2, names="add a section [vendor:kasper] (known: avdesk)")


def test_a_vendor_is_checked_by_a_harmless_call_whether_it_is_enabled_or_not(isp: Isp) -> None:
    for enabled in ("yes", "no"):
        isp.configure("vendor:avdesk", enabled=enabled)
        rows = isp("plugins", "check", "avdesk").rows
        assert {row["result"] for row in rows} == {"works"}
        assert [row["what"] for row in rows][:5] == ["plugin", "hooks", "options", "settings", "capabilities"]
        assert rows[5]["finding"].startswith("AV-Desk ")
    assert isp.vendor.stations() == []


def test_an_unknown_name_is_told_with_the_plugins_that_are_known(isp: Isp) -> None:
    isp.refuses("plugins", "check", "kasper", exits=2, names="There is no plugin 'kasper' (installed: aircall, ajax, avdesk")
