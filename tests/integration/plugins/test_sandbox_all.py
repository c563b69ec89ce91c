"""All stand-ins together, each on a port of its own, until Ctrl-C."""

import http.client
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acceptance.command import COMMAND, run_here
from isp_addons.clock import SystemClock
from isp_addons.host import Host
from servers.doors import Doors

_ROW = re.compile(r"^ *(\w+) +http://127\.0\.0\.1:(\d+)(\S*) +(\S.*)$", re.MULTILINE)


@contextmanager
def _running(folder: Path, *words: str) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """The command, once it has shown what runs."""
    with subprocess.Popen([COMMAND, "sandbox", *words], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            printed = ""
            for line in process.stdout:
                printed += line
                if line.startswith(("Stop them with", "Its doors:")):
                    break
            yield process, printed
        finally:
            process.kill()


def _with_stand_in() -> set[str]:
    host = Host((), clock=SystemClock())
    found = set()
    for name in host.plugins():
        try:
            host.plugin_class(name).sandbox()
        except NotImplementedError:
            continue
        found.add(name)
    return found


def test_every_plugin_with_a_stand_in_answers_at_its_own_port_and_ctrl_c_stops_all(tmp_path: Path) -> None:
    with _running(tmp_path, "all", "--port", "0") as (process, printed):
        urls = {name: int(port) for name, port, *_ in _ROW.findall(printed)}
        assert urls.keys() == _with_stand_in()
        assert len(set(urls.values())) == len(urls) >= 4
        for port in urls.values():
            assert Doors(f"http://127.0.0.1:{port}", SystemClock())("GET", "calls")["calls"] == []
        assert "login = isp, password = sandbox" in printed
        assert f":{urls['kaspersky']}/soap/upi " in printed, "the whole address that a section needs"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "Stopped.\n"
        for port in urls.values():
            with pytest.raises(ConnectionRefusedError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()


@pytest.mark.parametrize("name", sorted(_with_stand_in()))
def test_what_one_stand_in_prints_is_a_section_with_which_the_vendor_works(tmp_path: Path, name: str) -> None:
    head = "[isp-addons]\nspool = spool\n[database]\nurl = sqlite:///a.db\n[billing]\nadapter = ledger\n"
    file = tmp_path / "isp-addons.ini"
    with _running(tmp_path, name, "--port", "0") as (_, printed):
        sentence, section, doors = printed.split("\n\n")
        file.write_text(f"{head}{section}\n", encoding="utf-8")
        file.chmod(0o600)

        checked = run_here("--config", str(file), "plugins", "check", name, "--json")

        assert [row["finding"] for row in checked.rows if row.get("result") != "works"] == []
        assert sentence.startswith(f"The stand-in of {name} answers at http://127.0.0.1:")
        assert Doors(doors.split()[-1].removesuffix("/sandbox/"), SystemClock())("GET", "licences") == {"licences": []}


def test_ports_are_counted_upwards_and_a_taken_one_stops_all_that_had_begun() -> None:
    with _taken_with_a_free_one_below() as port:
        done = run_here("sandbox", "all", "--port", str(port - 1))
        assert done.code == 1
        assert f"The port {port} of 127.0.0.1 cannot be used" in done.err
        with socket.socket() as first:
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            first.bind(("127.0.0.1", port - 1))


@contextmanager
def _taken_with_a_free_one_below() -> Iterator[int]:
    for _ in range(50):
        with socket.socket() as taken, socket.socket() as below:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            try:
                below.bind(("127.0.0.1", port - 1))
            except OSError:
                continue
            below.close()
            yield port
            return
    pytest.fail("there are no two free ports side by side")


def test_settings_of_one_stand_in_are_not_given_to_all() -> None:
    done = run_here("sandbox", "all", "--set", "secret=x")
    assert (done.code, "name its plugin instead of all" in done.err) == (2, True)


def test_a_plugin_that_is_not_there_is_named() -> None:
    done = run_here("sandbox", "kasper")
    assert (done.code, "There is no plugin 'kasper'" in done.err) == (2, True)
