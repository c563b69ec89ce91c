"""The built-in ledger and the reader of UTM5 keep the contract of every billing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import create_engine

from integration.utm5.rows import END, NOW, START, Utm5
from isp_addons.billing import ledger
from isp_addons.billing.base import Billing, BillingReader
from isp_addons.billing.ledger import Ledger
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.billing.utm5.tables import Generation
from isp_addons.domain.cause import Cause, Source
from isp_addons.sandbox.utm5_tables import create_utm5, utm5_metadata
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, LedgerAccount
from isp_addons.testing import BillingConformance, BillingReaderConformance
from isp_addons.testing.billing import Give

CAUSE = Cause(actor="test", source=Source.ADMIN, at=NOW, why="a test of the kit")


class TestLedger(BillingConformance):
    accounts: ClassVar = ["1", "2", "17", "A-18"]
    blocked: ClassVar = {"2", "17"}

    @pytest.fixture
    def billing(self, store: Store) -> Billing:
        period = {"period_start": datetime(2026, 11, 1, tzinfo=UTC), "period_end": datetime(2026, 12, 1, tzinfo=UTC)}
        given: dict[str, dict[str, Any]] = {
            "1": {"balance": 50_000, "base_price": 30_000},
            "2": {"balance": 100, "blocked": True},
            "17": {"balance": -20_001, "credit": 20_000},
            "A-18": {"balance": -1, "unlimited": True},
        }
        with store.write() as session:
            for number, ref in enumerate(self.accounts, start=1):
                session.add(Account(id=number, ref=ref, currency="RUB", time_zone="Europe/Moscow", created_at=NOW))
                session.flush()
                session.add(LedgerAccount(account_id=number, **period, **given[ref]))
        return Ledger()

    @pytest.fixture
    def give(self, store: Store) -> Give:
        numbers = count(1)

        def pay(ref: str, amount: int) -> None:
            with store.write() as session:
                number = self.accounts.index(ref) + 1
                key = f"payment:{next(numbers)}"
                ledger.give(session, CAUSE, account_id=number, amount=amount, key=key, kind="payment", note="")

        return pay


class TestUtm5(BillingReaderConformance):
    accounts: ClassVar = ["1", "2", "9", "10"]
    blocked: ClassVar = {"9"}
    deleted: ClassVar = ["7"]
    at = NOW
    secret = "pa55-of-utm5"

    @pytest.fixture(params=list(Generation))
    def utm5(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Utm5]:
        url = f"sqlite:///{tmp_path / 'utm5.db'}"
        engine, generation = create_engine(url), request.param
        create_utm5(engine, generation=generation)
        made = Utm5(generation, engine, utm5_metadata(generation), Utm5Reader(url, currency="RUB"))
        made.period(12, START, END, static=1)
        tariff = made.tariff("Home 100", made.service(500))
        for number in (9, 1, 10, 2):
            made.account(number, blocked=number == 9, balance=100.5 * number, credit=20)
            made.link(made.service(300), account=number, tariff_link=made.on_tariff(tariff, account=number))
        made.account(7, is_deleted=1)
        yield made
        made.reader.close()
        engine.dispose()

    @pytest.fixture
    def reader(self, utm5: Utm5) -> BillingReader:
        return utm5.reader

    @pytest.fixture
    def give(self, utm5: Utm5) -> Give:
        accounts = utm5.metadata.tables["accounts"]

        def pay(ref: str, amount: int) -> None:
            paid = accounts.update().where(accounts.c.id == int(ref)).values(balance=accounts.c.balance + amount / 100)
            with utm5.engine.begin() as connection:
                connection.execute(paid)

        return pay

    @pytest.fixture
    def unreachable(self) -> BillingReader:
        return Utm5Reader(f"mysql+pymysql://reader:{self.secret}@127.0.0.1:1/UTM5", currency="RUB")
