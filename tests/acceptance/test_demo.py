"""The demo, run as people run it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from isp_addons.domain.problem import Problem, Refused
from isp_addons.sandbox import demo_stand_ins
from isp_addons.sandbox.demo_doors import Doors
from isp_addons.sandbox.demo_stage import MARK, Folder
from isp_addons.sandbox.demo_stand_ins import StandInProcess, StandIns
from isp_addons.sandbox.demo_witness import Witness

PROGRAM = str(Path(sys.executable).with_name("isp-addons"))
LIMIT_SECONDS = 150
CHECKS = 13
NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)


@pytest.fixture
def kept_demo(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", str, float]]:
    """A demo that has played its month and leaves the vendors running: the process, what it printed, the seconds it took."""
    began = time.monotonic()
    with _started(tmp_path, "demo", "--keep") as process:
        printed = _printed_until(process, "Ctrl-C ends them")
        yield process, printed, time.monotonic() - began


@contextmanager
def _started(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The program in a process of its own, ended in order so that its stand-ins end with it."""
    with subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        preexec_fn=_hears_ctrl_c,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(90)
            except subprocess.TimeoutExpired:
                process.kill()


def _hears_ctrl_c() -> None:
    """Tests that are run in the background have no Ctrl-C, and would pass that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _printed_until(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


@pytest.mark.timeout(240)
def test_the_demo_plays_a_month_proves_it_and_leaves_something_to_look_at(
    kept_demo: tuple["subprocess.Popen[str]", str, float], tmp_path: Path
) -> None:
    process, printed, took = kept_demo
    assert printed.count("✓") == CHECKS, printed
    assert "✗" not in printed
    assert "equals the expected answer for 1,960 accounts" in printed
    for answer in ("show", "confirm", "could-not", "ask-again"):
        assert f"isp-addons tasks {answer}" in printed
    assert took < LIMIT_SECONDS

    held = _isp_addons(tmp_path, "subscriptions", "list", "--held-by", "forecast", "--limit", "1000")
    assert held
    assert all("forecast" in row["holds"] for row in held)
    assert _isp_addons(tmp_path, "reconcile") == []
    assert _isp_addons(tmp_path, "tasks", "list") == []
    avdesk, eset = re.findall(r" at (http://127\.0\.0\.1:\d+)", printed.rpartition("goes on")[2])
    expected = {("avdesk", _open_a_blocked_one_at_avdesk(avdesk)), ("eset", _resume_a_suspended_one_at_eset(eset))}
    drift = _isp_addons(tmp_path, "reconcile")
    assert {(row["vendor"], row["licence"]) for row in drift} == expected
    assert {row["kind"] for row in drift} == {"active_there_wanted_suspended"}

    process.send_signal(signal.SIGINT)
    assert process.wait(90) == 0
    assert [_answers(url) for url in (avdesk, eset)] == [False, False]
    assert _isp_addons(tmp_path, "plan") == []


def _open_a_blocked_one_at_avdesk(url: str) -> str:
    witness, doors = Witness(url, at=NOW), Doors(url, at=NOW)
    blocked = next(each.id for each in witness.stations().values() if each.meaning(NOW) == "blocked")
    doors.send("POST", f"stations/{blocked}", {"block_begin": None, "block_end": None})
    witness.close()
    doors.close()
    return blocked


def _resume_a_suspended_one_at_eset(url: str) -> str:
    doors = Doors(url, at=NOW)
    suspended = next(row for row in doors.get("licences")["licences"] if row["state"] == "suspended")
    doors.send("POST", f"licenses/{suspended['id']}", {"suspended": False})
    doors.close()
    return str(suspended["key"])


def _answers(url: str) -> bool:
    with socket.socket() as knocking:
        knocking.settimeout(2)
        return knocking.connect_ex(("127.0.0.1", urlsplit(url).port)) == 0


def _isp_addons(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    config = folder / "demo" / "isp-addons.ini"
    command = [PROGRAM, "--config", str(config), "--at", NOW.isoformat(), *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_no_stand_in_behind(number: signal.Signals, tmp_path: Path) -> None:
    with _started(tmp_path, "demo") as process:
        printed = _printed_until(process, "The shop opens")
        urls = re.findall(r"at (http://127\.0\.0\.1:\d+)", printed)
        assert [_answers(url) for url in urls] == [True, True]
        process.send_signal(number)
        assert process.wait(90) != 0
    assert [_answers(url) for url in urls] == [False, False]


def test_a_stand_in_that_does_not_start_takes_the_others_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Noted(StandInProcess):
        def __init__(self, plugin: str, log: Path) -> None:
            super().__init__(plugin, log)
            started.append(self.pid)

    monkeypatch.setattr(demo_stand_ins, "StandInProcess", Noted)
    monkeypatch.setattr(demo_stand_ins, "STAND_INS", ("avdesk", "no-such"))
    with pytest.raises(Problem, match=r"The stand-in of no-such does not start; see .*no-such\.log"):
        StandIns(tmp_path)
    assert len(started) == 2
    assert [_runs(pid) for pid in started] == [False, False]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    command = [PROGRAM, "demo", "--folder", "mine"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "mine exists and was not made by a demo. Name another folder with --folder" in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter"]


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(Refused, match="not made by a demo"):
        Folder(tmp_path / "demo").prepare()


def test_an_earlier_demos_folder_is_emptied_but_not_what_its_links_lead_to(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "letter").write_text("dear")
    folder = Folder(tmp_path / "demo")
    folder.prepare()
    (folder.path / "utm5.db").write_text("old")
    (folder.path / "link").symlink_to(elsewhere)
    folder.prepare()
    assert sorted(path.name for path in folder.path.iterdir()) == [MARK, "spool"]
    assert (elsewhere / "letter").exists()
