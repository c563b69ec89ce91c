"""A vendor in trouble: it is left alone and comes back by itself, at the price of a few calls, and no other vendor notices."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from integration.convergence.conftest import MakeHouse
from integration.convergence.house import NOW, House
from integration.convergence.tricks import raising
from isp_addons.convergence import vendor_state
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.problem import Refused
from isp_addons.store.tables import Audit
from isp_addons.vendor_api import OutcomeUnknown, RateLimited, Rejected, Unauthorised, Unavailable, VendorError

WIDTH = 8


@pytest.fixture
def limits() -> Limits:
    return Limits(concurrency=WIDTH, breaker_failures=5, breaker_pause=timedelta(seconds=30))


@pytest.fixture
def house(make_house: MakeHouse, limits: Limits) -> House:
    return make_house(limits={"fake": limits})


def _many(house: House, count: int = 300, **columns: str) -> list[str]:
    return house.licences([f"n{number}" for number in range(count)], wanted="suspended", **columns)


@pytest.mark.parametrize("error", [Unavailable("refused"), OutcomeUnknown("no answer")], ids=lambda error: type(error).__name__)
def test_an_outage_costs_few_calls(house: House, error: VendorError) -> None:
    _many(house)
    house.fake.bend("*", raising(error), times=None)
    tally = house.converge()["fake"]
    assert tally.paused
    assert 5 <= len(house.fake.calls) <= 5 + WIDTH, "what was under way when the fifth in a row failed, and no more"
    assert house.leases() == [], "what was not called is given back"
    assert house.vendor_row().paused_until == NOW + timedelta(seconds=30)


def test_a_vendor_that_is_down_is_probed_by_one_call_after_ever_longer_pauses_and_comes_back_by_itself(house: House) -> None:
    keys = _many(house)
    house.fake.bend("*", raising(Unavailable("down")), times=None)
    house.converge()
    probes = []
    calls = len(house.fake.calls)
    while house.clock.now() < NOW + timedelta(hours=1):
        house.later(seconds=10)
        house.converge()
        if len(house.fake.calls) > calls:
            assert len(house.fake.calls) == calls + 1, "one probe"
            probes.append(int((house.clock.now() - NOW).total_seconds()))
            calls += 1
    assert probes[:5] == [30, 90, 210, 450, 930], "30 s, then 60, 120, 240, 480"
    assert max(later - sooner for sooner, later in pairwise(probes)) == 600

    house.fake.straight()
    house.later(minutes=10)
    house.converge()
    house.later(minutes=10)
    house.converge()
    assert house.states(*keys) == [("suspended", "suspended")] * len(keys)
    assert len(house.fake.changes) == len(keys), "each once"
    assert house.vendor_row().paused_until is None


def test_a_probe_goes_to_the_licence_that_failed_least(house: House) -> None:
    """Else one licence that always fails could keep a vendor paused that answers for all others."""
    poisoned = house.licence("poisoned", seen="absent")
    others = _many(house, 10)
    house.fake.bend("on_order", raising(Unavailable("HTTP 500")), times=None)
    house.fake.bend("on_block", raising(Unavailable("down")), times=None)
    house.converge()
    house.fake.straight("on_block")
    for minutes in (1, 2, 4):  # a few pauses at most, though the poisoned one would be first in turn each time
        house.later(minutes=minutes)
        house.converge()
    assert house.states(*others) == [("suspended", "suspended")] * 10
    assert house.states(poisoned) == [("active", "absent")]


def test_other_vendors_go_on_while_one_is_down(make_house: MakeHouse, limits: Limits) -> None:
    house = make_house(vendors={"fake": {}, "other": {}}, plugins={"other": "fake"}, limits={"fake": limits})
    _many(house, 50)
    elsewhere = house.licences([f"o{number}" for number in range(50)], vendor="other", wanted="suspended")
    house.fake.bend("*", raising(Unavailable("down")), times=None)
    tallies = house.converge()
    assert (tallies["fake"].paused, tallies["other"].paused) == (True, False)
    assert house.states(*elsewhere) == [("suspended", "suspended")] * 50


def test_refusals_are_answers_and_open_no_breaker(house: House) -> None:
    keys = _many(house, 60)
    house.fake.bend("on_block", raising(Rejected("not this one")), times=30)
    tally = house.converge()["fake"]
    assert (tally.failed, tally.done, tally.paused) == (30, 30, False)
    assert len(house.fake.calls) == len(keys)


def test_failures_between_successes_open_no_breaker(house: House) -> None:
    keys = _many(house, 100)
    for _ in range(20):
        house.fake.bend("on_block", lambda _licence: None, times=4)
        house.fake.bend("on_block", raising(Unavailable("HTTP 503")))
    house.converge()
    house.later(minutes=1)
    house.converge()
    assert house.states(*keys) == [("suspended", "suspended")] * 100
    assert house.vendor_row().pauses == 0


def test_wrong_credentials_pause_the_vendor_at_once_and_one_probe_ends_it(house: House) -> None:
    keys = _many(house)
    house.fake.bend("*", raising(Unauthorised("wrong password", status=401)), times=None)
    assert house.converge()["fake"].paused
    assert len(house.fake.calls) <= 2 * WIDTH, "an account at the vendor is soon locked by wrong passwords"
    calls = len(house.fake.calls)
    house.later(minutes=9)
    assert house.converge() == {}
    house.later(minutes=1)
    house.converge()
    assert len(house.fake.calls) == calls + 1, "one probe, still wrong"
    house.fake.straight()
    house.later(minutes=10)
    house.converge()
    house.later(hours=1)
    house.converge()
    assert house.states(*keys) == [("suspended", "suspended")] * len(keys)
    assert len(house.fake.changes) == len(keys)


def test_an_admin_who_puts_the_password_right_need_not_wait(house: House) -> None:
    keys = _many(house, 20)
    house.fake.bend("*", raising(Unauthorised("wrong password", status=401)), times=None)
    house.converge()
    house.fake.straight()
    with house.store.write() as session:
        vendor_state.resume(session, house.cause("the password is right now"), "fake")
    house.converge()
    assert house.states(*keys) == [("suspended", "suspended")] * 20


def test_a_vendor_that_asks_to_slow_down_is_left_alone_until_then(house: House) -> None:
    keys = _many(house, 100)
    until = NOW + timedelta(minutes=7)
    house.fake.bend("on_block", raising(RateLimited("slow down", until=until)))
    assert house.converge()["fake"].paused
    calls = len(house.fake.calls)
    assert calls <= 2 * WIDTH
    house.later(minutes=6, seconds=59)
    assert house.converge() == {}, "the vendor's own word holds"
    house.later(seconds=1)
    house.converge()
    house.later(minutes=1)
    house.converge()
    assert house.states(*keys) == [("suspended", "suspended")] * 100
    assert len(house.fake.changes) == 100


def test_what_is_under_way_when_a_vendor_asks_to_slow_down_does_not_speed_it_up_again(house: House) -> None:
    house.licences(["a", "b"], wanted="suspended")
    house.fake.bend("on_block", raising(RateLimited("slow down", until=NOW + timedelta(minutes=7))))
    house.converge()
    assert house.vendor_row().paused_until == NOW + timedelta(minutes=7)


def test_a_vendor_that_an_admin_paused_is_not_called_until_he_resumes_it(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    with house.store.write() as session:
        vendor_state.pause(session, house.cause("they move their servers"), "fake")
    house.later(days=40)
    assert house.converge() == {}
    with pytest.raises(Refused, match="paused by tester"):
        _reconcile(house)
    with house.store.write() as session:
        vendor_state.resume(session, house.cause("they are done"), "fake")
    house.converge()
    assert house.states(key) == [("suspended", "suspended")]


def test_every_pause_and_its_end_have_an_audit_row(house: House) -> None:
    house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(Unauthorised("wrong password")))
    house.converge()
    house.later(minutes=10)
    house.converge()
    with house.store.read() as session:
        theirs = select(Audit).where(Audit.subject == "vendor", Audit.subject_id == house.vendor_row().id)
        rows = session.scalars(theirs.order_by(Audit.id)).all()
    assert [(row.before is None, row.after is None) for row in rows] == [(True, False), (False, True)]


def _reconcile(house: House) -> None:
    from isp_addons.convergence.reconcile import reconcile

    reconcile(house.store, house.host.vendor("fake"), house.cause("looking"))
