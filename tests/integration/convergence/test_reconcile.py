"""Reconciling: every kind of difference is found, a list that is cut off changes nothing, and the next run repairs."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from integration.convergence.conftest import MakeHouse
from integration.convergence.house import NOW, House
from integration.convergence.stand_in import LOGIN, PASSWORD, StandIn
from integration.convergence.tricks import answering, raising
from isp_addons.clock import ReplayClock
from isp_addons.convergence.reconcile import Drift, ListingFailed, reconcile
from isp_addons.domain.drift import DriftKind
from isp_addons.domain.problem import Refused
from isp_addons.vendor_api import Rejected, SeenLicence, SeenState
from isp_addons_avdesk.sandbox import AvDeskSandbox


@pytest.fixture
def vendor() -> Iterator[StandIn]:
    with AvDeskSandbox(login=LOGIN, password=PASSWORD) as server:
        yield StandIn(server, ReplayClock(NOW))


@pytest.fixture
def house(make_house: MakeHouse, vendor: StandIn) -> House:
    """Ten licences that the vendor has as they are wanted: five active, five suspended."""
    house = make_house(vendors={"avdesk": {**vendor.options, "page_size": "4"}}, clock=vendor.clock)
    house.licences([f"a{number}" for number in range(5)], vendor="avdesk", seen="absent")
    suspended = house.licences([f"s{number}" for number in range(5)], vendor="avdesk", seen="absent")
    house.converge()
    house.block(*suspended)
    house.converge()
    return house


ACTIVE, SUSPENDED = "ib0b0-a1", "ib0b0-s1"


def _drifts(house: House, name: str = "avdesk", *, apply: bool = False) -> list[Drift]:
    return reconcile(house.store, house.host.vendor(name), house.cause("reconciling"), apply=apply)


def _kinds(house: House, name: str = "avdesk", *, apply: bool = False) -> list[tuple[DriftKind, str]]:
    return [(each.kind, each.licence) for each in _drifts(house, name, apply=apply)]


def test_what_agrees_is_not_reported(house: House) -> None:
    assert _drifts(house) == []


@pytest.mark.parametrize(
    ("tampers", "kind", "key"),
    [
        (lambda vendor: vendor.edit(SUSPENDED, block_begin=None, block_end=None), DriftKind.WANTED_SUSPENDED, SUSPENDED),
        (lambda vendor: vendor.edit(ACTIVE, block_begin="2026-03-01T00:00:00+00:00"), DriftKind.WANTED_ACTIVE, ACTIVE),
        (lambda vendor: vendor.loses(ACTIVE), DriftKind.MISSING, ACTIVE),
        (lambda vendor: vendor.edit(ACTIVE, deleted=True), DriftKind.MISSING, ACTIVE),
    ],
    ids=["unblocked there", "blocked there", "gone", "deleted there"],
)
def test_what_somebody_changed_at_the_vendor_is_found_and_repaired(
    house: House, vendor: StandIn, tampers: Callable[[StandIn], None], kind: DriftKind, key: str
) -> None:
    tampers(vendor)
    before = house.row(key)
    assert _kinds(house) == [(kind, key)]
    row = house.row(key)
    assert (row.seen_state, row.seen_at, house.converge()) == (before.seen_state, before.seen_at, {}), "looking changes nothing"

    assert _kinds(house, apply=True) == [(kind, key)]
    house.converge()
    assert vendor.states(key) == ["blocked" if key == SUSPENDED else "unactivated"]
    assert house.audit(key)[-2][0] == "seen_state", "who looks finds out when and why"
    assert _drifts(house) == []


def test_a_station_that_nobody_ordered_is_reported_and_left_alone(house: House, vendor: StandIn) -> None:
    vendor.has("made-by-hand", user_id="4711")
    (drift,) = _drifts(house, apply=True)
    assert (drift.kind, drift.licence, drift.theirs) == (DriftKind.NOT_OURS, "made-by-hand", "active × 1")
    house.converge()
    assert vendor.states("made-by-hand") == ["unactivated"]


def test_what_was_ended_here_and_stands_there_again_is_found(house: House, vendor: StandIn) -> None:
    house.end(ACTIVE)
    house.converge()
    vendor.edit(ACTIVE, deleted=False)
    assert _kinds(house, apply=True) == [(DriftKind.WANTED_ENDED, ACTIVE)]
    house.converge()
    assert vendor.states(ACTIVE) == ["deleted"]


def test_a_missing_one_that_is_suspended_is_not_created_until_somebody_pays(house: House, vendor: StandIn) -> None:
    vendor.loses(SUSPENDED)
    assert _kinds(house, apply=True) == [(DriftKind.MISSING, SUSPENDED)]
    assert house.converge() == {}
    house.free(SUSPENDED)
    house.converge()
    assert vendor.states(SUSPENDED) == ["unactivated"]


@pytest.mark.parametrize("fault", ["partial", "error_500", "unavailable_503", "timeout_after", "garbage", "refuse_before"])
def test_a_list_that_does_not_come_whole_changes_nothing_and_says_so(house: House, vendor: StandIn, fault: str) -> None:
    vendor.loses(ACTIVE)
    vendor.edit(SUSPENDED, block_begin=None, block_end=None)
    before = [house.row(key).seen_at for key in (ACTIVE, SUSPENDED)]
    vendor.fault(fault, times=None, script="groups/stations-list")
    with pytest.raises(ListingFailed, match="did not come whole") as caught:
        _drifts(house, apply=True)
    assert "nothing was compared or changed" in caught.value.message
    assert [house.row(key).seen_at for key in (ACTIVE, SUSPENDED)] == before
    assert house.converge() == {}


def test_a_licence_that_cannot_be_read_on_its_own_is_unknown_and_read_again_later(house: House, vendor: StandIn) -> None:
    vendor.loses(ACTIVE)
    vendor.fault("error_500", times=1, script="stations/info")
    assert _kinds(house, apply=True) == [(DriftKind.UNKNOWN, ACTIVE)]
    house.converge()
    assert vendor.states(ACTIVE) == ["unactivated"], "it was read, missing, and ordered again"


def test_what_the_loop_is_at_is_left_out(house: House, vendor: StandIn) -> None:
    for key in (ACTIVE, SUSPENDED):
        vendor.loses(key)
    house.block(ACTIVE)  # a call is due
    with house.store.write() as session:
        session.execute(text("UPDATE licence SET lease_owner = 'somebody' WHERE key = :key"), {"key": SUSPENDED})
    assert _drifts(house) == []


def test_what_was_given_up_gets_a_fresh_chance_by_what_the_vendor_has(make_house: MakeHouse) -> None:
    house = make_house()
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(Rejected("not today")))
    house.converge()
    assert _kinds(house, "fake", apply=True) == [(DriftKind.WANTED_SUSPENDED, key)]
    house.converge()
    assert house.states(key) == [("suspended", "suspended")]


def test_a_quantity_that_differs_is_found_and_changed(make_house: MakeHouse) -> None:
    house = make_house()
    key = house.licence("42", seen="absent", wanted_quantity=5)
    house.converge()
    house.fake.has[key] = SeenLicence(key=key, state=SeenState.ACTIVE, quantity=7)
    assert _kinds(house, "fake", apply=True) == [(DriftKind.QUANTITY, key)]
    house.converge()
    assert house.fake.has[key].quantity == 5


def test_what_changes_while_the_list_is_read_is_not_reported(make_house: MakeHouse) -> None:
    """The list says that it is suspended; by the time it is looked at alone, it is not any more."""
    house = make_house()
    key = house.licence("42")
    house.fake.has[key] = SeenLicence(key=key, state=SeenState.SUSPENDED)
    house.fake.bend("read_licence", answering(SeenLicence(key=key, state=SeenState.ACTIVE)))
    assert _drifts(house, "fake") == []


def test_what_a_call_has_told_meanwhile_is_not_overwritten(make_house: MakeHouse) -> None:
    house = make_house()
    key = house.licence("42", wanted="suspended", seen="suspended")
    house.fake.has[key] = SeenLicence(key=key, state=SeenState.ACTIVE)

    def somebody_pays(_licence: Any) -> SeenLicence:
        house.want(key, wanted_state="active")
        house.converge()
        return SeenLicence(key=key, state=SeenState.SUSPENDED, suspended_until=NOW + timedelta(days=9))

    house.fake.bend("read_licence", somebody_pays)
    _drifts(house, "fake", apply=True)
    assert house.states(key) == [("active", "active")]


def test_a_list_of_another_vendor_is_no_business_of_this_one(make_house: MakeHouse, vendor: StandIn) -> None:
    house = make_house(vendors={"fake": {}, "avdesk": vendor.options}, clock=vendor.clock)
    house.licence("42", vendor="fake")
    assert _drifts(house, "avdesk") == []


def test_a_vendor_that_cannot_list_is_refused(make_house: MakeHouse) -> None:
    house = make_house(vendors={"bare": {}})
    with pytest.raises(Refused, match="cannot be reconciled"):
        _drifts(house, "bare")
