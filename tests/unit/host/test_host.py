"""Finding and enabling plugins: one at a time, and one that is broken is listed and disturbs nobody."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from isp_addons.clock import SystemClock
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.host import Host, VendorSection

GOOD = """
from __future__ import annotations
from dataclasses import dataclass
from pydantic import Field
from isp_addons.vendor_api import Capabilities, Done, LicenceView, Secret, SuspendKind, VendorOptions, VendorPlugin, hookimpl

@dataclass
class Note:
    text: str | None = None

class Options(VendorOptions):
    password: Secret = Field(default=Secret("pa55word"), description="The password.")

class Good(VendorPlugin[Options]):
    Options = Options
    capabilities = Capabilities(suspends=SuspendKind.STATE)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        return Done()
"""

Write = Callable[..., Host]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write plugins of one file each, and make a host with a vendor of the same name for each."""

    def make(*, disabled: tuple[str, ...] = (), **sources: str) -> Host:
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        sections = [VendorSection(name, name, name not in disabled, None) for name in sources]
        return Host(sections, clock=SystemClock(), plugins_dir=tmp_path)

    return make


def _errors(host: Host) -> dict[str, str]:
    return {status.name: status.error for status in host.statuses()}


def test_installed_plugins_are_found_by_their_entry_point() -> None:
    host = Host((), clock=SystemClock())
    assert host.plugins()["avdesk"].version != "file"
    assert host.plugin_class("avdesk").__name__ == "AvDesk"


def test_a_plugin_of_one_file_is_found_beside_them_whatever_its_annotations_look_like(write: Write) -> None:
    host = write(good=GOOD)
    assert {"avdesk", "good"} <= set(host.plugins())
    assert host.vendor("good").hooks == ("on_block",)
    assert _errors(host) == {"good": ""}


def test_a_file_is_executed_once_so_that_its_classes_are_the_same_everywhere(write: Write) -> None:
    host = write(good=GOOD)
    again = Host((), clock=SystemClock(), plugins_dir=host._plugins_dir)
    assert host.plugin_class("good") is again.plugin_class("good")


def test_files_that_begin_with_an_underscore_are_no_plugins(write: Write) -> None:
    assert "_shared" not in write(good=GOOD, _shared="raise RuntimeError").plugins()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('its library is missing')", "RuntimeError: its library is missing"),
        ("import sys; sys.exit(4)", "SystemExit: 4"),
        ("class Good(:", "SyntaxError"),
        ("import a_library_that_nobody_has", "No module named 'a_library_that_nobody_has'"),
        ("x = 1", "must define exactly one VendorPlugin class, found 0"),
        (GOOD + "\nclass Second(Good): pass", "found 2"),
        (GOOD.replace("def on_block", "def on_blokc"), "unknown hook 'on_blokc'"),
        (GOOD.replace("licence: LicenceView", "licences: LicenceView"), "licences"),
        (GOOD.replace("capabilities = Capabilities(suspends=SuspendKind.STATE)", "capabilities = None"), "capabilities"),
        (
            GOOD + "\n    def __init__(self, context): raise ValueError(context.options.password.get_secret_value())",
            "ValueError: *",
        ),
    ],
)
def test_a_broken_plugin_is_listed_with_its_error_and_the_others_go_on(write: Write, source: str, said: str) -> None:
    host = write(rotten=source, good=GOOD)
    assert [vendor.name for vendor in host.usable()] == ["good"]
    errors = _errors(host)
    assert said in errors["rotten"]
    assert errors["good"] == ""
    with pytest.raises(Refused, match="rotten cannot be used"):
        host.vendor("rotten")


def test_a_plugin_that_does_not_load_is_one_line_in_the_log_and_at_debug_it_says_where(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host = write(rotten="raise RuntimeError('its library\\nis missing')")
    for _ in range(2):
        assert host.usable() == ()
        assert host.try_plugin_class("rotten") is None
    sentence, where = caplog.records
    assert (sentence.levelno, where.levelno) == (logging.ERROR, logging.DEBUG)
    assert sentence.getMessage() == "the plugin rotten does not load: RuntimeError: its library is missing"
    assert sentence.exc_info is None
    assert 'rotten.py", line 1' in where.getMessage()


def test_what_another_host_could_not_load_is_listed_and_not_tried_again(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    first = write(rotten="raise RuntimeError('its library is missing')")
    first.try_plugin_class("rotten")
    said = caplog.text
    second = Host(
        [VendorSection("rotten", "rotten", True, None)],
        clock=SystemClock(),
        plugins_dir=first._plugins_dir,
        load_errors=first.load_errors,
    )
    assert "its library is missing" in _errors(second)["rotten"]
    assert caplog.text == said


def test_a_plugin_that_is_not_installed_is_listed(write: Write) -> None:
    host = write()
    host = Host([VendorSection("ghost", "ghost", True, None)], clock=SystemClock())
    assert "There is no plugin 'ghost' (installed: aircall, ajax, avdesk" in _errors(host)["ghost"]
    assert host.usable() == ()


def test_a_disabled_plugin_is_not_even_imported(write: Write, tmp_path: Path) -> None:
    trace = tmp_path / "imported"
    source = f"from pathlib import Path\nPath({str(trace)!r}).touch()\n{GOOD.replace('from __future__ import annotations', '')}"
    host = write(disabled=("off",), off=source, good=GOOD)
    assert [vendor.name for vendor in host.usable()] == ["good"]
    assert not trace.exists()
    with pytest.raises(Refused, match="is disabled"):
        host.vendor("off")


def test_one_vendor_is_loaded_without_the_others(write: Write, tmp_path: Path) -> None:
    trace = tmp_path / "imported"
    source = f"from pathlib import Path\nPath({str(trace)!r}).touch()\n{GOOD.replace('from __future__ import annotations', '')}"
    host = write(other=source, good=GOOD)
    host.vendor("good")
    assert not trace.exists()


def test_an_unknown_vendor_is_named_with_those_that_are_known(write: Write) -> None:
    with pytest.raises(NotFound, match=r"no vendor 'typo'.*known: good"):
        write(good=GOOD).vendor("typo")


def test_a_plugin_is_made_once_however_many_threads_ask_for_it(write: Write) -> None:
    host = write(good=GOOD)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(host.vendor("good").plugin)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(map(id, found))) == 1


def test_a_plugin_that_does_not_close_keeps_no_other_from_closing(write: Write, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    host = write(
        bad=GOOD + "\n    def close(self): raise RuntimeError('stuck')",
        good=GOOD + f"\n    def close(self): open({str(closed)!r}, 'w').close()",
    )
    assert len(host.usable()) == 2
    host.close()
    assert closed.exists()
