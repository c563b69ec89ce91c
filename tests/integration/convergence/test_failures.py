"""What a failed call means for its licence: tried again, read first, given up, or waiting for a person; never done twice."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from integration.convergence.conftest import MakeHouse
from integration.convergence.house import NOW, House
from integration.convergence.tricks import answering, raising
from isp_addons.convergence.given_up import retry
from isp_addons.domain.problem import BadInput, NotFound
from isp_addons.vendor_api import (
    Done,
    NeedsOperator,
    OutcomeUnknown,
    Pending,
    Rejected,
    SeenLicence,
    SeenState,
    Unavailable,
    VendorError,
)


def test_a_call_that_was_lost_after_it_was_done_is_read_and_not_repeated(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(OutcomeUnknown("no answer within 10 s")), after=True)
    house.converge()
    assert house.states(key) == [("suspended", "unknown")]
    house.later(seconds=3)
    house.converge()
    assert house.fake.hooks(key) == ["on_block", "read_licence"]
    assert house.fake.changes == [("on_block", key)]
    assert house.states(key) == [("suspended", "suspended")]


def test_a_call_that_was_lost_before_it_was_done_is_read_and_repeated(house: House) -> None:
    key = house.licence("42", seen="absent")
    house.fake.bend("on_order", raising(OutcomeUnknown("no answer within 10 s")))
    house.converge()
    house.later(seconds=3)
    house.converge()
    assert house.fake.hooks(key) == ["on_order", "read_licence", "on_order"]
    assert house.fake.changes == [("on_order", key)]
    assert house.states(key) == [("active", "active")]


def test_a_call_that_is_lost_each_time_is_given_up_though_reading_works(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(OutcomeUnknown("HTTP 500")), times=None)
    waited = []
    for _ in range(40):
        if house.given_up():
            break
        before = house.clock.now()
        house.converge()
        house.clock.moment = max(house.row(key).next_try_at, before)
        waited.append((house.clock.now() - before).total_seconds())
    assert [each.failure for each in house.given_up()] == ["outcome_unknown"]
    assert len(house.fake.hooks(key)) == 23, "twelve calls, and a read after each but the last"
    assert sorted(waited) == waited or max(waited) > 100, "ever more seldom"


def test_a_failed_read_is_no_reason_to_give_up(house: House) -> None:
    key = house.licence("42", wanted="suspended", seen="unknown")
    house.fake.has[key] = SeenLicence(key=key, state=SeenState.ACTIVE)
    house.fake.bend("read_licence", raising(Unavailable("down")), times=None)
    for _ in range(30):
        house.converge()
        house.later(minutes=11)
    house.fake.straight()
    house.fake.bend("on_block", raising(OutcomeUnknown("lost")))
    house.converge()
    assert house.given_up() == [], "one lost call after a long outage is one"
    house.later(minutes=11)
    house.converge()
    assert house.states(key) == [("suspended", "suspended")]


def test_a_refused_call_is_given_up_shown_and_tried_again_when_an_admin_says_so(house: House) -> None:
    key = house.licence("42", seen="absent")
    house.fake.bend("on_order", raising(Rejected("the group is full", action="on_order", status=409)))
    tally = house.converge()["fake"]
    assert (tally.done, tally.failed) == (0, 1)
    house.later(days=400)
    assert house.converge() == {}
    (shown,) = house.given_up()
    assert (shown.licence, shown.failure, shown.text) == (key, "rejected", "on_order: the group is full (HTTP 409)")
    assert house.audit(key) == [("given_up", None, "rejected")]

    assert retry(house.store, house.cause("by hand"), keys=[key], vendor=None) == 1
    house.converge()
    assert house.given_up() == []
    assert house.states(key) == [("active", "active")]
    assert house.audit(key)[1:] == [("given_up", "rejected", None), ("seen_state", "absent", "active")]


def test_retrying_says_what_it_does_not_know(house: House) -> None:
    key = house.licence("42")
    with pytest.raises(NotFound, match="ghost"):
        retry(house.store, house.cause("by hand"), keys=[key, "ghost"], vendor=None)
    with pytest.raises(NotFound, match="nobody"):
        retry(house.store, house.cause("by hand"), keys=[], vendor="nobody")
    with pytest.raises(BadInput):
        retry(house.store, house.cause("by hand"), keys=[], vendor=None)
    assert retry(house.store, house.cause("by hand"), keys=[], vendor="fake") == 0


def test_what_a_vendor_cannot_do_is_given_up_and_never_replaced_by_another_call(make_house: MakeHouse) -> None:
    house = make_house(vendors={"bare": {}})
    key = house.licence("42", vendor="bare", wanted="suspended")
    other = house.licence("43", vendor="bare", seen="absent")
    house.converge()
    assert [(each.licence, each.failure) for each in house.given_up()] == [(key, "unsupported")]
    assert house.host.vendor("bare").plugin.calls == [other]  # type: ignore[attr-defined]
    assert house.states(key) == [("suspended", "active")]


class Weird(Exception):
    def __str__(self) -> str:
        raise ValueError("even its text is broken")


class HalfMade(VendorError):
    def __init__(self) -> None:
        """Forgets to call the base class."""


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a defect"),
        SystemExit(3),
        RecursionError(),
        GeneratorExit(),
        Weird(),
        HalfMade(),
        StopIteration(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_plugin_that_raises_anything_stops_nobody_else(make_house: MakeHouse, error: BaseException) -> None:
    house = make_house(vendors={"fake": {}, "other": {}}, plugins={"other": "fake"})
    good = house.licences([str(number) for number in range(5)], wanted="suspended")
    elsewhere = house.licence("elsewhere", vendor="other", wanted="suspended")
    bad = house.licence("bad", seen="absent")
    house.fake.bend("on_order", raising(error), times=None)
    tallies = house.converge()
    assert (tallies["fake"].done, tallies["fake"].failed, tallies["other"].done) == (5, 1, 1)
    assert house.states(*good, elsewhere) == [("suspended", "suspended")] * 6
    assert house.row(bad).failure == "outcome_unknown"
    assert house.leases() == []
    assert house.vendor_row().failures == 0, "a defect of the plugin says nothing about the vendor"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "done",
        {"reference": "7"},
        SeenLicence(key="k", state=SeenState.SUSPENDED),
        Done(reference=7),  # type: ignore[arg-type]
        Done(reference="x" * 121),
        Done(suspended_until=datetime(2027, 1, 1)),  # noqa: DTZ001 - naive on purpose
        Done(show={"code": 5}),  # type: ignore[dict-item]
        Pending(poll_after=5),  # type: ignore[arg-type]
        NeedsOperator(instructions=None),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_an_answer_that_the_contract_does_not_know_is_no_confirmation(house: House, answer: Any) -> None:
    key = house.licence("42", wanted="suspended")
    other = house.licence("43", wanted="active", seen="suspended")
    house.fake.bend("on_block", answering(answer) if answer is not None else lambda _: Done(reference=()), after=True)  # type: ignore[arg-type]
    house.converge()
    assert house.states(key, other) == [("suspended", "unknown"), ("active", "active")]
    assert "which the contract does not know" in house.row(key).failure_text
    house.later(seconds=5)
    house.converge()
    assert house.states(key) == [("suspended", "suspended")], "it was done, as reading tells"
    assert house.fake.changes.count(("on_block", key)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        SeenLicence(key="k", state="active"),  # type: ignore[arg-type]
        SeenLicence(key="k", state=SeenState.ACTIVE, quantity=-1),
    ],
)
def test_a_reading_that_the_contract_does_not_know_is_tried_again(house: House, answer: Any) -> None:
    key = house.licence("42", wanted="suspended", seen="unknown")
    house.fake.bend("read_licence", answering(answer))
    house.converge()
    assert house.states(key) == [("suspended", "unknown")]
    house.later(seconds=5)
    house.fake.has[key] = SeenLicence(key=key, state=SeenState.SUSPENDED)
    house.converge()
    assert house.states(key) == [("suspended", "suspended")]


def test_what_a_vendor_has_accepted_but_not_done_is_asked_for_ever_more_seldom(house: House) -> None:
    key = house.licence("42", seen="absent")
    house.fake.bend("on_order", answering(Pending(poll_after=timedelta(minutes=2), reference="P-7")))
    house.fake.bend("read_licence", answering(SeenLicence(key=key, state=SeenState.PENDING)), times=20)
    tally = house.converge()["fake"]
    assert (tally.done, tally.waiting) == (0, 1), "accepted is not done"
    assert (house.row(key).seen_state, house.row(key).reference) == ("pending", "P-7")
    house.later(seconds=119)
    assert house.converge() == {}
    house.later(seconds=1)
    for _ in range(120):
        house.converge()
        house.later(minutes=1)
    reads = house.fake.hooks(key).count("read_licence")
    assert 12 < reads < 22, "two hours: at first often, then every ten minutes"
    house.fake.straight()
    house.fake.has[key] = SeenLicence(key=key, state=SeenState.ACTIVE)
    house.later(minutes=10)
    house.converge()
    assert house.states(key) == [("active", "active")]
    assert house.fake.hooks(key).count("on_order") == 1


def test_a_want_that_changes_while_the_vendor_is_not_done_is_honoured_when_it_is(house: House) -> None:
    key = house.licence("42", seen="absent")
    house.fake.bend("on_order", answering(Pending(poll_after=timedelta(minutes=2))))
    house.converge()
    house.block(key)
    assert house.converge() == {}, "it asked for two minutes"
    house.fake.has[key] = SeenLicence(key=key, state=SeenState.ACTIVE)
    house.later(minutes=20)
    house.converge()
    assert house.states(key) == [("suspended", "suspended")]
    assert house.fake.hooks(key)[-1] == "on_block"


def test_a_failed_call_is_tried_again_after_a_wait_that_grows(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(Unavailable("down")), times=3)
    moments = []
    while house.states(key) != [("suspended", "suspended")]:
        if house.converge():
            moments.append((house.clock.now() - NOW).total_seconds())
        house.later(seconds=1)
    assert len(moments) == 4
    waits = [later - sooner for sooner, later in pairwise(moments)]
    assert all(least <= wait <= most for wait, (least, most) in zip(waits, [(4, 6), (8, 11), (16, 21)], strict=True)), waits


def test_bytes_that_no_database_stores_do_not_stop_the_batch(house: House) -> None:
    bad, good = house.licence("42", wanted="suspended"), house.licence("43", wanted="active", seen="suspended")
    house.fake.bend("on_block", raising(Rejected("nul \x00 and half \ud800 a letter" + "x" * 600)))
    house.converge()
    assert house.states(good) == [("active", "active")]
    assert house.row(bad).failure_text.startswith("nul  and half ? a letter")
