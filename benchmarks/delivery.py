"""5,000 suspensions at a stand-in with 20 ms latency: the product ÷ a bare `requests` thread pool of the same width."""

import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, insert, select, update

from benchmarks.figures import Figure
from isp_addons.clock import SystemClock
from isp_addons.convergence.loop import Convergence
from isp_addons.convergence.vendor_state import Limits
from isp_addons.host import Host, VendorSection
from isp_addons.store import schema
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, Licence, Product, Subscription

LIMIT = 0.8
WIDTH = 16
LATENCY = 0.02
ROUNDS = 3
LOGIN, PASSWORD = "isp", "sandbox"


def measure(licences: int = 5000) -> list[Figure]:
    """The sides alternate; the best of some rounds of each counts."""
    product: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory(prefix="isp-addons-bench-") as folder, _stand_in() as url:
        store, convergence = _installation(Path(folder), url, licences)
        for _ in range(ROUNDS):
            bare.append(licences / _seconds_bare(url, licences))
            _want(store, "suspended")
            product.append(licences / _seconds_product(store, convergence, "suspended"))
            _want(store, "active")
            _seconds_product(store, convergence, "active")
        convergence.host.close()
        store.close()
    ratio = max(product) / max(bare)
    detail = {"product_calls_per_second": round(max(product)), "bare_calls_per_second": round(max(bare)), "licences": licences}
    name = f"{licences:,} suspensions at {LATENCY * 1000:.0f} ms, {WIDTH} at a time ÷ bare requests"
    return [Figure(figure=name, ratio=round(ratio, 2), limit=LIMIT, at_least=True, detail=detail)]


@contextmanager
def _stand_in() -> Iterator[str]:
    """The AV-Desk stand-in in a process of its own."""
    command = [sys.executable, "-c", "from isp_addons.cli.main import main; main()", "sandbox", "avdesk", "--port", "0"]
    options = ["--login", LOGIN, "--password", PASSWORD, "--latency", str(LATENCY)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None, "the stand-in did not start"
            yield found[0]
        finally:
            process.terminate()
            process.wait(timeout=10)


def _installation(folder: Path, url: str, licences: int) -> tuple[Store, Convergence]:
    """A database with *licences* stations that the stand-in has, delivered by the product itself."""
    store = Store(f"sqlite:///{folder / 'bench.db'}")
    schema.upgrade(store)
    clock = SystemClock()
    now = clock.now()
    with store.write() as session:
        session.execute(insert(Account).values(id=1, ref="1", currency="EUR", time_zone="UTC", created_at=now))
        session.execute(
            insert(Product).values(id=1, code="av", name="av", vendor="avdesk", currency="EUR", terms="1", options={})
        )
        common = {"account_id": 1, "product_id": 1, "plan": "recurring", "status": "running", "quantity": 1, "price": 1}
        ids = range(1, licences + 1)
        session.execute(
            insert(Subscription), [{**common, "id": i, "key": str(i), "priority": 1, "ordered_at": now} for i in ids]
        )
        session.execute(
            insert(Licence),
            [
                {"subscription_id": i, "vendor": "avdesk", "key": _key(i), "wanted_state": "active", "next_try_at": now}
                for i in ids
            ],
        )
    finder = Host((), clock=clock)
    options = finder.plugin_class("avdesk").Options.model_validate({"url": url, "login": LOGIN, "password": PASSWORD})
    host = Host([VendorSection("avdesk", "avdesk", True, options)], clock=clock)
    convergence = Convergence(store, host, clock, {"avdesk": Limits(concurrency=WIDTH, breaker_pause=timedelta(seconds=5))})
    _seconds_product(store, convergence, "active")
    return store, convergence


def _key(number: int) -> str:
    return f"bench-{number}"


def _want(store: Store, state: str) -> None:
    with store.write() as session:
        session.execute(update(Licence).values(wanted_state=state, next_try_at=SystemClock().now()))


def _seconds_product(store: Store, convergence: Convergence, state: str) -> float:
    begin = time.perf_counter()
    convergence.once()
    seconds = time.perf_counter() - begin
    with store.read() as session:
        missing = session.scalar(select(func.count()).where(Licence.seen_state != state))
    assert missing == 0, f"{missing} licences are not {state}"
    return seconds


def _seconds_bare(url: str, licences: int) -> float:
    """The same number of calls that change a station, one session a thread, no database, no plugin."""
    local = threading.local()
    window = {"block-begin": "20260101000000", "block-end": "20270101000000"}

    def call(number: int) -> None:
        session: requests.Session | None = getattr(local, "session", None)
        if session is None:
            session = local.session = requests.Session()
            session.auth = (LOGIN, PASSWORD)
        parameters: dict[str, Any] = {"id": _key(number), **window}
        response = session.get(f"{url}/api/stations/change.ds", params=parameters, timeout=10)
        assert 'status="true"' in response.text, response.text

    begin = time.perf_counter()
    with ThreadPoolExecutor(WIDTH) as pool:
        list(pool.map(call, range(1, licences + 1)))
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.stdout.write(json.dumps([figure.as_json() for figure in measure()], indent=2) + "\n")
