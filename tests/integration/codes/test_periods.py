"""Codes from period to period: what is shown after a stand-still, and what happens where a code cannot be had."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from integration.codes.elsewhere import Elsewhere
from integration.codes.kiosk import PRICE, Kiosk
from isp_addons.billing.remote import RemoteBilling
from isp_addons.domain.event import Word
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.host import Host
from isp_addons.services import orders_import, refund
from isp_addons.services.orders_import import ImportedOrder
from isp_addons.store import codes
from isp_addons.store.tables import ActivationCode, Audit, Charge, Licence, Subscription

MONTH = 31 * 24


def test_the_code_that_expires_first_is_sold_first_and_one_without_a_date_last(kiosk: Kiosk) -> None:
    kiosk.imports(1)
    kiosk.imports(1, days=60)
    kiosk.imports(1, days=30)
    kiosk.imports(1, days=1)
    kiosk.opens("1", balance=4 * PRICE)
    kiosk.time_passes(48)

    for _ in range(3):
        kiosk.order("1")

    assert kiosk.taken() == {"SECRET-000003": 1, "SECRET-000002": 2, "SECRET-000001": 3}
    with pytest.raises(Refused, match="no activation code of kis"):
        kiosk.order("1")


def test_each_seat_has_a_code_of_its_own(kiosk: Kiosk) -> None:
    kiosk.imports(3)
    kiosk.opens("1", balance=3 * PRICE)

    subscription = kiosk.order("1", quantity=3)
    kiosk.converge()

    assert kiosk.shown(subscription) == ["SECRET-000001", "SECRET-000002", "SECRET-000003"]


def test_a_product_is_never_sold_the_codes_of_another_article(kiosk: Kiosk) -> None:
    kiosk.imports(5, article="eset")
    kiosk.opens("1", balance=PRICE)

    with pytest.raises(Refused) as refused:
        kiosk.order("1", "kis")

    assert refused.value.code == "out_of_stock"
    assert kiosk.taken() == {}


def test_after_a_stand_still_every_code_that_was_paid_for_is_shown(kiosk: Kiosk) -> None:
    kiosk.imports(3)
    kiosk.opens("1", balance=5 * PRICE)
    subscription = kiosk.order("1", plan=Plan.RECURRING)
    for _ in range(2):
        kiosk.time_passes(MONTH)
        kiosk.timetable()

    kiosk.converge()

    assert kiosk.shown(subscription) == ["SECRET-000001, SECRET-000002, SECRET-000003"]


@pytest.mark.parametrize("shown_before", [False, True])
def test_a_worker_that_dies_before_it_wrote_the_answer_down_costs_no_code(kiosk: Kiosk, *, shown_before: bool) -> None:
    kiosk.imports(2)
    kiosk.opens("1", balance=3 * PRICE)
    subscription = kiosk.order("1", plan=Plan.RECURRING)
    if shown_before:
        kiosk.converge()
        kiosk.time_passes(MONTH)
        kiosk.timetable()

    kiosk.worker_dies()
    kiosk.converge()

    assert kiosk.shown(subscription) == ["SECRET-000002" if shown_before else "SECRET-000001"]
    kiosk.check_at_rest()


def test_while_any_hold_stands_no_code_is_issued_and_the_loop_rests(kiosk: Kiosk) -> None:
    kiosk.imports(5)
    kiosk.opens("1", balance=5 * PRICE)
    subscription = kiosk.order("1", plan=Plan.RECURRING)
    kiosk.converge()

    kiosk.holds(subscription)
    kiosk.hears(Word.BLOCKED, "1")
    kiosk.time_passes(MONTH)
    kiosk.timetable()
    kiosk.converge()

    assert kiosk.holders(subscription) == {"admin", "billing", "forecast"}
    assert len(kiosk.taken()) == 1
    kiosk.check_at_rest()

    kiosk.hears(Word.UNBLOCKED, "1")
    assert kiosk.holders(subscription) == {"admin", "forecast"}
    kiosk.releases(subscription)
    kiosk.converge()

    assert kiosk.holders(subscription) == set()
    assert kiosk.shown(subscription) == ["SECRET-000002"]


def test_where_few_codes_are_left_the_priority_and_then_the_age_of_the_order_decide(kiosk: Kiosk) -> None:
    kiosk.imports(3)
    subscriptions = []
    for ref in ("1", "2", "3"):
        kiosk.opens(ref, balance=3 * PRICE)
        subscriptions.append(kiosk.order(ref, plan=Plan.RECURRING))
        kiosk.time_passes(1)
    kiosk.imports(2)
    kiosk.time_passes(MONTH)

    result = kiosk.timetable()

    assert (result.charged, result.held, result.out_of_stock) == (2, 1, 1)
    assert [kiosk.holders(each) for each in subscriptions] == [set(), set(), {"forecast"}]
    kiosk.check()


def test_money_meant_for_a_code_that_another_got_pays_for_the_next_add_on(kiosk: Kiosk) -> None:
    kiosk.imports(2)
    kiosk.opens("1", balance=2 * PRICE)
    kiosk.order("1", plan=Plan.RECURRING)
    kiosk.time_passes(1)
    kiosk.opens("2", balance=2 * PRICE)
    code = kiosk.order("2", plan=Plan.RECURRING)
    kiosk.pays("2", "150.00")
    plain = kiosk.order("2", "plain", Plan.RECURRING)
    with kiosk.store.write() as session:  # whatever the first part of a month cost
        session.execute(update(Subscription).where(Subscription.id == plain).values(price=PRICE))
    kiosk.imports(1)
    kiosk.time_passes(MONTH)

    result = kiosk.timetable()

    assert (kiosk.holders(code), kiosk.holders(plain)) == ({"forecast"}, set())
    assert (result.charged, result.out_of_stock) == (2, 1)
    kiosk.check()


def test_who_waits_for_a_code_is_noted_once_and_comes_back_by_himself(kiosk: Kiosk) -> None:
    kiosk.imports(1)
    kiosk.opens("1", balance=3 * PRICE)
    subscription = kiosk.order("1", plan=Plan.RECURRING)
    kiosk.time_passes(MONTH)
    for _ in range(3):
        kiosk.timetable()
        kiosk.pays("1", "0.01")
    with kiosk.store.read() as session:
        noted = session.scalars(select(Audit).where(Audit.field == "out_of_stock")).all()
    assert [row.subject_id for row in noted] == [subscription]

    kiosk.imports(1, article="eset")
    assert kiosk.timetable().charged == 0
    kiosk.imports(1)

    assert kiosk.timetable().charged == 1
    assert kiosk.holders(subscription) == set()
    kiosk.check()


def test_a_vendor_that_cannot_be_used_now_still_sells_its_codes_only_with_a_charge(kiosk: Kiosk) -> None:
    kiosk.imports(1)
    kiosk.opens("1", balance=3 * PRICE)
    subscription = kiosk.order("1", plan=Plan.RECURRING)
    kiosk.context = replace(kiosk.context, capabilities=lambda name: Host((), clock=kiosk.clock).vendor(name).capabilities)
    kiosk.time_passes(MONTH)

    result = kiosk.timetable()

    assert (result.charged, result.out_of_stock) == (0, 1)
    assert kiosk.holders(subscription) == {"forecast"}


def test_a_charge_is_not_reversed_once_a_code_of_it_may_have_been_seen(kiosk: Kiosk) -> None:
    kiosk.imports(4)
    kiosk.opens("1", balance=4 * PRICE)
    seen, unseen = kiosk.order("1", quantity=2), kiosk.order("1", quantity=2)
    with kiosk.store.write() as session:
        refused = {"given_up_at": kiosk.now, "failure": "rejected"}
        session.execute(update(Licence).where(Licence.seat == 2).values(**refused))
        first = Licence.subscription_id == seen
        session.execute(update(Licence).where(first, Licence.seat == 1).values(seen_state="unknown"))

    assert refund.reverse_refused(kiosk.context, kiosk.cause("the vendor refused it")) == 1

    with kiosk.store.read() as session:
        reversed_of = session.scalars(select(Charge.subscription_id).where(Charge.reversed_at.is_not(None))).all()
        void = session.scalars(select(ActivationCode.code).where(ActivationCode.voided_at.is_not(None))).all()
        assert session.get_one(Subscription, seen).status == Status.RUNNING
    assert list(reversed_of) == [unseen]
    assert {kiosk.taken()[code] for code in void} == {unseen}


def test_an_order_taken_over_from_elsewhere_gets_its_first_code_with_its_first_charge(kiosk: Kiosk) -> None:
    kiosk.imports(1)
    kiosk.opens("1", balance=3 * PRICE)
    line = ImportedOrder(line=2, account="1", product="kis", quantity=1, price=PRICE, priority=1, ordered_at=kiosk.now)
    orders_import.import_orders(kiosk.context, kiosk.cause("taken over"), [line], name="orders.csv")
    kiosk.converge()
    (subscription,) = kiosk.subscriptions()
    assert kiosk.shown(subscription) == [""]
    assert refund.reverse_refused(kiosk.context, kiosk.cause("the vendor refused it")) == 0

    kiosk.time_passes(MONTH)
    kiosk.timetable()
    kiosk.converge()

    assert kiosk.shown(subscription) == ["SECRET-000001"]
    kiosk.check_at_rest()


def test_a_licence_that_has_its_code_for_a_period_gets_no_second_one(kiosk: Kiosk) -> None:
    kiosk.imports(3)
    kiosk.opens("1", balance=PRICE)
    subscription = kiosk.order("1")
    with kiosk.store.write() as session:
        wanted = codes.needs(
            session, codes.licences(Subscription.ordered_at).where(Licence.subscription_id == subscription), ["retail"]
        )
        assert len(wanted) == 1
        assert codes.take(session, kiosk.cause("again"), wanted) == set()

    assert len(kiosk.taken()) == 1


def test_where_the_billing_takes_the_money_a_period_without_a_code_is_held_until_there_is_one(kiosk: Kiosk) -> None:
    kiosk.imports(1)
    kiosk.context = replace(kiosk.context, billing=RemoteBilling(Elsewhere(kiosk)))
    subscription = kiosk.order("77", plan=Plan.RECURRING)
    kiosk.converge()
    kiosk.time_passes(MONTH)

    result = kiosk.timetable()
    assert (result.charged, result.held, result.out_of_stock) == (0, 1, 1)
    kiosk.hears(Word.CHARGED, "77")
    assert kiosk.holders(subscription) == {"forecast"}

    kiosk.imports(1)
    assert kiosk.timetable().charged == 1
    kiosk.converge()

    assert kiosk.holders(subscription) == set()
    assert kiosk.shown(subscription) == ["SECRET-000002"]
