"""A hundred thousand charges of a hundred thousand subscriptions: the report asks a fixed number of questions."""

import time
from datetime import timedelta

from sqlalchemy import event, insert, select, text

from integration.project_keys.desk import START, Desk
from isp_addons.services import report
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, Charge, Product, QuantityChange, Subscription

MANY = 100_000
SECONDS = 20.0


def test_a_hundred_thousand_charges_are_reported_in_seconds_with_few_statements(desk: Desk, store: Store) -> None:
    _fill(desk)
    if not store.is_sqlite:
        with store.connect_autocommit() as connection:
            connection.execute(text("ANALYZE"))  # as a server does by itself within a minute
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    begun = time.perf_counter()
    lines = report.lines(desk.context, desk.cause, months=6, by_vendor=True)
    took = time.perf_counter() - begun

    assert sum(line.figures.income for line in lines[:6]) == MANY * 100
    assert lines[5].figures.total == MANY * 2
    assert len(statements) < 30
    assert took < SECONDS, f"{took:.2f} s"


def _fill(desk: Desk) -> None:
    accounts = [
        {"id": each, "ref": str(each), "currency": "EUR", "time_zone": "UTC", "created_at": START} for each in range(1, 1001)
    ]
    with desk.store.write() as session:
        products = list(session.scalars(select(Product.id).order_by(Product.id)))
        session.execute(insert(Account), accounts)
        common = {"plan": "recurring", "status": "running", "quantity": 2, "price": 100, "priority": 1, "own_price": False}
        for start in range(1, MANY + 1, 10_000):
            ids = range(start, start + 10_000)
            session.execute(insert(Subscription), [_subscription(each, products[each % 3], common) for each in ids])
            session.execute(insert(Charge), [_charge(each) for each in ids])
            session.execute(insert(QuantityChange), [_change(each) for each in ids if each % 10 == 0])


def _subscription(number: int, product: int, common: dict[str, object]) -> dict[str, object]:
    own = {"id": number, "account_id": number % 1000 + 1, "product_id": product, "key": str(number)}
    return {**common, **own, "ordered_at": START - timedelta(days=number % 150), "paid_until": START + timedelta(days=9)}


def _charge(number: int) -> dict[str, object]:
    at = START - timedelta(days=number % 150)
    return {"subscription_id": number, "period_start": at, "period_end": START, "amount": 100, "cost": 40, "at": at}


def _change(number: int) -> dict[str, object]:
    return {
        "subscription_id": number,
        "actor": "somebody",
        "effect": "now",
        "before": 1,
        "quantity": 2,
        "in_seats": False,
        "price": 100,
        "asked_at": START - timedelta(days=9),
        "from_at": START - timedelta(days=9),
        "applied_at": START - timedelta(days=9),
    }
