"""Where the billing takes the money itself: a period for which no code was free is paid, and its code is owed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from integration.codes.elsewhere import Elsewhere
from integration.codes.kiosk import PRICE, Kiosk
from isp_addons.billing.remote import RemoteBilling
from isp_addons.domain.event import Word
from isp_addons.domain.subscription import Plan
from isp_addons.services.period_begin import PeriodBeginResult
from isp_addons.store.tables import Audit, Subscription

MONTH = 31 * 24
NOTHING = PeriodBeginResult()


@pytest.fixture
def billing(kiosk: Kiosk) -> Elsewhere:
    """January is paid and its code is shown. There is no other code."""
    billing = Elsewhere(kiosk, left=PRICE)
    kiosk.context = replace(kiosk.context, billing=RemoteBilling(billing))
    kiosk.imports(1)
    kiosk.order("77", plan=Plan.RECURRING)
    kiosk.converge()
    assert kiosk.shown(1) == ["SECRET-000001"]
    return billing


def february(kiosk: Kiosk, billing: Elsewhere) -> None:
    """It took February's price, and nothing is left."""
    billing.left = 0
    kiosk.time_passes(MONTH)
    assert kiosk.timetable() == PeriodBeginResult(held=1, out_of_stock=1)
    assert kiosk.holders(1) == {"forecast"}


def paid_until(kiosk: Kiosk) -> datetime | None:
    with kiosk.store.read() as session:
        return session.get_one(Subscription, 1).paid_until


def missed(kiosk: Kiosk) -> list[str | None]:
    with kiosk.store.read() as session:
        return list(session.scalars(select(Audit.after).where(Audit.field == "out_of_stock")))


def test_the_code_is_issued_when_there_is_one_and_no_money_is_asked_again(kiosk: Kiosk, billing: Elsewhere) -> None:
    february(kiosk, billing)
    assert kiosk.timetable() == NOTHING
    assert missed(kiosk) == ["waits for a code; the billing charges the period itself"]

    kiosk.imports(2)
    assert kiosk.timetable() == PeriodBeginResult(charged=1)
    kiosk.converge()

    assert kiosk.holders(1) == set()
    assert kiosk.shown(1) == ["SECRET-000002"]
    assert paid_until(kiosk) == datetime(2026, 3, 1, tzinfo=UTC)
    assert kiosk.timetable() == NOTHING
    assert sorted(kiosk.taken()) == ["SECRET-000001", "SECRET-000002"]


def test_the_next_period_is_paid_too_and_gets_its_code_while_the_missed_one_is_owed_no_longer(
    kiosk: Kiosk, billing: Elsewhere
) -> None:
    february(kiosk, billing)
    kiosk.time_passes(MONTH)
    kiosk.imports(5)

    assert kiosk.timetable() == PeriodBeginResult(accounts=1, charged=1)
    kiosk.converge()

    assert kiosk.holders(1) == set()
    assert kiosk.shown(1) == ["SECRET-000002"]
    assert paid_until(kiosk) == datetime(2026, 4, 1, tzinfo=UTC)
    assert kiosk.timetable() == NOTHING
    assert len(kiosk.taken()) == 2


def test_each_period_that_finds_no_code_is_noted_and_the_last_of_them_gets_its_code(kiosk: Kiosk, billing: Elsewhere) -> None:
    february(kiosk, billing)
    kiosk.time_passes(MONTH)
    assert kiosk.timetable().out_of_stock == 1
    assert kiosk.timetable() == NOTHING
    assert len(missed(kiosk)) == 2
    assert paid_until(kiosk) == datetime(2026, 4, 1, tzinfo=UTC)

    kiosk.imports(5)
    assert kiosk.timetable().charged == 1
    kiosk.converge()

    assert kiosk.shown(1) == ["SECRET-000002"]
    assert len(kiosk.taken()) == 2


def test_looking_ahead_does_not_lift_the_hold_of_who_waits_for_a_code(kiosk: Kiosk, billing: Elsewhere) -> None:
    february(kiosk, billing)
    billing.left = 9 * PRICE

    kiosk.looks_ahead()
    kiosk.hears(Word.PAID, "77")
    assert kiosk.holders(1) == {"forecast"}
    kiosk.imports(1)
    kiosk.hears(Word.CHARGED, "77")

    assert kiosk.holders(1) == set()
    assert sorted(kiosk.taken()) == ["SECRET-000001", "SECRET-000002"]


def test_a_blocked_account_waits_until_it_is_free_and_its_next_period_is_not_taken_for_paid(
    kiosk: Kiosk, billing: Elsewhere
) -> None:
    february(kiosk, billing)
    billing.blocked = True
    kiosk.imports(5)
    kiosk.hears(Word.BLOCKED, "77")
    kiosk.timetable()
    assert len(kiosk.taken()) == 1

    kiosk.time_passes(MONTH)
    kiosk.timetable()
    billing.blocked = False
    kiosk.hears(Word.UNBLOCKED, "77")
    kiosk.timetable()
    assert kiosk.holders(1) == {"forecast"}, "nobody paid for March"
    assert len(kiosk.taken()) == 1

    billing.left = PRICE
    kiosk.hears(Word.PAID, "77")
    kiosk.converge()
    assert kiosk.holders(1) == set()
    assert kiosk.shown(1) == ["SECRET-000002"]


def test_who_is_freed_with_money_enough_and_finds_no_code_is_not_asked_for_money_twice(
    kiosk: Kiosk, billing: Elsewhere
) -> None:
    billing.blocked, billing.left = True, 0
    kiosk.hears(Word.BLOCKED, "77")
    kiosk.time_passes(MONTH)
    kiosk.timetable()
    billing.blocked = False
    kiosk.hears(Word.UNBLOCKED, "77")
    assert missed(kiosk) == [], "the money does not reach: he waits for money, not for a code"

    billing.left = PRICE
    kiosk.hears(Word.PAID, "77")
    assert len(missed(kiosk)) == 1
    billing.left = 0
    kiosk.imports(1)
    kiosk.timetable()
    kiosk.converge()

    assert kiosk.holders(1) == set()
    assert kiosk.shown(1) == ["SECRET-000002"]


def test_money_that_finds_no_code_brings_another_add_on_back_first(kiosk: Kiosk, billing: Elsewhere) -> None:
    plain = kiosk.order("77", "plain", Plan.RECURRING)
    billing.blocked, billing.left = True, 0
    kiosk.hears(Word.BLOCKED, "77")
    kiosk.time_passes(MONTH)
    kiosk.timetable()
    billing.blocked, billing.left = False, PRICE

    kiosk.hears(Word.UNBLOCKED, "77")

    assert kiosk.holders(plain) == set()
    assert kiosk.holders(1) == {"forecast"}
    assert missed(kiosk) == []
