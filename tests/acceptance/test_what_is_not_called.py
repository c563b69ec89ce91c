"""What an admin is told of vendors that get no call: their next try, disabled, broken, or without a section."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from acceptance.command import COMMAND, Result
from acceptance.kit import Isp
from acceptance.plugins import BY_HAND, RAISES_ON_EVERY_CALL, RAISES_ON_IMPORT


def _loses_its_section(isp: Isp, vendor: str) -> None:
    del isp.config[f"vendor:{vendor}"]
    isp.write_config()


def test_plan_says_what_converge_says_while_a_failed_call_waits_for_its_next_try(isp: Isp) -> None:
    isp.sells("av", "1")
    isp.subscriber("42", "av", left="0")
    nothing = "The vendors have what is wanted: no calls."
    isp.vendor.goes_wrong("unavailable_503")
    assert isp("converge").row["failed"] == 1
    planned = isp("plan", human=True).out.strip()
    assert planned.startswith("No call is due now, but licences wait (1 of avdesk): for their next try")
    assert isp("converge", human=True).out.strip() == planned
    isp.at = "2026-03-01T01:00:00+00:00"
    isp("converge")
    assert isp("plan", human=True).out.strip() == isp("converge", human=True).out.strip() == nothing


def test_plan_lists_no_call_that_would_not_be_made_and_says_what_it_leaves_out(isp: Isp) -> None:
    isp.gets_plugin("old", BY_HAND)
    isp.gets_plugin("rotten", BY_HAND)
    for vendor in ("avdesk", "old", "rotten"):
        isp.sells(vendor, "1", vendor=vendor)
    isp.subscriber("42", "avdesk", "old", "rotten", left="0")
    isp.subscriber("43", "old", left="0")
    assert {row["vendor"] for row in isp("plan").rows} == {"avdesk", "old", "rotten"}

    _loses_its_section(isp, "old")
    isp.configure("vendor:rotten", plugin="not-installed")
    assert [row["vendor"] for row in isp("plan").rows] == ["avdesk"]
    left_out = "3 licences are not called about: 2 of old (no section), 1 of rotten (broken). See: isp-addons vendors list"
    assert isp("plan", human=True).out.splitlines()[-1] == left_out

    isp.configure("vendor:avdesk", enabled="no")
    assert isp("plan").rows == []
    assert isp("plan", human=True).out.splitlines() == [
        "No call is due now.",
        "4 licences are not called about: 1 of avdesk (disabled), 2 of old (no section), 1 of rotten (broken)."
        " See: isp-addons vendors list",
    ]
    assert isp("converge", human=True).out == isp("plan", human=True).out
    assert isp.vendor.new_calls() == []


def test_why_a_call_failed_stands_beside_the_vendor_while_it_waits_for_its_next_try(isp: Isp) -> None:
    isp.sells("av", "1")
    isp.subscriber("42", "av", left="0")
    isp.vendor.goes_wrong("unavailable_503")
    isp("converge")
    row = isp("vendors", "list").row
    assert (row["state"], row["waiting"]) == ("unsteady", 1)
    assert "is not available. (HTTP 503)" in row["note"]
    isp.at = "2026-03-01T01:00:00+00:00"
    isp("converge")
    row = isp("vendors", "list").row
    assert (row["state"], row["waiting"], row["note"]) == ("works", 0, "")


def test_a_defect_of_a_plugin_stands_beside_its_vendor(isp: Isp) -> None:
    isp.gets_plugin("broken", RAISES_ON_EVERY_CALL)
    isp.sells("bad", "1", vendor="broken")
    isp.subscriber("42", "bad", left="0")
    isp("converge")
    note = {row["vendor"]: row["note"] for row in isp("vendors", "list").rows}["broken"]
    assert "The plugin of vendor broken raised ZeroDivisionError: a defect of the plugin" in note


def test_a_vendor_that_lost_its_section_is_listed_as_missing_until_nothing_is_its(isp: Isp) -> None:
    isp.gets_plugin("old", BY_HAND)
    isp.gets_plugin("shelf", BY_HAND)
    isp.sells("box", "1", vendor="old")
    isp.sells("jar", "1", vendor="shelf")
    (subscription,) = isp.subscriber("42", "box", left="0")
    _loses_its_section(isp, "old")
    _loses_its_section(isp, "shelf")

    rows = {row["vendor"]: row for row in isp("vendors", "list").rows}
    assert list(rows) == ["avdesk", "old", "shelf"]
    step = "add [vendor:old] again, or cancel its subscriptions and close its products"
    assert (rows["old"]["state"], rows["old"]["waiting"], step in rows["old"]["note"]) == ("missing", 1, True)
    assert (rows["shelf"]["state"], rows["shelf"]["waiting"]) == ("missing", 0), "a product of it is on sale"
    warned = [row for row in isp("doctor").rows if row["result"] == "warns"]
    assert [row["what"] for row in warned] == ["vendor old", "vendor shelf"]
    assert step in warned[0]["finding"]

    isp("products", "on-sale", "box", "--no")
    isp("products", "on-sale", "jar", "--no")
    assert [row["vendor"] for row in isp("vendors", "list").rows] == ["avdesk", "old"], "its licence is still wanted"
    isp("cancel", str(subscription), "--now")
    assert [row["vendor"] for row in isp("vendors", "list").rows] == ["avdesk"], "it was never ordered, and is not wanted"
    assert [row for row in isp("doctor").rows if row["result"] == "warns"] == []


def test_a_plugin_that_does_not_load_is_one_line_of_every_command_and_its_traceback_is_for_debug(isp: Isp) -> None:
    isp.gets_plugin("rotten", RAISES_ON_IMPORT)
    for words in (["plan"], ["vendors", "list"], ["plugins", "list"]):
        (line,) = isp(*words).err.splitlines()
        assert "the plugin rotten does not load: RuntimeError: the plugin's own library is missing" in line
        assert "Traceback" not in line
    isp.configure("isp-addons", log_level="debug")
    assert "Traceback" in isp("plan").err


def test_tasks_of_a_vendor_that_is_not_there_are_not_just_none(isp: Isp) -> None:
    isp.refuses("tasks", "list", "--vendor", "nosuch", exits=2, names="There is no vendor 'nosuch'")
    isp.configure("vendor:avdesk", enabled="no")
    assert isp("tasks", "list", "--vendor", "avdesk").rows == []


def _on_a_terminal(isp: Isp, *words: str, columns: int) -> str:
    """What the installed command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    try:
        environment = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb"}
        command = [str(COMMAND), "--config", str(isp.file), "--at", isp.at, *words]
        subprocess.run(command, stdout=theirs, env=environment, timeout=60, check=True)
        return os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("words", [("tasks", "list"), ("plan",)])
def test_a_licence_stays_in_one_piece_on_a_narrow_terminal(isp: Isp, words: tuple[str, ...]) -> None:
    isp.gets_plugin("people", BY_HAND)
    isp.sells("box", "1", vendor="people")
    isp.subscriber("contract-with-a-very-long-number-00000000000042", "box", left="0")
    if words == ("tasks", "list"):
        isp("converge")
    key = isp(*words).row["licence"]

    shown = _on_a_terminal(isp, *words, columns=80)

    assert key in shown
    assert "contract-with-a-very-long-number-00000000000042" in shown, "a row that does not fit is told line by line"


def test_a_plugin_that_others_may_write_is_warned_of(isp: Isp) -> None:
    isp.gets_plugin("nod", BY_HAND)
    folder, file = isp.folder / "plugins", isp.folder / "plugins" / "nod.py"
    folder.chmod(0o755)
    file.chmod(0o644)
    assert _warnings(isp("plugins", "list"), file) == 0
    file.chmod(0o664)
    assert _warnings(isp("plugins", "list"), file) == 1
    checked = [row["finding"] for row in isp("plugins", "check", "nod", exits=1).rows if row.get("result") == "warns"]
    warned = [row["finding"] for row in isp("doctor").rows if row["result"] == "warns"]
    assert warned == checked == [_warning(file)]
    file.chmod(0o644)
    folder.chmod(0o757)
    assert _warnings(isp("plugins", "list"), folder) == 1, "whoever may write the folder can replace the file"


def _warning(path: Path) -> str:
    return f"others may write {path}, and what is in it runs with all rights of isp-addons; run: chmod go-w {path}"


def _warnings(result: Result, path: Path) -> int:
    return result.err.count(f"warning: {_warning(path)}\n")
