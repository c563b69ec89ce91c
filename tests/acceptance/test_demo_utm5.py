"""The demo's UTM5, played forward: it does what the real one is known to do, and takes what the forecast expects."""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, update

from isp_addons.billing.utm5.tables import Generation
from isp_addons.sandbox import utm5_play as play
from isp_addons.sandbox.demo_add_ons import AddOnCharges
from isp_addons.sandbox.utm5_play import BlockedBy, Utm5Play
from isp_addons.sandbox.utm5_rollover import roll_over
from isp_addons.sandbox.utm5_tables import SMALL, load_utm5

BALANCES_AT = datetime.fromisoformat("2026-11-29T21:00+03:00")
MONTHLY, WEEKLY = 1, 2


@pytest.fixture
def utm5(tmp_path: Path) -> Iterator[Utm5Play]:
    url = f"sqlite:///{tmp_path / 'utm5.db'}"
    load_utm5(SMALL, url, generation=Generation.OLD)
    played = Utm5Play(create_engine(url), flowed_until=BALANCES_AT)
    yield played
    played.engine.dispose()


def _accounts(utm5: Utm5Play) -> dict[int, Any]:
    with utm5.engine.connect() as connection:
        return {row.id: row for row in connection.execute(select(play.accounts))}


def test_a_period_that_begins_takes_exactly_the_expected_dues(utm5: Utm5Play) -> None:
    with utm5.engine.begin() as connection:
        connection.execute(update(play.accounts).values(credit=1_000_000))  # so that nobody is blocked half-way
    with (SMALL / "expected_forecast.csv").open(encoding="utf-8") as file:
        dues = {int(row["account_id"]): int(row["dues_minor"]) for row in csv.DictReader(file)}
    before = _accounts(utm5)
    seen: list[int] = []
    for static_id, end in ((WEEKLY, "2026-12-06T21:00:00+00:00"), (MONTHLY, "2026-12-31T21:00:00+00:00")):
        began = roll_over(utm5, static_id=static_id, zone="Europe/Moscow")
        after = _accounts(utm5)
        assert began.end.isoformat() == end
        seen += began.accounts
        for account in began.accounts:
            expected = 0 if before[account].is_blocked else dues[account]
            taken = (before[account].balance - after[account].balance) * 100
            assert expected - 4 <= taken <= expected + 0.001, account  # the forecast rounds each line up
    assert sorted(seen) == sorted(dues)


def test_who_falls_below_his_limit_is_blocked_and_a_payment_frees_him(utm5: Utm5Play) -> None:
    row = next(row for row in _accounts(utm5).values() if not (row.is_blocked or row.unlimited or row.is_deleted or row.credit))
    amount = play.decimal(row.balance) + 1
    utm5.use({row.id: amount}, at=BALANCES_AT)
    assert _accounts(utm5)[row.id].is_blocked == BlockedBy.SYSTEM.value[0]
    assert utm5.take_rules() == [("block_changed", row.id)]
    utm5.pay({row.id: amount}, at=BALANCES_AT)
    assert _accounts(utm5)[row.id].is_blocked == 0
    assert utm5.take_rules() == [("payment", row.id), ("block_changed", row.id)]
    assert _accounts(utm5)[row.id].balance == pytest.approx(row.balance)


def test_a_payment_does_not_free_who_blocked_himself(utm5: Utm5Play) -> None:
    row = next(row for row in _accounts(utm5).values() if row.is_blocked == 1)
    utm5.pay({row.id: Decimal(5000)}, at=BALANCES_AT)
    assert _accounts(utm5)[row.id].is_blocked == 1


def test_an_add_on_is_charged_once_a_period_and_not_while_it_is_held(utm5: Utm5Play) -> None:
    charges = AddOnCharges(utm5)
    on = {"id": 7, "account": "1001", "status": "running", "price": "150.00", "holds": ""}
    assert charges.charge([on]) == 0  # the running period is paid
    charges.begin(roll_over(utm5, static_id=WEEKLY, zone="Europe/Moscow"))
    before = _accounts(utm5)[1001].balance
    assert charges.charge([{**on, "holds": "forecast"}, {**on, "id": 8, "status": "ended"}]) == 0
    assert charges.charge([on]) == 1
    assert charges.charge([on]) == 0
    assert before - _accounts(utm5)[1001].balance == pytest.approx(150)
    assert charges.left[1001] == pytest.approx(Decimal(str(before)) - 150 + 300)
