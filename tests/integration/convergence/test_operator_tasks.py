"""A vendor that only people can reach: they are asked once, told exactly, and nothing counts before they say so."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from integration.convergence.conftest import MakeHouse
from integration.convergence.house import APRIL, NOW, House, in_thread
from integration.convergence.tricks import Gate, answering, raising
from isp_addons.convergence.task_list import TaskList
from isp_addons.domain.operator_task import TaskStatus
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.store import leases
from isp_addons.store.tables import Licence, OperatorTask
from isp_addons.vendor_api import Instructions, LicenceView, NeedsOperator, Rejected, SeenLicence, SeenState
from isp_addons.vendor_api.instructions import LANGUAGES

LOCK = "Lock the customer 42\n1. Open the console."


def tells(licence: LicenceView) -> NeedsOperator:
    return NeedsOperator(instructions=f"Set {licence.quantity} for {licence.account}\n1. Open the console.")


@pytest.fixture
def by_hand(house: House) -> House:
    """A house whose vendor has no interface."""
    for hook in ("on_order", "on_block", "before_period_end", "on_unblock", "on_change", "on_charge", "on_cancel"):
        house.fake.bend(hook, tells, times=None)
    return house


def blocked(house: House) -> str:
    """A licence that a person is asked to suspend."""
    key = house.licence("42")
    house.block(key)
    house.converge()
    return key


def test_what_a_person_must_do_is_pending_and_never_pretends_to_be_done(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", answering(NeedsOperator(instructions=LOCK)), times=None)
    tally = house.converge()["fake"]
    assert (tally.done, tally.failed, tally.waiting) == (0, 0, 1)
    assert house.states(key) == [("suspended", "pending")]
    (task,) = house.waiting()
    assert (task.licence, task.account, task.vendor, task.step, task.status) == (key, "42", "fake", "on_block", "open")
    assert task.title == "Lock the customer 42"
    assert task.instructions.startswith(f"{LOCK}\n\nWhen it is done: isp-addons tasks confirm {key}\n")
    assert task.due_at - task.opened_at == timedelta(days=1)
    house.later(days=30)
    assert house.converge() == {}, "nobody is asked twice"
    assert house.given_up() == []


def test_a_plugin_may_say_how_soon_it_is_due(house: House) -> None:
    house.licence("42", wanted="suspended")
    house.fake.bend("on_block", answering(NeedsOperator(instructions=LOCK, due_in=timedelta(hours=2))))
    house.converge()
    assert house.waiting()[0].due_at == NOW + timedelta(hours=2)


def test_what_a_person_confirms_is_what_the_vendor_has(by_hand: House) -> None:
    key = blocked(by_hand)
    by_hand.later(hours=3)
    assert by_hand.confirm(key)
    assert by_hand.states(key) == [("suspended", "suspended")]
    assert by_hand.waiting() == []
    assert by_hand.converge() == {}
    assert by_hand.audit(key)[-2:] == [("seen_state", "active", "pending"), ("seen_state", "pending", "suspended")]


def test_confirming_twice_is_confirming_once(by_hand: House) -> None:
    key = blocked(by_hand)
    assert by_hand.confirm(key)
    before = by_hand.audit(key)
    assert not by_hand.confirm(key)
    assert by_hand.audit(key) == before


def test_two_people_who_confirm_at_once_confirm_once(by_hand: House) -> None:
    key = blocked(by_hand)
    said: list[Any] = []
    threads = [in_thread(lambda: said.append(by_hand.confirm(key))) for _ in range(4)]
    for thread in threads:
        thread.join(30)
    assert sorted(said) == [False, False, False, True]
    assert by_hand.states(key) == [("suspended", "suspended")]


def test_an_order_is_there_with_what_was_ordered_when_a_person_confirms_it(by_hand: House) -> None:
    key = by_hand.licence("42", seen="absent", wanted_quantity=5, wanted_end=int(APRIL.timestamp()))
    by_hand.converge()
    by_hand.confirm(key, reference="GCS-0815", show={"link": "https://example.net/42"})
    row = by_hand.row(key)
    assert (row.seen_state, row.seen_quantity, row.seen_end, row.reference) == ("active", 5, int(APRIL.timestamp()), "GCS-0815")
    assert row.show == {"link": "https://example.net/42"}
    assert by_hand.converge() == {}


def test_what_could_not_be_done_is_refused_and_stays_as_it_was(by_hand: House) -> None:
    key = blocked(by_hand)
    assert by_hand.could_not(key, note="the console is down for good")
    assert by_hand.states(key) == [("suspended", "active")]
    (left,) = by_hand.given_up()
    assert (left.failure, left.text) == ("rejected", "A person could not do it: the console is down for good")
    (task,) = by_hand.waiting()
    assert task.status is TaskStatus.REFUSED
    assert "the console is down for good" in task.instructions
    assert not by_hand.could_not(key, note="the same again")


def test_asked_again_the_plugin_tells_anew_and_it_is_due_as_before(by_hand: House) -> None:
    key = by_hand.licence("42", wanted_quantity=3)
    by_hand.converge()
    by_hand.fake.straight("on_change")
    by_hand.fake.bend("on_change", answering(NeedsOperator(instructions="Set three")), times=None)
    by_hand.later(hours=30)
    by_hand.ask_again(key)
    assert by_hand.states(key) == [("active", "active")]
    by_hand.converge()
    (task,) = by_hand.waiting()
    assert (task.title, task.due_at, task.overdue) == ("Set three", NOW + timedelta(days=1), True)


def test_what_is_recalled_is_not_asked_again_before_it_was_said_whether_it_was_done(by_hand: House) -> None:
    key = blocked(by_hand)
    by_hand.free(key)
    with pytest.raises(Refused, match="recalled; say whether it was done"):
        by_hand.ask_again(key)
    assert by_hand.states(key) == [("active", "pending")]
    by_hand.could_not(key)
    assert by_hand.states(key) == [("active", "active")]


def test_could_not_counts_though_something_else_has_changed(by_hand: House) -> None:
    key = by_hand.licence("42", seen="absent", wanted_end=int(APRIL.timestamp()))
    by_hand.converge()
    by_hand.want(key, end=APRIL + timedelta(days=30))
    assert by_hand.could_not(key, note="not sold here")
    assert by_hand.states(key) == [("active", "absent")]
    assert [left.failure for left in by_hand.given_up()] == ["rejected"]
    assert by_hand.converge() == {}


def test_what_the_vendor_refused_no_person_refuses(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(Rejected("no")))
    house.converge()
    with pytest.raises(Refused, match="mend the cause and ask again, or do it by hand and confirm"):
        house.could_not(key)


@pytest.fixture
def console(make_house: MakeHouse) -> House:
    """A house whose vendor cannot even be read."""
    return make_house(vendors={"console": {}})


def test_a_worker_that_dies_while_it_asks_a_plugin_leaves_nothing_unknown(console: House) -> None:
    key = console.licence("42", vendor="console", seen="absent")
    with console.store.write() as session:
        taken = leases.take(session, vendor="console", worker_id="dead", now=console.clock.now(), limit=10)
    assert [each.key for each in taken] == [key]
    console.converge()
    assert console.states(key) == [("active", "pending")]
    assert [(task.title, task.status) for task in console.waiting()] == [("Create 42", TaskStatus.OPEN)]


def test_a_plugin_with_a_defect_leaves_nothing_unknown_where_nothing_can_be_read(console: House) -> None:
    key = console.licence("defect", vendor="console", wanted="suspended")
    for _ in range(14):
        console.converge()
        console.later(minutes=11)
    assert console.states(key) == [("suspended", "active")]
    (task,) = console.waiting()
    assert (task.step, task.status) == ("on_block", TaskStatus.REFUSED)


@pytest.mark.parametrize(
    "odd",
    [
        {"instructions": ""},
        {"instructions": " \n "},
        {"instructions": "do it", "due_in": "3 days"},
        {"instructions": "do it", "due_in": timedelta(days=10**6)},
        {"instructions": "do it", "due_in": timedelta(seconds=-1)},
    ],
)
def test_an_odd_answer_of_one_licence_spoils_no_other(house: House, odd: dict[str, Any]) -> None:
    bad, good = house.licence("42", wanted="suspended"), house.licence("43", wanted="suspended")
    house.fake.bend("on_block", lambda asked: NeedsOperator(**odd) if asked.key == bad else None, times=None)
    house.converge()
    assert house.states(good) == [("suspended", "suspended")]
    assert house.states(bad) == [("suspended", "unknown")]


def test_thousands_of_tasks_are_opened_as_fast_as_a_hundred_times_fewer(make_house: MakeHouse) -> None:
    house = make_house(vendors={"console": {}})
    spent: list[float] = []
    for count in (500, 4000):
        house.licences([f"{count}-{number}" for number in range(count)], vendor="console", seen="absent")
        began = time.perf_counter()
        house.converge()
        spent.append((time.perf_counter() - began) / count)
    assert len(house.tasks.waiting(now=house.clock.now(), limit=10_000)) == 4500
    assert spent[1] < 5 * spent[0], "each further task costs no more than the first"


def test_what_is_no_longer_wanted_is_recalled_and_asks_whether_it_was_done(by_hand: House) -> None:
    key = blocked(by_hand)
    by_hand.free(key)
    assert by_hand.converge() == {}, "nobody knows yet what the vendor has"
    (task,) = by_hand.waiting()
    assert task.status is TaskStatus.RECALLED
    assert task.title == "No longer wanted: do not do it any more. Was it done already?"
    assert "Set 1 for 42" in task.instructions


def test_recalled_but_done_is_undone(by_hand: House) -> None:
    key = blocked(by_hand)
    by_hand.free(key)
    by_hand.confirm(key)
    assert by_hand.states(key) == [("active", "suspended")]
    by_hand.converge()
    assert [task.step for task in by_hand.waiting()] == ["on_unblock"]
    by_hand.confirm(key)
    assert by_hand.states(key) == [("active", "active")]


def test_recalled_and_not_done_is_the_end_of_it(by_hand: House) -> None:
    key = blocked(by_hand)
    by_hand.free(key)
    by_hand.could_not(key, note="not done")
    assert by_hand.states(key) == [("active", "active")]
    assert (by_hand.waiting(), by_hand.given_up(), by_hand.converge()) == ([], [], {})


def test_wanted_again_before_anybody_answered_it_is_the_same_task(by_hand: House) -> None:
    key = blocked(by_hand)
    by_hand.free(key)
    by_hand.block(key)
    assert [task.status for task in by_hand.waiting()] == [TaskStatus.OPEN]
    assert tasks_ever(by_hand) == 1


def test_a_task_for_less_than_is_wanted_by_now_is_recalled(by_hand: House) -> None:
    key = by_hand.licence("42", seen="absent", wanted_quantity=3)
    by_hand.converge()
    by_hand.want(key, wanted_quantity=5)
    assert by_hand.waiting()[0].status is TaskStatus.RECALLED
    by_hand.fake.has[key] = SeenLicence(key=key, state=SeenState.ACTIVE, quantity=3)
    by_hand.confirm(key)
    by_hand.converge()
    (task,) = by_hand.waiting()
    assert (task.step, task.title) == ("on_change", "Set 5 for 42")


def test_what_else_changed_meanwhile_is_asked_for_afterwards(by_hand: House) -> None:
    key = blocked(by_hand)
    by_hand.want(key, wanted_quantity=4)
    assert by_hand.waiting()[0].status is TaskStatus.OPEN, "it is to be suspended all the same"
    by_hand.confirm(key)
    by_hand.free(key)
    by_hand.converge()
    by_hand.confirm(key)
    by_hand.converge()
    assert by_hand.waiting()[0].title == "Set 4 for 42"


def test_a_want_that_changes_while_the_plugin_thinks_asks_nobody(house: House) -> None:
    key, gate = house.licence("42", wanted="active"), Gate()
    house.block(key)

    def slowly(licence: LicenceView) -> NeedsOperator:
        gate(licence)
        return tells(licence)

    house.fake.bend("on_block", slowly)
    run = in_thread(house.converge)
    assert gate.reached.wait(30)
    house.free(key)
    gate.open()
    run.join(30)
    assert house.states(key) == [("active", "active")]
    assert house.waiting() == []
    assert tasks_ever(house) == 0


def test_a_refused_call_waits_for_a_person_too(house: House) -> None:
    key = house.licence("42", wanted="suspended", reference="S-1")
    house.fake.bend("on_block", raising(Rejected("17: unknown id")))
    house.converge()
    (task,) = house.waiting()
    assert (task.licence, task.step, task.status) == (key, "on_block", TaskStatus.REFUSED)
    assert "fake did not carry out on_block for account 42 (fake)" in task.title
    assert all(exact in task.instructions for exact in ("17: unknown id", key, "S-1", "suspended × 1"))


def test_a_refused_call_that_a_person_made_by_hand_counts(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(Rejected("no")))
    house.converge()
    assert house.confirm(key)
    assert house.states(key) == [("suspended", "suspended")]
    assert (house.waiting(), house.given_up(), house.converge()) == ([], [], {})


def test_a_refused_call_is_made_again_on_demand(house: House) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(Rejected("no")))
    house.converge()
    house.ask_again(key)
    house.converge()
    assert house.fake.has[key].state is SeenState.SUSPENDED
    assert house.waiting() == []


def test_a_refused_call_that_makes_no_difference_any_more_waits_for_nobody(house: House) -> None:
    key = house.licence("42", wanted="active")
    house.block(key)
    house.fake.bend("on_block", raising(Rejected("no")))
    house.converge()
    house.free(key)
    assert house.waiting() == []


@pytest.mark.parametrize("answer", ["confirm", "could_not", "ask_again"])
def test_an_answer_to_nothing_says_so(house: House, answer: str) -> None:
    key = house.licence("42")
    with pytest.raises(NotFound, match=f"No task waits about the licence {key}"):
        getattr(house, answer)(key)
    with pytest.raises(NotFound, match="There is no licence 'ib0b0-43'"):
        getattr(house, answer)("ib0b0-43")


def test_overdue_tasks_are_counted_from_the_oldest(by_hand: House) -> None:
    assert by_hand.tasks.overdue(now=NOW) == (0, None)
    blocked(by_hand)
    by_hand.later(hours=25)
    assert by_hand.tasks.overdue(now=by_hand.clock.now()) == (1, NOW + timedelta(days=1))
    assert [task.overdue for task in by_hand.waiting(overdue=True)] == [True]
    by_hand.licence("43", wanted="suspended")
    by_hand.converge()
    assert [task.account for task in by_hand.waiting(overdue=True)] == ["42"]
    assert [task.account for task in by_hand.waiting()] == ["42", "43"], "the most urgent first"


def test_tasks_are_found_by_vendor_and_account(by_hand: House) -> None:
    blocked(by_hand)
    assert len(by_hand.waiting(vendor="fake", account="42")) == 1
    assert by_hand.waiting(vendor="other") == by_hand.waiting(account="43") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_is_told_in_every_language_with_the_exact_values(house: House, language: str) -> None:
    key = house.licence("42", wanted="suspended")
    house.fake.bend("on_block", raising(Rejected("17: unknown id")))
    house.converge()
    told = TaskList(store=house.store, language=language, due_in=timedelta(days=1)).one(key, now=NOW).instructions
    assert all(exact in told for exact in ("17: unknown id", key, "42", f"isp-addons tasks confirm {key}"))
    assert language in Instructions("isp_addons.convergence").languages()


def tasks_ever(house: House) -> int:
    """How many tasks were ever opened."""
    with house.store.read() as session:
        return session.scalar(select(func.count()).select_from(OperatorTask).join(Licence)) or 0
