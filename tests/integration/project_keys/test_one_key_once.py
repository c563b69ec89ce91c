"""Many connections at once: a key pays for one customer, once, and ends once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from sqlalchemy import select

from integration.project_keys.desk import Desk
from isp_addons.domain.problem import Problem
from isp_addons.store.tables import Subscription

_MOST_TRIES = 10


def outcome(what: Callable[[], object]) -> str:
    """``done``, or the code of the problem; who is told that the database is busy tries again."""
    for _ in range(_MOST_TRIES):
        try:
            what()
        except Problem as problem:
            if problem.code != "busy":
                return problem.code
        else:
            return "done"
    return "busy"


def at_once(*work: Callable[[], object]) -> list[str]:
    """Let everybody begin at the same moment, each on a connection of his own."""
    start = Barrier(len(work))

    def run(what: Callable[[], object]) -> str:
        start.wait(timeout=30)
        return outcome(what)

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_eight_customers_and_one_key_make_one_sale(desk: Desk) -> None:
    customers = desk.customers(8)
    desk.imports("KEY-0001")

    results = at_once(*(lambda number=number: desk.redeems(number, "KEY-0001") for number in customers))

    assert sorted(results) == ["done", *["project_key_used"] * 7]
    (used,) = desk.used()
    assert used[0] == customers[results.index("done")]
    assert desk.subscriptions() == 1


def test_one_customer_who_is_sold_two_keys_at_once_has_both_one_after_the_other(desk: Desk) -> None:
    (customer,) = desk.customers(1)
    desk.imports("KEY-0001", "KEY-0002")

    results = at_once(lambda: desk.redeems(customer, "KEY-0001"), lambda: desk.redeems(customer, "KEY-0002"))

    assert results == ["done", "done"]
    assert desk.subscriptions() == 1
    with desk.store.read() as session:
        assert session.scalars(select(Subscription.paid_until)).one() == datetime(2028, 3, 10, 12, tzinfo=UTC)


def test_two_workers_end_a_key_once(desk: Desk) -> None:
    (customer,) = desk.customers(1)
    desk.imports("KEY-0001", term=1)
    desk.redeems(customer, "KEY-0001")
    desk.now = datetime(2026, 4, 10, 12, tzinfo=UTC)
    ended: list[int] = []

    results = at_once(lambda: ended.append(desk.ends_keys()), lambda: ended.append(desk.ends_keys()))

    assert results == ["done", "done"]
    assert sorted(ended) == [0, 1]
