"""The loop against the stand-in AV-Desk server over real HTTP: what goes wrong is set right, and nothing happens twice."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from integration.convergence.conftest import MakeHouse
from integration.convergence.house import APRIL, NOW, House
from integration.convergence.stand_in import LOGIN, PASSWORD, StandIn
from isp_addons.clock import ReplayClock
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.hold import HoldOwner
from isp_addons_avdesk.sandbox import AvDeskSandbox

CHANGE = "stations/change"


@pytest.fixture
def vendor() -> Iterator[StandIn]:
    with AvDeskSandbox(login=LOGIN, password=PASSWORD) as server:
        yield StandIn(server, ReplayClock(NOW))


@pytest.fixture
def house(make_house: MakeHouse, vendor: StandIn) -> House:
    limits = {"avdesk": Limits(concurrency=8, breaker_pause=timedelta(seconds=30))}
    return make_house(vendors={"avdesk": vendor.options}, clock=vendor.clock, limits=limits)


def _stations(house: House, vendor: StandIn, count: int, **columns: str) -> list[str]:
    keys = house.licences([str(number) for number in range(count)], vendor="avdesk", **columns)
    vendor.has(*keys)
    return keys


def test_a_licence_lives_from_order_to_cancel(house: House, vendor: StandIn) -> None:
    key = house.licence("42", vendor="avdesk", seen="absent")
    life: list[tuple[Callable[[], None], str, str]] = [
        (lambda: None, "stations/add", "unactivated"),
        (lambda: house.block(key), CHANGE, "blocked"),
        (lambda: house.free(key), CHANGE, "unactivated"),
        (lambda: house.want(key, end=APRIL), CHANGE, "unactivated"),
        (lambda: house.end(key), "stations/delete", "deleted"),
    ]
    for act, script, state in life:
        before = len(vendor.changes())
        act()
        house.converge()
        assert vendor.changes()[before:] == [script]
        assert vendor.states(key) == [state]
        assert house.converge() == {}


def test_an_answer_that_is_lost_after_the_work_is_read_and_never_repeated(house: House, vendor: StandIn) -> None:
    keys = _stations(house, vendor, 3, wanted="suspended")
    new = house.licence("new", vendor="avdesk", seen="absent")
    vendor.fault("timeout_after", times=4)
    house.converge()
    assert [seen for _, seen in house.states(*keys, new)] == ["unknown"] * 4
    house.later(minutes=1)
    house.converge()
    assert vendor.states(*keys, new) == ["blocked"] * 3 + ["unactivated"]
    assert house.states(*keys) == [("suspended", "suspended")] * 3
    for key in (*keys, new):
        assert len(vendor.changes(key)) == 1, "exactly one change at the vendor"


@pytest.mark.parametrize("fault", ["garbage", "partial", "error_500"])
def test_an_answer_that_says_nothing_is_no_confirmation(house: House, vendor: StandIn, fault: str) -> None:
    (key,) = _stations(house, vendor, 1, wanted="suspended")
    vendor.fault(fault, script=CHANGE)
    house.converge()
    assert house.states(key) == [("suspended", "unknown")]
    house.later(minutes=1)
    house.converge()
    assert house.states(key) == [("suspended", "suspended")]
    assert vendor.states(key) == ["blocked"]
    assert len(vendor.changes(key)) == 1


def test_a_vendor_that_is_down_costs_few_calls_and_gets_each_change_once(house: House, vendor: StandIn) -> None:
    keys = _stations(house, vendor, 100, wanted="suspended")
    vendor.fault("unavailable_503", times=None)
    for _ in range(10):
        house.converge()
        house.later(seconds=15)
    assert len(vendor.calls()) <= 5 + 8 + 3
    vendor.recovers()
    for _ in range(4):
        house.later(minutes=10)
        house.converge()
    assert vendor.states(*keys) == ["blocked"] * 100
    assert all(len(vendor.changes(key)) == 1 for key in keys)


def test_a_vendor_that_cannot_even_be_reached_is_waited_for(house: House, vendor: StandIn) -> None:
    keys = _stations(house, vendor, 10, wanted="suspended")
    vendor.server.stop()
    tally = house.converge()["avdesk"]
    assert (tally.done, tally.paused) == (0, True)
    assert house.row(keys[0]).seen_state == "active", "nothing was done there, so nothing is unknown"
    vendor.server.start()
    for _ in range(3):
        house.later(minutes=10)
        house.converge()
    assert vendor.states(*keys) == ["blocked"] * 10


def test_retry_after_is_respected_by_the_whole_vendor(house: House, vendor: StandIn) -> None:
    keys = _stations(house, vendor, 30, wanted="suspended")
    vendor.fault("rate_limit", seconds=120)
    house.converge()
    calls = len(vendor.calls())
    house.later(seconds=119)
    assert house.converge() == {}
    assert len(vendor.calls()) == calls
    house.later(seconds=1)
    house.converge()
    house.later(minutes=1)
    house.converge()
    assert vendor.states(*keys) == ["blocked"] * 30


def test_wrong_credentials_are_not_tried_over_and_over(make_house: MakeHouse, vendor: StandIn) -> None:
    house = make_house(vendors={"avdesk": {**vendor.options, "password": "wrong"}}, clock=vendor.clock)
    _stations(house, vendor, 50, wanted="suspended")
    assert house.converge()["avdesk"].paused
    assert len(vendor.calls()) <= 16
    assert "wrong" not in house.vendor_row("avdesk").reason
    assert "refused our credentials" in house.vendor_row("avdesk").reason


def test_a_block_dated_to_the_period_end_is_moved_forward_when_the_billing_blocks_now(house: House, vendor: StandIn) -> None:
    (key,) = _stations(house, vendor, 1)
    house.block(key, owner=HoldOwner.FORECAST, since=APRIL)
    house.converge()
    assert vendor.states(key) == ["unactivated"], "what is paid for is kept"
    house.block(key)
    house.converge()
    assert vendor.states(key) == ["blocked"]
    house.free(key)
    house.converge()
    assert vendor.states(key) == ["unactivated"]
    house.clock.moment = APRIL + timedelta(hours=1)
    assert vendor.states(key) == ["blocked"], "no call was needed on the day"
    assert house.converge() == {}


def test_a_block_window_is_renewed_for_years_and_never_ends_by_itself(house: House, vendor: StandIn) -> None:
    (key,) = _stations(house, vendor, 1, wanted="suspended")
    for week in range(3 * 52):
        house.clock.moment = NOW + timedelta(weeks=week)
        assert week == 0 or vendor.states(key) == ["blocked"], f"in week {week}"
        house.converge()
    assert vendor.states(key) == ["blocked"]
    assert len(vendor.changes(key)) == 4
