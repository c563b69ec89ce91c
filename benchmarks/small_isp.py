"""Accounts for the period benchmark: a share of them cannot pay for their add-ons."""

from datetime import UTC, datetime

from sqlalchemy import insert

from isp_addons.store import schema
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, LedgerAccount, Licence, Product, Subscription

START = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
NEXT_END = datetime(2027, 1, 1, tzinfo=UTC)
BASE, ADD_ON, SECOND = 30_000, 15_000, 10_000
_ROWS = 5000


def seed(store: Store, accounts: int) -> None:
    """*accounts* accounts with one add-on each, every fifth with two; every tenth has money for the tariff alone."""
    schema.upgrade(store)
    with store.write() as session:
        for product_id in (1, 2):
            session.execute(
                insert(Product).values(
                    id=product_id,
                    code=f"add-on-{product_id}",
                    name="An add-on",
                    vendor="bench",
                    currency="EUR",
                    priority=product_id,
                    terms="1",
                    options={},
                    on_sale=True,
                )
            )
    for first in range(1, accounts + 1, _ROWS):
        ids = range(first, min(first + _ROWS, accounts + 1))
        with store.write() as session:
            session.execute(
                insert(Account),
                [{"id": i, "ref": str(i), "currency": "EUR", "time_zone": "UTC", "created_at": START} for i in ids],
            )
            session.execute(insert(LedgerAccount), [_ledger(i) for i in ids])
            subscriptions = [row for i in ids for row in _subscriptions(i, accounts)]
            session.execute(insert(Subscription), subscriptions)
            session.execute(insert(Licence), [_licence(row["id"]) for row in subscriptions])


def _ledger(i: int) -> dict[str, object]:
    balance = BASE + 5_000 if i % 10 == 0 else BASE + ADD_ON + SECOND + i % 1000
    return {
        "account_id": i,
        "balance": balance,
        "credit": 0,
        "base_price": BASE,
        "unlimited": False,
        "blocked": False,
        "tariff": None,
        "period_months": 1,
        "period_start": START,
        "period_end": END,
    }


def _subscriptions(i: int, accounts: int) -> list[dict[str, object]]:
    rows = [_subscription(i, i, 1, ADD_ON)]
    if i % 5 == 0:
        rows.append(_subscription(accounts + i, i, 2, SECOND))
    return rows


def _subscription(subscription_id: int, account_id: int, product_id: int, price: int) -> dict[str, object]:
    return {
        "id": subscription_id,
        "account_id": account_id,
        "product_id": product_id,
        "key": f"s{subscription_id}",
        "plan": "recurring",
        "status": "running",
        "quantity": 1,
        "term_months": 1,
        "price": price,
        "priority": product_id,
        "ordered_at": START,
        "paid_until": END,
        "ended_at": None,
    }


def _licence(subscription_id: object) -> dict[str, object]:
    return {
        "subscription_id": subscription_id,
        "seat": 1,
        "vendor": "bench",
        "key": f"k{subscription_id}",
        "reference": "r",
        "show": {},
        "wanted_state": "active",
        "wanted_quantity": 1,
        "wanted_end": None,
        "suspend_from": None,
        "for_forecast": False,
        "seen_state": "active",
        "seen_quantity": 1,
        "seen_end": None,
        "seen_at": START,
        "reassert_at": None,
        "next_try_at": START,
        "tries": 0,
        "failure_text": "",
    }
