"""Many connections at once on one stock: a code is sold once, and nobody is charged for none."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from integration.codes.kiosk import PRICE, START, Kiosk
from isp_addons.domain.problem import BadInput, Problem
from isp_addons.domain.subscription import Plan
from isp_addons.services import codes
from isp_addons.services.codes_file import NewCode
from isp_addons.store.engine import Store
from isp_addons.store.tables import ActivationCode


def outcome(what: Callable[[], object]) -> str:
    """``done``, or the code of the problem."""
    try:
        what()
    except Problem as problem:
        return problem.code
    return "done"


_MOST_TRIES = 10  # a busy machine may keep a row locked for long


def at_once(*work: Callable[[], object]) -> list[str]:
    """Let everybody begin at the same moment, each on a connection of his own; who is told to try again does so."""
    start = Barrier(len(work))

    def run(what: Callable[[], object]) -> str:
        start.wait(timeout=30)
        told = [outcome(what)]
        while told[-1] == "busy" and len(told) < _MOST_TRIES:
            told.append(outcome(what))
        return told[-1]

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_twelve_buyers_and_five_codes_make_five_sales(kiosk: Kiosk) -> None:
    kiosk.imports(5)
    for number in range(12):
        kiosk.opens(str(number), balance=PRICE)

    results = at_once(*(lambda ref=str(number): kiosk.order(ref) for number in range(12)))  # type: ignore[misc]

    assert Counter(results) == {"done": 5, "out_of_stock": 7}
    assert kiosk.balance() == 7 * PRICE
    assert len(kiosk.taken()) == len(set(kiosk.taken().values())) == 5
    kiosk.check()


def test_two_who_want_two_of_three_codes_are_one_served_and_one_refused_whole(kiosk: Kiosk) -> None:
    kiosk.imports(3)
    for ref in ("1", "2"):
        kiosk.opens(ref, balance=2 * PRICE)

    results = at_once(lambda: kiosk.order("1", quantity=2), lambda: kiosk.order("2", quantity=2))

    assert sorted(results) == ["done", "out_of_stock"]
    assert kiosk.balance() == 2 * PRICE
    assert len(kiosk.taken()) == 2
    kiosk.check()


def test_the_last_code_is_not_denied_while_its_buyer_may_still_fail(kiosk: Kiosk, store: Store) -> None:
    kiosk.imports(1)
    kiosk.opens("1", balance=PRICE)
    with ThreadPoolExecutor(1) as pool:
        with store.write() as session:
            session.scalars(select(ActivationCode).with_for_update()).one()
            other = pool.submit(outcome, lambda: kiosk.order("1"))
            _wait_until_somebody_waits(store)
            session.rollback()
        assert other.result(timeout=30) == "done"
    kiosk.check()


def _wait_until_somebody_waits(store: Store) -> None:
    """On SQLite nobody comes past the first writer anyway."""
    if store.is_sqlite:
        return
    with store.connect_autocommit() as connection:
        for _ in range(3000):
            waiting = connection.execute(text("SELECT pg_sleep(0.01), count(*) FROM pg_locks WHERE NOT granted")).one()
            if waiting[1]:
                return
    pytest.fail("the second buyer never waited for the first")


def test_a_period_begins_while_others_buy(kiosk: Kiosk) -> None:
    kiosk.imports(10)
    for number in range(10):
        kiosk.opens(f"old-{number}", balance=3 * PRICE)
        kiosk.orders(f"old-{number}", "kis", Plan.RECURRING, 1)
        kiosk.opens(f"new-{number}", balance=PRICE)
    kiosk.imports(8)
    kiosk.time_passes(31 * 24)

    buyers = [lambda ref=f"new-{number}": kiosk.order(ref) for number in range(10)]  # type: ignore[misc]
    results = at_once(kiosk.timetable, kiosk.timetable, *buyers)
    kiosk.timetable()

    assert set(results) <= {"done", "out_of_stock", "busy"}
    assert len(kiosk.taken()) == 18
    assert kiosk.balance() == (30 + 10 - 18) * PRICE
    kiosk.check()


def test_the_same_file_imported_twice_at_once_is_taken_in_once_and_no_code_is_told(kiosk: Kiosk, store: Store) -> None:
    lines = [NewCode(line=number + 2, code=f"SAME-{number:04}", article="kis", expires_at=None) for number in range(50)]
    told: list[str] = []

    def take_in() -> None:
        try:
            kiosk.takes_in(lines)
        except BadInput as problem:
            told.append(problem.message)
            raise

    assert sorted(at_once(take_in, take_in)) == ["bad_file", "done"]
    assert "b.csv:2: the stock has this code already." in told[0]
    assert "SAME" not in told[0]
    with store.read() as session:
        assert len(_codes(session)) == len(set(_codes(session))) == 50


def test_a_code_that_is_being_recalled_is_not_sold(kiosk: Kiosk) -> None:
    kiosk.imports(1)
    kiosk.opens("1", balance=PRICE)
    (only,) = codes.rows(kiosk.context, kiosk.cause("looked"), codes.Wanted(), limit=10, reveal=False)

    results = at_once(
        lambda: kiosk.order("1"),
        lambda: codes.void(kiosk.context, kiosk.cause("recalled"), ids=[only["id"]]),
    )

    assert sorted(results) in (["code_taken", "done"], ["done", "out_of_stock"])
    assert kiosk.now == START
    kiosk.check()


def _codes(session: Session) -> list[str]:
    return list(session.scalars(select(ActivationCode.code)))
