"""The demo, run as people run it; its checks on tampered states; its witness beside a real stand-in."""

import dataclasses
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.problem import Refused
from isp_addons.sandbox.demo_checks import Evidence, Forecast, Licence, all_checks
from isp_addons.sandbox.demo_stage import MARK, Folder
from isp_addons.sandbox.demo_witness import Pass, Station, Witness
from isp_addons.vendor_api.http import VendorSession
from isp_addons_avdesk.sandbox import AvDeskSandbox

PROGRAM = str(Path(sys.executable).with_name("isp-addons"))
LIMIT_SECONDS = 90
NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)


# --- the command -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept_demo(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", str, float]]:
    """A demo that has played its month and leaves the vendor running: the process, what it printed, the seconds it took."""
    began = time.monotonic()
    command = [PROGRAM, "demo", "--keep"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line)
                if "Ctrl-C ends it" in line:
                    break
            yield process, "".join(lines), time.monotonic() - began
        finally:
            process.kill()


def test_the_demo_plays_a_month_proves_it_and_leaves_something_to_look_at(
    kept_demo: tuple["subprocess.Popen[str]", str, float], tmp_path: Path
) -> None:
    process, printed, took = kept_demo
    assert printed.count("✓") == 9, printed
    assert "✗" not in printed
    assert "equals the expected answer for 1,960 accounts" in printed
    assert took < LIMIT_SECONDS

    held = _isp_addons(tmp_path, "subscriptions", "list", "--held-by", "forecast", "--limit", "1000")
    assert held
    assert all("forecast" in row["holds"] for row in held)
    assert _isp_addons(tmp_path, "reconcile") == []
    [url] = set(re.findall(r"goes on at (http://\S+)", printed))
    witness = Witness(url, at=NOW)
    session = VendorSession(url, clock=ReplayClock(NOW))
    blocked = next(each.id for each in witness.stations().values() if each.meaning(NOW) == "blocked")
    session.send("POST", f"/sandbox/stations/{blocked}", action="open it", changes=True, data=b'{"block_begin": null}')
    session.send("POST", f"/sandbox/stations/{blocked}", action="open it", changes=True, data=b'{"block_end": null}')
    witness.close()
    session.close()
    assert [(row["licence"], row["kind"]) for row in _isp_addons(tmp_path, "reconcile")] == [
        (blocked, "active_there_wanted_suspended")
    ]

    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert _isp_addons(tmp_path, "plan") == []


def _isp_addons(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    config = folder / "demo" / "isp-addons.ini"
    command = [PROGRAM, "--config", str(config), "--at", NOW.isoformat(), *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


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


# --- the checks see what is wrong ------------------------------------------------------------------------------------------


def _station(name: str, *, blocked: bool = False, deleted: bool = False) -> Station:
    begin, end = (NOW - timedelta(days=1), NOW + timedelta(days=364)) if blocked else (None, None)
    return Station(name, "1001", deleted, begin, end)


def _pass(**changes: Any) -> Pass:
    quiet = Pass(became=Counter(ordered=2), reads=0, failed=0, lost=0, calls=(), doubled=(), secret=())
    return dataclasses.replace(quiet, **changes)


HONEST = Evidence(
    at=NOW,
    stations={"on": _station("on"), "held": _station("held", blocked=True)},
    ordered=frozenset({"on", "held"}),
    calls={"stations/add": 2, "stations/change": 1},
    passes=[_pass()],
    licences=[
        Licence("on", "active", "active"),
        Licence("held", "suspended", "suspended"),
        Licence("x", "suspended", "absent"),
    ],
    left={1: Decimal(0), 2: Decimal("12.50"), 3: Decimal("-7.00")},
    below=frozenset({9}),
    unlimited=frozenset({3}),
    hooks_fired=5,
    events_handled=5,
    spooled=0,
    drift=[],
    given_up=[],
    forecast=Forecast(compared=10, different=()),
    changed_their_minds=(3, 0),
)

SABOTAGE: dict[str, tuple[dict[str, Any], str]] = {
    "a station deleted": (
        {"stations": {**HONEST.stations, "held": _station("held", blocked=True, deleted=True)}},
        "deleted nothing",
    ),
    "a station vanished": ({"stations": {"on": _station("on")}}, "deleted nothing"),
    "a call to delete": ({"calls": {"stations/delete": 1}}, "deleted nothing"),
    "a suspended one opened": ({"stations": {**HONEST.stations, "held": _station("held")}}, "suspended licences"),
    "an active one blocked": ({"stations": {**HONEST.stations, "on": _station("on", blocked=True)}}, "active licences"),
    "an add-on too many": ({"left": {1: Decimal("-0.01")}}, "Nobody is negative"),
    "a call doubled": ({"passes": [_pass(doubled=("on",))]}, "No call was doubled"),
    "a change that nobody asked for": ({"passes": [_pass(secret=("on",))]}, "No call was doubled"),
    "a call for nothing": ({"changed_their_minds": (3, 1)}, "before the vendor heard"),
    "a wrong forecast": ({"forecast": Forecast(compared=10, different=("1001",))}, "forecast equals"),
    "an event lost": ({"events_handled": 4}, "Nothing is lost"),
    "an event left in the spool": ({"spooled": 1}, "Nothing is lost"),
    "a difference": ({"drift": [{"licence": "on", "kind": "missing_there"}]}, "Reconciling finds 1"),
    "a call given up": ({"given_up": [{"licence": "on"}]}, "1 calls given up"),
}


def test_an_honest_month_passes_every_check() -> None:
    assert [check.text for check in all_checks(HONEST) if not check.holds] == []


@pytest.mark.parametrize("what", SABOTAGE)
def test_sabotage_fails_a_check_that_names_it(what: str) -> None:
    changes, names = SABOTAGE[what]
    failed = [check.text for check in all_checks(dataclasses.replace(HONEST, **changes)) if not check.holds]
    assert any(names in text for text in failed), failed


def test_a_month_in_which_nothing_happened_proves_nothing() -> None:
    empty = dataclasses.replace(
        HONEST,
        stations={},
        ordered=frozenset(),
        passes=[],
        licences=[],
        left={},
        hooks_fired=0,
        events_handled=0,
        forecast=Forecast(compared=0, different=()),
        changed_their_minds=(0, 0),
    )
    assert sum(not check.holds for check in all_checks(empty)) >= 7


# --- the witness sees what the vendor was told -----------------------------------------------------------------------------


@pytest.fixture
def vendor() -> Iterator[AvDeskSandbox]:
    with AvDeskSandbox() as server:
        yield server


@pytest.fixture
def call(vendor: AvDeskSandbox) -> Iterator[Callable[..., None]]:
    """Make one call of the vendor's Web API, as the product would."""
    session = VendorSession(vendor.url, clock=ReplayClock(NOW), auth=("admin", "sandbox"))
    yield lambda script, **given: session.send(
        "GET", f"/api/{script}.ds", action=script, changes=True, params={name.replace("_", "-"): v for name, v in given.items()}
    )
    session.close()


@pytest.fixture
def witness(vendor: AvDeskSandbox) -> Iterator[Witness]:
    found = Witness(vendor.url, at=NOW)
    yield found
    found.close()


BLOCK = {"block_begin": "20261202090000", "block_end": "20271202090000"}


def test_the_witness_tells_what_became_of_each_station(witness: Witness, call: Callable[..., None]) -> None:
    call("stations/add", id="a")
    call("stations/add", id="b")
    assert witness.look(NOW).became == {"ordered": 2}
    call("stations/change", id="a", **BLOCK)
    call("stations/change", id="b", block_begin="20261231210000", block_end="20271231210000")
    assert witness.look(NOW).became == {"suspended": 1, "dated": 1}
    assert witness.look(NOW).became == {}
    call("stations/change", id="a", block_begin="0", block_end="0")
    call("stations/delete", id="b")
    last = witness.look(NOW)
    assert last.became == {"resumed": 1, "deleted": 1}
    assert [(each.doubled, each.secret) for each in witness.passes] == [((), ())] * 4
    assert witness.ordered == {"a", "b"}
    assert witness.counts()["stations/delete"] == 1


def test_the_witness_sees_a_doubled_call(witness: Witness, call: Callable[..., None]) -> None:
    call("stations/add", id="a")
    call("stations/change", id="a", **BLOCK)
    assert witness.look(NOW).doubled == ("a",)
    call("stations/change", id="a", **BLOCK)
    assert witness.look(NOW).doubled == ("a",)


def test_the_witness_sees_a_change_without_a_call(vendor: AvDeskSandbox, witness: Witness, call: Callable[..., None]) -> None:
    call("stations/add", id="a")
    witness.look(NOW)
    session = VendorSession(vendor.url, clock=ReplayClock(NOW))
    session.send("DELETE", "/sandbox/stations/a", action="vanish", changes=True)
    session.close()
    found = witness.look(NOW)
    assert (found.secret, found.became) == (("a",), {"deleted": 1})
