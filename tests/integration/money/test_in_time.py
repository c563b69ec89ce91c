"""What the worker does with money because time passed: for everybody, and the tariff's own fee first."""

import time
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import text, update

from integration.money.till import APRIL, DAY, Till
from isp_addons.domain.catalogue import TrialEnd
from isp_addons.domain.permission import Permission
from isp_addons.domain.subscription import Plan
from isp_addons.services import auto_renewal, cancel, card_renewal, find, products
from isp_addons.store.tables import Price, Subscription

MAY = APRIL + 30 * DAY


def test_a_trial_that_ends_with_the_period_becomes_a_subscription(till: Till) -> None:
    new = products.NewProduct(code="tried", name="tried", vendor=None, price=1000, trial_days=14, trial_then=TrialEnd.CHARGE)
    products.add(till.context, till.cause(), new)
    till.opens("42")
    till.now = MAY - 14 * DAY
    till.orders("42", "tried", plan=Plan.TRIAL)
    till.now = MAY + timedelta(hours=3)
    till.runs()
    till.now += timedelta(minutes=1)
    till.runs()
    assert [till.subscription(number).status for number in (1, 2)] == ["ended", "running"]
    assert till.subscription(2).plan == "recurring"
    assert till.balance("42") < 6000


def test_a_term_does_not_renew_itself_with_the_money_for_the_tariff(till: Till) -> None:
    till.opens("42", balance=4000, base_price=1000)
    till.now = APRIL + timedelta(hours=1)  # the term ends on 1 May at 01:00, with the period begun already
    till.sells("term", price=3000)
    till.orders("42", "term", plan=Plan.ONE_OFF, renews=True)
    till.now = MAY + timedelta(hours=2)
    till.runs()
    assert till.balance("42") == 0, "the tariff's fee"


def test_the_last_day_before_a_period_its_tariff_is_spoken_for(till: Till) -> None:
    for ref, balance in (("short", 6999), ("enough", 7000)):
        till.opens(ref, balance=balance, base_price=1000)
        till.orders(ref, plan=Plan.ONE_OFF, renews=True)
    with till.store.write() as session:
        session.execute(update(Subscription).values(paid_until=MAY - timedelta(hours=6)))
    till.now = MAY - timedelta(hours=5)
    assert auto_renewal.apply(till.context, till.cause()) == 1
    assert (till.balance("short"), till.balance("enough")) == (3999, 1000)


def test_who_cannot_pay_his_term_does_not_stand_in_the_way_of_others(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_renewal, "_MOST", 2)
    for number in range(5):
        till.opens(f"a{number}", balance=6000 if number == 4 else 3000 + 2999)
        till.orders(f"a{number}", plan=Plan.ONE_OFF, renews=True)
    till.now = MAY
    assert auto_renewal.apply(till.context, till.cause()) == 1
    assert [till.balance(f"a{number}") for number in range(5)] == [2999, 2999, 2999, 2999, 0]


def test_a_term_renews_itself_at_the_price_of_today(till: Till) -> None:
    till.opens("42", balance=5000)
    till.orders("42", plan=Plan.ONE_OFF, renews=True)
    with till.store.write() as session:
        session.execute(update(Price).values(unit_price=2000))
    till.now = MAY
    assert auto_renewal.apply(till.context, till.cause()) == 1
    assert till.balance("42") == 0


def test_whoever_has_the_money_does_not_stand_in_the_way_of_who_pays_by_saved_card(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_renewal, "_MOST", 2)
    for number in range(5):
        till.opens(f"a{number}", balance=3000 if number in (3, 4) else 9000)
        till.orders(f"a{number}")
        card_renewal.save(till.context, till.cause(), account=f"a{number}", card="card_ok")
    till.now = MAY - DAY
    assert card_renewal.run(till.context, till.cause()) == 2
    assert [till.balance(f"a{number}") for number in range(5)] == [6000, 6000, 6000, 3000, 3000]


def test_what_runs_again_at_the_last_moment_is_not_ended(till: Till) -> None:
    till.opens("42")
    till.orders("42")
    cancel.cancel(till.context, till.cause(), subscription_id=1)
    till.now = MAY
    finishing = Thread(target=lambda: cancel.finish(till.context, till.cause()))
    with till.store.write() as session:
        found, _, _ = find.subscription(session, 1, till.cause(), Permission.ADMINISTER)
        found.status, found.paid_until = "running", MAY + 30 * DAY  # as somebody does who pays for it
        session.flush()
        finishing.start()
        _waits_for_a_lock(till)
    finishing.join(timeout=30)
    assert till.subscription(1).status == "running"


def _waits_for_a_lock(till: Till) -> None:
    """Until somebody waits for what this transaction holds; on SQLite whoever writes waits from his first word."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
    until = time.monotonic() + 20
    while not till.store.is_sqlite and time.monotonic() < until:
        with till.store.read() as session:
            if session.scalar(query):
                return
        time.sleep(0.02)
