"""A vendor that only people can reach, from the order to its end: asked once, told exactly, done only when somebody says so."""

import pytest

from acceptance.kit import MARCH_10, MARCH_31, Isp
from acceptance.plugins import BY_HAND


@pytest.fixture
def console(isp: Isp) -> Isp:
    """An ISP that resells what is only sold at a console."""
    isp.gets_plugin("by_hand", BY_HAND)
    isp.sells("scan", "100.00", vendor="by_hand")
    return isp


def only_task(isp: Isp) -> str:
    """What waits for a person, in a line."""
    (task,) = isp("tasks", "list").rows
    return f"{task['status']}: {task['title']}"


def licence(isp: Isp) -> str:
    (task,) = isp("tasks", "list").rows
    found: str = task["licence"]
    return found


def test_an_order_is_done_when_a_person_says_so(console: Isp) -> None:
    console.opens("42", "500.00")
    (subscription,) = [console.orders("42", "scan", quantity="3")]
    console("converge")
    assert console.at_vendor(subscription) == "pending"
    assert only_task(console) == "open: Create the customer 42"
    told = console("tasks", "show", licence(console), human=True).out
    assert told.startswith("Create the customer 42\n1. Open the console.\n   Licences: 3\n")
    confirmed = console(
        "tasks", "confirm", licence(console), "--reference", "GCS-0815", "--show", "link=https://example.net/42"
    )
    assert confirmed.row == {"licence": f"{confirmed.row['licence']}", "outcome": "confirmed", "changed": True}
    assert console.at_vendor(subscription) == "active"
    assert console("tasks", "list", human=True).out == "Nothing waits for a person.\n"
    assert console("tasks", "confirm", confirmed.row["licence"]).row["changed"] is False


def test_blocked_and_paid_before_anybody_did_anything_asks_whether_it_was_done(console: Isp) -> None:
    (subscription,) = console.subscriber("42", "scan", left="0")
    console("converge")
    key = licence(console)
    console("tasks", "confirm", key)
    console.hears("blocked", "42")
    assert only_task(console) == "open: Lock the customer 42"
    assert console.at_vendor(subscription) == "pending"
    console.hears("unblocked", "42")
    assert only_task(console) == "recalled: No longer wanted: do not do it any more. Was it done already?"
    console("tasks", "could-not", key, "--note", "not done")
    assert console.at_vendor(subscription) == "active"
    assert console("tasks", "list").rows == []


def test_paid_after_it_was_done_is_undone_by_a_person(console: Isp) -> None:
    (subscription,) = console.subscriber("42", "scan", left="0")
    console("converge")
    key = licence(console)
    console("tasks", "confirm", key)
    console.hears("blocked", "42")
    console.hears("unblocked", "42")
    console("tasks", "confirm", key)
    assert console.at_vendor(subscription) == "resuming"
    console("converge")
    assert only_task(console) == "open: Unlock the customer 42"
    console("tasks", "confirm", key)
    assert console.at_vendor(subscription) == "active"


def test_an_order_that_nobody_can_fill_is_paid_back(console: Isp) -> None:
    console.opens("42", "500.00")
    subscription = console.orders("42", "scan")
    assert console.balance("42") == "400.00"
    console("converge")
    console("tasks", "could-not", licence(console), "--note", "not sold in this country")
    assert console.balance("42") == "500.00"
    assert console.subscription(subscription)["status"] == "refused"
    assert console("tasks", "list").rows == []


def test_an_order_that_was_cancelled_before_it_was_done_is_never_done(console: Isp) -> None:
    console.opens("42", "500.00")
    subscription = console.orders("42", "scan")
    console("converge")
    key = licence(console)
    console("cancel", str(subscription), "--now")
    assert only_task(console).startswith("recalled: ")
    console("tasks", "could-not", key, "--note", "not done")
    console("converge")
    assert console("tasks", "list").rows == []


def test_a_person_who_did_many_says_so_at_once(console: Isp) -> None:
    for ref in ("41", "42", "43"):
        console.subscriber(ref, "scan", left="0")
    console("converge")
    keys = [task["licence"] for task in console("tasks", "list").rows]
    assert [row["changed"] for row in console("tasks", "confirm", *keys).rows] == [True, True, True]
    assert console("tasks", "list").rows == []
    console.refuses("tasks", "confirm", *keys, "--reference", "GCS-1", exits=2, names="for one licence at a time")


def test_an_overdue_task_is_told_by_the_doctor_and_the_worker(console: Isp) -> None:
    console.subscriber("42", "scan", left="0")
    console("converge")
    console.at = MARCH_10
    assert [task["overdue"] for task in console("tasks", "list", "--overdue").rows] == [True]
    found = {row["what"]: row for row in console("doctor").rows}
    assert found["operator tasks"]["result"] == "warns"
    assert "1 overdue, the oldest since 2026-03-02 00:00 UTC" in found["operator tasks"]["finding"]
    console.configure("isp-addons", log_level="warning")
    console.configure("operator_tasks", due_hours="1000")
    assert "1 operator tasks are overdue" in console("worker", "--once").err


def test_a_refused_order_of_another_vendor_stops_nobody(console: Isp) -> None:
    console.sells("av", "150.00")
    console.subscriber("42", "scan", left="0")
    console.subscriber("43", "av", left="0")
    console("converge")
    assert console.vendor.station("43")["state"] != "blocked"
    assert only_task(console) == "open: Create the customer 42"
    console.at = MARCH_31
    console.looks_ahead()
    assert only_task(console).startswith("recalled: "), "an order that cannot be paid for in April is not worth beginning"


@pytest.mark.parametrize(
    ("words", "exits", "names"),
    [
        (["confirm", "ia0-1-1"], 2, "There is no licence 'ia0-1-1'"),
        (["show", "ia0-1-1"], 2, "No task waits about the licence ia0-1-1"),
        (["could-not", "ia0-1-1", "--note", ""], 2, "The note"),
        (["confirm", "ia0-1-1", "--show", "no equals sign"], 2, "no equals sign"),
        (["confirm", "ia0-1-1", "--reference", "x" * 121], 2, "The reference"),
    ],
)
def test_an_answer_that_cannot_be_meant_changes_nothing(console: Isp, words: list[str], exits: int, names: str) -> None:
    console.refuses("tasks", *words, exits=exits, names=names)
