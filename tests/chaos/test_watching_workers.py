"""Workers that watch, as processes of their own: one is killed and another takes over, one is stopped and ends in order."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from chaos.world import CommandLine, World
from integration.convergence.house import Databases, House
from integration.convergence.stand_in import LOGIN, PASSWORD, StandIn
from isp_addons.clock import SystemClock
from isp_addons.store.engine import Store
from isp_addons.store.tables import Licence
from isp_addons_avdesk.sandbox import AvDeskSandbox

COMMAND = Path(sys.executable).with_name("isp-addons")
COUNT = 200


@pytest.fixture(scope="module")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    databases = Databases(request, tmp_path_factory.mktemp("databases"))
    yield databases
    databases.drop()


class Site:
    """Two hundred subscribers to be suspended at a vendor who takes his time, and workers that are told to watch."""

    def __init__(self, folder: Path, url: str, vendor: StandIn) -> None:
        self.vendor = vendor
        self.store = Store(url)
        self.world = World(folder, url, vendor, CommandLine())
        self.house = House(self.store, vendors={"avdesk": vendor.options}, clock=vendor.clock)
        self.keys = self.house.licences([str(number) for number in range(COUNT)], vendor="avdesk", wanted="suspended")
        vendor.has(*self.keys)
        self._workers: list[subprocess.Popen[bytes]] = []

    def worker(self, *words: str) -> "subprocess.Popen[bytes]":
        words = words or ("converge", "--watch")
        command = [str(COMMAND), "--config", str(self.world.file), *words]
        self._workers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self._workers[-1]

    def held_by(self, worker: "subprocess.Popen[bytes]") -> int:
        with self.store.read() as session:
            owners = session.scalars(select(Licence.lease_owner).where(Licence.lease_owner.contains(f"-{worker.pid}-")))
            return len(owners.all())

    def suspended(self) -> set[str]:
        """What our side believes."""
        with self.store.read() as session:
            return set(session.scalars(select(Licence.key).where(Licence.seen_state == "suspended")))

    def blocked(self) -> set[str]:
        """What is true."""
        return {key for key, station in self.vendor.stations().items() if station["state"] == "blocked"}

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self.world.close()
        self.house.close()
        self.store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Site]:
    with AvDeskSandbox(login=LOGIN, password=PASSWORD, latency=0.1) as server:
        site = Site(tmp_path, databases.fresh(request.param), StandIn(server, SystemClock()))
        yield site
        site.close()


def _until(true: Callable[[], bool], *, seconds: float) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + seconds, "it did not come true"
        time.sleep(0.02)
    return time.monotonic() - began


def test_a_worker_that_is_killed_is_succeeded_within_seconds_and_nothing_is_done_twice(site: Site) -> None:
    first, second = site.worker(), site.worker()
    _until(lambda: site.held_by(first) > 0 and site.held_by(second) > 0, seconds=30)
    first.send_signal(signal.SIGKILL)
    first.wait()
    held = site.held_by(first)
    took = _until(lambda: site.held_by(first) == 0, seconds=10)
    assert took < 5, f"{took:.1f} s"
    _until(lambda: len(site.suspended()) == COUNT, seconds=40)
    assert site.blocked() == set(site.keys)
    scripts = Counter((call["id"], call["script"]) for call in site.vendor.calls())
    assert all(scripts[key, "stations/change"] == 1 for key in site.keys), "each change once"
    assert sum(1 for key in site.keys if (key, "stations/info") in scripts) <= held, "only what it held was read again"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_its_calls_and_knows_how_they_ended(site: Site, number: signal.Signals) -> None:
    worker = site.worker()
    _until(lambda: len(site.suspended()) > 20, seconds=30)
    worker.send_signal(number)
    assert worker.wait(timeout=10) == 0
    assert site.held_by(worker) == 0
    assert site.suspended() == site.blocked(), "no answer is missing, none is made up"
    assert len(site.blocked()) < COUNT, "it did not work off the rest first"


def test_the_whole_worker_goes_on_without_its_spool_and_stops_in_order(site: Site) -> None:
    site.world.spool.rmdir()
    site.world.spool.write_text("in the way of the folder")
    worker = site.worker("worker")
    _until(lambda: len(site.suspended()) > 20, seconds=30)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    assert site.held_by(worker) == 0
    assert site.suspended() == site.blocked()
