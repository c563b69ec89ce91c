"""Several workers, and what becomes of their leases: one call at a time for each licence, whoever lives, dies or is stopped."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from integration.convergence.conftest import MakeHouse
from integration.convergence.house import NOW, House, in_thread, written_by_somebody
from integration.convergence.tricks import Gate
from isp_addons.clock import ReplayClock
from isp_addons.convergence.tally import Tally
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.problem import TryAgain
from isp_addons.store import engine
from isp_addons.store.engine import Store
from isp_addons.store.liveness import PresenceLost
from isp_addons.vendor_api import SeenLicence, SeenState


def _until(true: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


@pytest.fixture
def impatient(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house whose writers wait a fifth of a second instead of five for others."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
    store = Store(url)
    house = House(store, vendors={"fake": {}})
    yield house
    house.close()
    store.close()


def test_two_workers_call_about_each_licence_once(house: House, impatient: House) -> None:
    keys = house.licences([str(number) for number in range(400)], wanted="suspended")
    threads = [in_thread(each.converge) for each in (house, impatient)]
    for thread in threads:
        thread.join(60)
    calls = Counter(key for each in (house, impatient) for _, key in each.fake.calls)
    assert calls == Counter(keys)
    assert house.states(*keys) == [("suspended", "suspended")] * 400
    assert house.leases() == []


def test_the_lease_of_a_worker_that_lives_is_its_own_however_long_the_call_takes(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    gate = Gate()
    house.fake.bend("on_block", gate)
    run = in_thread(house.converge)
    assert gate.reached.wait(10)
    twin = house.twin()
    twin.clock = ReplayClock(NOW + timedelta(days=365))
    twin.convergence = House(house.store, vendors={"fake": {}}, clock=twin.clock).convergence
    twin.host = twin.convergence.host
    assert twin.converge() == {}
    assert twin.fake.calls == []
    gate.open()
    run.join(10)
    assert house.fake.calls == [("on_block", key)]
    assert house.states(key) == [("suspended", "suspended")]
    twin.close()


def test_what_a_dead_worker_was_calling_about_is_read_first(house: House) -> None:
    keys = house.licences(["not-called", "called"], wanted="suspended")
    house.fake.has[keys[1]] = SeenLicence(key=keys[1], state=SeenState.SUSPENDED)
    with house.store.write() as session:
        session.execute(text("UPDATE licence SET lease_owner = 'gone-1-0a0a0a0a'"))
    house.converge()
    assert [house.fake.hooks(key) for key in keys] == [["read_licence", "on_block"], ["read_licence"]]
    assert house.states(*keys) == [("suspended", "suspended")] * 2
    assert house.audit(keys[1]) == [("seen_state", "active", "unknown"), ("seen_state", "unknown", "suspended")]


def test_answers_wait_for_a_busy_database_and_none_is_lost(store: Store, impatient: House) -> None:
    house = impatient
    keys = house.licences([str(number) for number in range(20)], wanted="suspended")
    gate = Gate()
    house.fake.bend("on_block", gate)
    run = in_thread(house.converge)
    assert gate.reached.wait(10)
    with written_by_somebody(store):
        gate.open()
        _until(lambda: len(house.fake.changes) > 1)
        time.sleep(1.0)  # several times as long as a writer waits
        assert run.is_alive(), "it waits"
    run.join(20)
    assert house.states(*keys) == [("suspended", "suspended")] * 20
    assert len(house.fake.calls) == 20, "none was called twice"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_service_that_is_changing_a_licence_holds_up_nobody_elses_answers(house: House) -> None:
    keys = house.licences([str(number) for number in range(20)], wanted="suspended")
    gate = Gate()
    house.fake.bend("on_block", gate)
    run = in_thread(house.converge)
    assert gate.reached.wait(10)
    held = house.fake.calls[0][1]
    with house.store.engine.connect() as service, service.begin():
        service.execute(text("UPDATE licence SET wanted_state = 'active' WHERE key = :key"), {"key": held})
        gate.open()
        _until(lambda: house.states(*(key for key in keys if key != held)) == [("suspended", "suspended")] * 19)
        assert run.is_alive()
    run.join(10)
    assert house.states(held) == [("active", "active")]
    assert house.fake.hooks(held) == ["on_block", "on_unblock"]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_worker_whose_lock_the_server_dropped_stops_and_its_licences_are_read(house: House) -> None:
    house.licence("42", wanted="suspended")
    gate = Gate()
    house.fake.bend("on_block", gate)
    raised: list[BaseException] = []

    def converge() -> None:
        try:
            house.converge()
        except TryAgain as error:
            raised.append(error)

    run = in_thread(converge)
    assert gate.reached.wait(10)
    with house.store.engine.connect() as admin:
        admin.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    gate.open()
    run.join(10)
    assert [type(error) for error in raised] == [PresenceLost]
    house.converge()
    assert house.fake.hooks() == ["on_block", "read_licence"]
    assert house.states("ib0b0-42") == [("suspended", "suspended")]
    assert house.leases() == []


def test_a_run_that_breaks_off_leaves_nothing_behind_that_is_stuck(house: House) -> None:
    keys = house.licences([str(number) for number in range(100)], wanted="suspended")

    def breaks(_vendor: str, _tally: Tally) -> None:
        raise RuntimeError("a defect of our own")

    with pytest.raises(RuntimeError):
        house.converge(progress=breaks)
    house.converge()
    assert house.states(*keys) == [("suspended", "suspended")] * 100
    assert sorted(house.fake.changes) == sorted(("on_block", key) for key in keys), "each once"
    assert house.leases() == []


def test_a_run_that_is_stopped_waits_for_its_calls_and_gives_the_rest_back(house: House) -> None:
    keys = house.licences([str(number) for number in range(500)], wanted="suspended")
    stop = threading.Event()
    house.fake.bend("on_block", lambda _licence: time.sleep(0.02), times=None)
    run = in_thread(lambda: house.converge(stop=stop))
    _until(lambda: len(house.fake.calls) > 50)
    stop.set()
    run.join(10)
    assert not run.is_alive()
    assert house.leases() == []
    done = [key for key, state in zip(keys, house.states(*keys), strict=True) if state == ("suspended", "suspended")]
    assert sorted(house.fake.changes) == sorted(("on_block", key) for key in done), "what was called is known, and only that"
    assert len(done) < 500


def test_a_watching_worker_hears_of_new_wants_and_no_vendor_waits_for_a_slow_one(make_house: MakeHouse) -> None:
    house = make_house(vendors={"fake": {}, "slow": {}}, plugins={"slow": "fake"})
    stuck = house.licence("stuck", vendor="slow", wanted="suspended")
    gate = Gate()
    house.host.vendor("slow").plugin.bend("on_block", gate)  # type: ignore[attr-defined]
    stop = threading.Event()
    watch = in_thread(lambda: house.convergence.watch(stop=stop))
    assert gate.reached.wait(10)
    first = house.licence("42", seen="absent")
    _until(lambda: house.states(first) == [("active", "active")])
    house.block(first)
    _until(lambda: house.states(first) == [("suspended", "suspended")])
    assert house.states(stuck) == [("suspended", "active")]
    gate.open()
    stop.set()
    watch.join(10)
    assert not watch.is_alive()
    assert house.leases() == []


def test_a_watching_worker_survives_a_database_that_is_away(store: Store, impatient: House) -> None:
    house, stop = impatient, threading.Event()
    watch = in_thread(lambda: house.convergence.watch(stop=stop))
    with written_by_somebody(store):
        time.sleep(1.5)
        assert watch.is_alive()
    key = house.licence("42", seen="absent")
    _until(lambda: house.states(key) == [("active", "active")])
    stop.set()
    watch.join(10)
    assert not watch.is_alive()


def test_two_workers_together_keep_a_vendors_rate(make_house: MakeHouse) -> None:
    rate, count, at_once = 40.0, 100, 8
    house = make_house(limits={"fake": Limits(concurrency=at_once, rate_per_second=rate)})
    house.licences([str(number) for number in range(count)], wanted="suspended")
    twin = house.twin()
    began = time.monotonic()
    threads = [in_thread(each.converge) for each in (house, twin)]
    for thread in threads:
        thread.join(30)
    took = time.monotonic() - began
    moments = sorted(house.fake.called_at + twin.fake.called_at)
    twin.close()
    assert len(moments) == count
    for first, moment in enumerate(moments):
        within = sum(1 for each in moments[first:] if each < moment + 1.0)
        late = 2 * at_once  # those that a machine that stood still let go together with the next
        assert within <= rate * 1.1 + 2 + late, f"{within} calls in one second"
    assert (count - 1) / rate - 0.1 <= took <= count / rate * 2 + 2.0, "and it makes use of it"


def test_a_lone_order_at_a_slow_vendor_does_not_wait_for_calls_that_nobody_made(make_house: MakeHouse) -> None:
    house = make_house(limits={"fake": Limits(concurrency=8, rate_per_second=2.0)})
    for number in range(3):
        house.licence(str(number), seen="absent")
        began = time.monotonic()
        house.converge()
        assert time.monotonic() - began < 3.0, "a batch of eight would take four seconds"
