"""A large stock: taken in within seconds, sold from at once, and a period of many subscribers in a few questions."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from integration.codes.kiosk import PRICE, Kiosk
from isp_addons.domain.problem import BadInput
from isp_addons.domain.stock import StockRules
from isp_addons.domain.subscription import Plan
from isp_addons.services import codes, issue, period_begin
from isp_addons.services.codes_file import NewCode
from isp_addons.store import codes as codes_store
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, Charge, LedgerAccount, Licence, Product, Subscription

MANY = 100_000
SUBSCRIBERS = 2000


def delivery(count: int) -> list[NewCode]:
    return [NewCode(line=number + 2, code=f"MANY-{number:08}", article="kis", expires_at=None) for number in range(count)]


def questions(kiosk: Kiosk, do: Any) -> list[str]:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(kiosk.store.engine, "before_cursor_execute", note)
    do()
    event.remove(kiosk.store.engine, "before_cursor_execute", note)
    return asked


def test_a_hundred_thousand_codes_are_taken_in_within_seconds_and_sold_at_once(kiosk: Kiosk) -> None:
    lines = delivery(MANY)
    begun = time.perf_counter()
    kiosk.takes_in(lines)
    imported = time.perf_counter() - begun
    kiosk.opens("1", balance=PRICE)

    begun = time.perf_counter()
    kiosk.order("1")
    ordered = time.perf_counter() - begun

    with pytest.raises(BadInput, match="and 99000 more"):
        kiosk.takes_in(lines)
    cause = kiosk.cause("looked")
    _, level = codes.stock(kiosk.context, cause, lambda _name: StockRules(), vendors=["retail"])
    assert (level.article, level.free, level.taken) == ("kis", MANY - 1, 1)
    assert imported < 30
    assert ordered < 5


def test_a_period_of_many_subscribers_takes_all_their_codes_in_a_few_questions(kiosk: Kiosk, store: Store) -> None:
    kiosk.takes_in(delivery(SUBSCRIBERS))
    _subscribers(kiosk, store)
    kiosk.time_passes(24 * 31)

    asked = questions(kiosk, lambda: period_begin.apply(kiosk.context, kiosk.cause("a period began")))

    assert len(kiosk.taken()) == SUBSCRIBERS
    assert len(asked) < 100
    kiosk.check()


def test_without_codes_a_period_asks_a_few_small_questions_more_and_no_other_becomes_longer(kiosk: Kiosk) -> None:
    with kiosk.store.write() as session:
        session.execute(Product.__table__.update().values(vendor=None))
    kiosk.opens("1", balance=5 * PRICE)
    kiosk.order("1", "plain", Plan.RECURRING)
    kiosk.time_passes(24 * 31)

    asked = questions(kiosk, lambda: period_begin.apply(kiosk.context, kiosk.cause("a period began")))

    about = [each for each in asked if "activation_code" in each]
    with kiosk.store.read() as session:
        one = questions(kiosk, lambda: issue.vendors(kiosk.context, session))
        look = questions(kiosk, lambda: codes_store.any_at_all(session))
    assert set(about) == {each for each in (*one, *look) if "activation_code" in each}
    assert sum(each in one for each in about) == 2  # for the period, and for those who wait for a code
    assert sum(each in look for each in about) <= 5  # for each kind of hold that is put or lifted


def _subscribers(kiosk: Kiosk, store: Store) -> None:
    """Accounts with a recurring subscription each that is paid until February, as an import of orders leaves them."""
    now, end = kiosk.now, kiosk.now + timedelta(days=21, hours=12)
    numbers = range(1, SUBSCRIBERS + 1)
    with store.write() as session:
        product = session.scalar(select(Product.id).where(Product.code == "kis"))
        about = {"currency": "EUR", "time_zone": "UTC", "created_at": now}
        session.execute(insert(Account), [{"id": number, "ref": str(number), **about} for number in numbers])
        funds = {"balance": 0, "credit": PRICE, "period_start": now, "period_end": end}
        session.execute(insert(LedgerAccount), [{"account_id": number, **funds} for number in numbers])
        terms = {"product_id": product, "plan": "recurring", "status": "running", "quantity": 1, "price": PRICE, "priority": 1}
        dates = {"ordered_at": now, "paid_until": end}
        rows = [{"id": number, "account_id": number, "key": str(number), **terms, **dates} for number in numbers]
        session.execute(insert(Subscription), rows)
        licence = {"vendor": "retail", "wanted_state": "active", "next_try_at": now, "wanted_end": int(end.timestamp())}
        session.execute(insert(Licence), [{"id": n, "subscription_id": n, "key": f"k{n}", **licence} for n in numbers])
        assert session.scalar(select(Charge.id)) is None
