"""Forecast, suspend and charge of many accounts: the product ÷ bare set-based SQL doing the same writes."""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select, text

from benchmarks import bare_period, servers, small_isp
from benchmarks.figures import Figure
from isp_addons.billing.ledger import Ledger
from isp_addons.domain.cause import Cause, Source
from isp_addons.services import period_begin, period_end
from isp_addons.services.context import Context
from isp_addons.store.engine import Store
from isp_addons.store.tables import Audit, Charge, Hold, LedgerAccount, LedgerEntry, Licence
from isp_addons.vendor_api import Capabilities, SuspendKind

RATIO_LIMIT, GROWTH_LIMIT, MEMORY_LIMIT_MB = 2.0, 12.0, 200.0
ROUNDS = 3


def measure(accounts: int = 100_000) -> list[Figure]:
    """Both databases, both sizes; the sides alternate, the best of some rounds of each counts."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="isp-addons-bench-") as folder, servers.postgresql() as server:
        makers = {"SQLite": _sqlite_maker(Path(folder)), "PostgreSQL": _postgresql_maker(server)}
        for database, make in makers.items():
            figures += _figures(database, make, accounts)
    return figures


def _figures(database: str, make: Callable[[int], Callable[[], str]], accounts: int) -> list[Figure]:
    big, small = _rounds(make(accounts)), _rounds(make(accounts // 10))
    wrote = big["product"]["wrote"]
    assert wrote == big["bare"]["wrote"], f"the sides did not do the same: {wrote} and {big['bare']['wrote']}"
    detail = {
        "accounts": accounts,
        "product_seconds": round(big["product"]["seconds"], 3),
        "bare_seconds": round(big["bare"]["seconds"], 3),
        "small_product_seconds": round(small["product"]["seconds"], 3),
        "wrote": wrote,
    }
    name = f"forecast + suspend + charge of {accounts:,} accounts, {database}"
    growth = big["product"]["seconds"] / small["product"]["seconds"]
    return [
        Figure(
            figure=f"{name} ÷ bare SQL",
            ratio=round(big["product"]["seconds"] / big["bare"]["seconds"], 2),
            limit=RATIO_LIMIT,
            detail=detail,
        ),
        Figure(figure=f"{accounts:,} ÷ {accounts // 10:,} accounts, {database}", ratio=round(growth, 2), limit=GROWTH_LIMIT),
        Figure(
            figure=f"peak memory at {accounts:,} accounts in MB, {database}",
            ratio=round(big["product"]["peak_mb"], 1),
            limit=MEMORY_LIMIT_MB,
        ),
    ]


def _rounds(fresh: Callable[[], str]) -> dict[str, dict[str, Any]]:
    """The best round of each side; every round starts from a fresh copy of the same database, in a process of its own."""
    results: dict[str, list[dict[str, Any]]] = {"product": [], "bare": []}
    for _ in range(ROUNDS):
        for side, found in results.items():
            command = [sys.executable, "-m", "benchmarks.period", side, fresh()]
            found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout))
    return {side: min(found, key=lambda each: float(each["seconds"])) for side, found in results.items()}


def _sqlite_maker(folder: Path) -> Callable[[int], Callable[[], str]]:
    def make(accounts: int) -> Callable[[], str]:
        original = folder / f"{accounts}.db"
        store = Store(f"sqlite:///{original}")
        small_isp.seed(store, accounts)
        store.close()

        def fresh() -> str:
            for old in folder.glob("copy.db*"):
                old.unlink()
            shutil.copy(original, folder / "copy.db")
            return f"sqlite:///{folder / 'copy.db'}"

        return fresh

    return make


def _postgresql_maker(server: Any) -> Callable[[int], Callable[[], str]]:
    def make(accounts: int) -> Callable[[], str]:
        url = server.new_database()
        store = Store(url)
        small_isp.seed(store, accounts)
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        store.close()
        last: list[str] = []

        def fresh() -> str:
            for old in last:
                server.drop_database(old)
            last[:] = [server.new_database(template=make_url(url).database)]
            return last[0]

        return fresh

    return make


def run_side(side: str, url: str) -> dict[str, Any]:
    """One side on the database at *url*: seconds, peak memory of this process, and what it wrote."""
    store = Store(url)
    work = _product if side == "product" else _bare
    with store.read() as session:
        session.execute(select(1))
    begin = time.perf_counter()
    work(store)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with store.read() as session:
        wrote = {
            "holds": session.scalar(select(func.count()).select_from(Hold)),
            "charges": session.scalar(select(func.count()).select_from(Charge)),
            "entries": session.scalar(select(func.count()).select_from(LedgerEntry)),
            "audit": session.scalar(select(func.count()).select_from(Audit)),
            "balances": int(session.scalar(select(func.sum(LedgerAccount.balance))) or 0),
            "suspended": session.scalar(select(func.count()).where(Licence.wanted_state == "suspended")),
        }
    return {"seconds": seconds, "peak_mb": peak, "wrote": wrote}


def _bare(store: Store) -> None:
    with store.engine.execution_options(isp_addons_writes=True).begin() as connection:
        bare_period.run(connection)


def _product(store: Store) -> None:
    can = Capabilities(suspends=SuspendKind.STATE, endless=True)
    context = Context(store=store, billing=Ledger(), capabilities=lambda _vendor: can)
    before = Cause(actor="bench", source=Source.TIMETABLE, at=small_isp.END - timedelta(hours=24), why="cannot pay")
    period_end.apply(context, before, force=True)
    began = Cause(actor="bench", source=Source.TIMETABLE, at=small_isp.END, why="a period began")
    period_begin.apply(context, began)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_side(sys.argv[1], sys.argv[2])))
