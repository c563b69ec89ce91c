"""A small UTM5 of 2,000 accounts with 3,161 add-on orders: the forecast equals the right answer, account by account."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from acceptance.kit import Isp
from isp_addons.billing.utm5.tables import Generation
from isp_addons.sandbox.utm5_tables import SMALL, load_utm5

ORDERS = 3099  # of accounts that are not deleted
EVENING = "2026-11-29T21:00+03:00"


@pytest.fixture(scope="session")
def utm5_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """UTM5's tables as an SQLite file, for reading only."""
    file = tmp_path_factory.mktemp("utm5") / "utm5.db"
    load_utm5(SMALL, f"sqlite:///{file}", generation=Generation.OLD)
    return file


@pytest.fixture
def on_utm5(isp: Isp, utm5_file: Path) -> Isp:
    """An ISP whose billing is that UTM5."""
    isp.configure("isp-addons", currency="RUB", time_zone="Europe/Moscow")
    isp.configure("billing", adapter="utm5", url=f"sqlite:///{utm5_file}")
    isp.at = EVENING
    return isp


@pytest.fixture
def utm5_isp(on_utm5: Isp) -> Isp:
    """The same, with its add-on orders imported."""
    imported = on_utm5("orders", "import", str(SMALL / "orders.csv")).row
    assert (imported["new"], imported["known"], imported["deleted"]) == (ORDERS, 0, 62)
    return on_utm5


def expected() -> list[dict[str, Any]]:
    with (SMALL / "expected_forecast.csv").open(encoding="utf-8", newline="") as file:
        return [_typed(row) for row in csv.DictReader(file)]


def _typed(row: dict[str, str]) -> dict[str, Any]:
    lists = {name: row[name].split() for name in ("keep", "suspend")}
    return {name: int(value) for name, value in row.items() if name not in lists} | lists


def test_the_dry_run_equals_the_right_answer_account_by_account(utm5_isp: Isp) -> None:
    before = utm5_isp.dump()
    found = utm5_isp("before-period-end").rows
    assert len(found) == 1960
    assert found == expected()
    assert utm5_isp.dump() == before


def test_all_or_none_on_the_same_accounts(utm5_isp: Isp) -> None:
    utm5_isp.configure("forecast", policy="all_or_none")
    for row, right in zip(utm5_isp("before-period-end").rows, expected(), strict=True):
        everything = sorted(right["keep"] + right["suspend"])
        wanted = ([], everything) if right["suspend"] else (everything, [])
        assert (sorted(row["keep"]), sorted(row["suspend"])) == wanted, row


def test_applying_holds_exactly_those_and_a_second_run_nobody(utm5_isp: Isp) -> None:
    losing = {row["account_id"]: len(row["suspend"]) for row in expected() if row["suspend"]}
    result = utm5_isp("before-period-end", "--apply", "--force").row
    assert result == {"looked_at": ORDERS, "suspended": sum(losing.values()), "freed": 0}
    before = utm5_isp.dump()
    assert utm5_isp("before-period-end", "--apply").row == {**result, "suspended": 0}
    assert utm5_isp("orders", "import", str(SMALL / "orders.csv")).row["known"] == ORDERS
    assert utm5_isp.dump() == before
    held = utm5_isp("subscriptions", "list", "--held-by", "forecast", "--limit", "10000").rows
    assert sorted(int(row["account"]) for row in held) == sorted(
        account for account, times in losing.items() for _ in range(times)
    )


def test_the_brake_stops_a_run_that_would_suspend_too_many_until_it_is_forced(utm5_isp: Isp) -> None:
    total = sum(len(row["suspend"]) for row in expected())
    before = utm5_isp.dump()
    utm5_isp.configure("forecast", brake_share=f"{(total - 1) / ORDERS:.6f}", brake_minimum=str(ORDERS))
    stopped = utm5_isp("before-period-end", "--apply", exits=1)
    assert stopped.row["error"] == "brake"
    assert f"would suspend {total} of {ORDERS} subscriptions" in stopped.err
    assert "--force" in stopped.err
    assert utm5_isp.dump() == before
    assert utm5_isp("before-period-end", "--apply", "--force").row["suspended"] == total


def test_the_brake_does_not_act_on_few_subscriptions(utm5_isp: Isp) -> None:
    total = sum(len(row["suspend"]) for row in expected())
    utm5_isp.configure("forecast", brake_share="0", brake_minimum=str(ORDERS + 1))
    assert utm5_isp("before-period-end", "--apply").row["suspended"] == total


def test_a_payment_in_utm5_brings_the_add_on_back_with_the_next_event(on_utm5: Isp, utm5_file: Path, tmp_path: Path) -> None:
    isp, own_copy = on_utm5, tmp_path / "utm5.db"
    shutil.copy(utm5_file, own_copy)
    isp.configure("billing", url=f"sqlite:///{own_copy}")
    isp.sells("avdesk-standard", "150")
    isp.sells("ajax-cloud", "320", vendor=None)
    short = next(row for row in expected() if row["suspend"] == ["avdesk-standard", "ajax-cloud"] and not row["blocked"])
    account = str(short["account_id"])
    lines = (SMALL / "orders.csv").read_text(encoding="utf-8").splitlines()
    mine = tmp_path / "orders.csv"
    mine.write_text("\n".join([lines[0], *(line for line in lines if line.startswith(f"{account},"))]), encoding="utf-8")
    isp("orders", "import", str(mine))
    isp("converge")
    isp.looks_ahead()
    assert isp.vendor.station(account)["state"] != "blocked", "the block begins with the unpaid period"
    assert isp.vendor.station(account)["block_begin"] is not None

    isp.hears("payment", account, "amount=1.00")
    assert {row["holds"] for row in isp("subscriptions", "list").rows} == {"forecast"}, "UTM5 itself has no such money"
    engine = create_engine(f"sqlite:///{own_copy}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE accounts SET balance = balance + 5000 WHERE id = :id"), {"id": int(account)})
    engine.dispose()
    isp.hears("payment", account, "amount=5000")
    assert {row["holds"] for row in isp("subscriptions", "list").rows} == {""}
    assert isp.vendor.station(account)["block_begin"] is None


def test_what_only_utm5_can_do_is_refused(on_utm5: Isp) -> None:
    on_utm5("products", "add", "p", "--price", "1")
    before = on_utm5.dump()
    for words in (("accounts", "add", "1"), ("accounts", "pay", "1001", "5"), ("order", "1001", "p", "--plan", "one_off")):
        assert on_utm5(*words, exits=1).row["error"] == "billing_only_reads"
    assert on_utm5.dump() == before


def test_while_utm5_cannot_be_asked_events_wait(on_utm5: Isp, utm5_file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.write_bytes(b"")
    on_utm5("products", "add", "p", "--price", "1")
    on_utm5("order", "1001", "p")
    on_utm5.configure("billing", url=f"sqlite:///{empty}")
    assert on_utm5.script("on_block", "1001").code == 0
    assert on_utm5("spool", "ingest", exits=78).err != ""
    assert on_utm5("hook", "on_block", "--account", "1001", exits=78).err != ""
    (waiting,) = on_utm5.dump("event")["event"]
    assert waiting[-2] is None, "nothing is lost"
    on_utm5.configure("billing", url=f"sqlite:///{utm5_file}")
    assert on_utm5("spool", "ingest").row["handled"] == 1
