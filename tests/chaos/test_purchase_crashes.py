"""The process dies at any step of paying by card: nothing is paid twice, nothing that is paid is lost."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from chaos.world import CommandLine, Ran
from integration.convergence.house import Databases
from isp_addons.store.tables import Account, LedgerEntry, Purchase, Subscription

NOW, LATER = "2026-03-01T00:00:00+00:00", "2026-03-01T01:00:00+00:00"
CRUCIAL = ("before commit", "after commit")


@pytest.fixture(scope="module")
def line() -> Iterator[CommandLine]:
    line = CommandLine()
    yield line
    line.close()


@pytest.fixture(scope="module")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    databases = Databases(request, tmp_path_factory.mktemp("databases"))
    yield databases
    databases.drop()


class Shop:
    """An ISP without vendors that takes cards."""

    def __init__(self, folder: Path, url: str, line: CommandLine) -> None:
        self.file, self._line, self._url = folder / "isp-addons.ini", line, url
        self._cards = folder / "cards.db"
        self.file.write_text(
            f"[isp-addons]\nspool = {folder}\nlog_level = error\n[database]\nurl = {url}\n[billing]\nadapter = ledger\n"
            f"[payments]\ncard = sandbox\nsecret_key = sk_test_s\npublic_key = pk_test_p\nsandbox_file = {self._cards}\n",
            encoding="utf-8",
        )
        self.file.chmod(0o600)

    def __call__(self, *words: str, at: str = NOW, fatal: int | None = None) -> Ran:
        return self._line.run("--config", str(self.file), "--at", at, *words, fatal=fatal)

    def does(self, *words: str, at: str = NOW) -> Ran:
        ran = self(*words, at=at)
        assert ran.code == 0, f"{' '.join(words)}: exit code {ran.code}\n{ran.out}{ran.err}"
        return ran

    def offers(self, number: int) -> int:
        """An account without money buys; returns the purchase."""
        self.does("accounts", "add", f"a{number}")
        self.does("purchases", "create", f"a{number}", "av", "--by", "card")
        return number

    def rows(self, query: Any) -> Sequence[Any]:
        engine = create_engine(self._url)
        try:
            with engine.connect() as connection:
                return connection.execute(query).all()
        finally:
            engine.dispose()

    def purchase(self, number: int) -> Any:
        (only,) = self.rows(select(Purchase.id, Purchase.status, Purchase.account_id).where(Purchase.id == number))
        return only

    def taken(self, account: int) -> tuple[list[int], int, int]:
        """The account's movements of money, its subscriptions, and how often its card was charged."""
        moved = [row.amount for row in self.rows(select(LedgerEntry.amount).where(LedgerEntry.account_id == account))]
        owned = len(self.rows(select(Subscription.id).where(Subscription.account_id == account)))
        (ref,) = self.rows(select(Account.ref).where(Account.id == account))
        with closing(sqlite3.connect(self._cards)) as cards:
            pattern = f"%-p{ref.ref.removeprefix('a')}-%"
            (charged,) = cards.execute("SELECT count(*) FROM charge WHERE state = 'paid' AND key LIKE ?", (pattern,)).fetchone()
        return moved, owned, charged


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path, line: CommandLine) -> Shop:
    shop = Shop(tmp_path, databases.fresh(request.param), line)
    shop.does("payments", "activate", "card")
    shop.does("products", "add", "av", "--price", "10")
    return shop


def pay(shop: Shop, number: int, fatal: int | None = None) -> Ran:
    return shop("purchases", "pay", str(number), "--card", "card_ok", fatal=fatal)


def pay_with_a_lost_answer(shop: Shop, number: int, fatal: int | None = None) -> Ran:
    lost = shop("purchases", "pay", str(number), "--card", "card_lost_answer")
    assert lost.code == 0, lost.err
    return shop("purchases", "settle", at=LATER, fatal=fatal)


@pytest.mark.parametrize("step", [pay, pay_with_a_lost_answer])
def test_whatever_step_paying_dies_at_it_is_paid_once_and_delivered_once(shop: Shop, step: Callable[..., Ran]) -> None:
    whole = step(shop, shop.offers(1))
    assert shop.purchase(1).status == "active"
    crucial = [place for place, name in enumerate(whole.steps, start=1) if name in CRUCIAL]
    for number, fatal in enumerate(sorted({*crucial, *range(5, len(whole.steps), 12)}), start=2):
        where = f"killed at step {fatal} of {len(whole.steps)}, {whole.steps[fatal - 1]}"
        killed = step(shop, shop.offers(number), fatal)
        assert killed.code in (-9, 0), f"{where}: {killed.err}"
        shop.does("purchases", "settle", at=LATER)
        found = shop.purchase(number)
        if found.status != "active":
            assert found.status in ("new", "payment_failed"), where
            assert shop.taken(found.account_id) == ([], 0, 0), f"{where}: nothing was taken"
            again = shop("purchases", "pay", str(number), "--card", "card_ok", at=LATER)
            assert again.code == 0, f"{where}: {again.err}"
        assert shop.purchase(number).status == "active", where
        assert shop.taken(found.account_id) == ([1000, -1000], 1, 1), where
