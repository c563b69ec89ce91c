"""A large ISP: 100,000 accounts in little memory and a few seconds."""

import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine, text

from isp_addons.billing.utm5.tables import Generation
from isp_addons.sandbox.utm5_tables import create_utm5

_FILL = (
    "CREATE TABLE numbers AS "
    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 200000) SELECT n FROM number",
    "INSERT INTO discount_periods (id, static_id, start_date, end_date) VALUES (1, 1, 1793480400, 1796072400)",
    "INSERT INTO services_data (id, service_type, link_by_default) VALUES (1, 2, 1), (2, 2, 0)",
    "INSERT INTO periodic_services_data (id, cost, discount_method) VALUES (1, 450.5, 1), (2, 90, 3)",
    "INSERT INTO accounts (id, balance, vat_rate) SELECT n, n / 8.0, 0.2 FROM numbers WHERE n <= 100000",
    "INSERT INTO account_tariff_link (account_id, tariff_id, next_tariff_id, discount_period_id) "
    "SELECT n, 1, 1, 1 FROM numbers WHERE n <= 100000",
    "INSERT INTO service_links (id, account_id, service_id) SELECT n, (n + 1) / 2, 1 + n % 2 FROM numbers",
    "INSERT INTO periodic_service_links (id, discount_period_id, expire_date) SELECT n, 1, 2000000000 FROM numbers",
)

_READ = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from isp_addons.billing.utm5 import Utm5Reader

def memory(word):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(word))

reader = Utm5Reader(sys.argv[1], currency="RUB")
at = datetime(2026, 11, 15, 21, tzinfo=UTC)
list(reader.funds(["1"], at=at))
before, began = memory("VmRSS"), perf_counter()
accounts = dues = 0
for funds in reader.funds(None, at=at):
    accounts, dues = accounts + 1, dues + funds.dues
print(json.dumps([accounts, dues, memory("VmHWM") - before, perf_counter() - began]))
"""


def test_100000_accounts_take_less_than_60_mb_and_30_s(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'utm5.db'}"
    engine = create_engine(url)
    create_utm5(engine, generation=Generation.NEW)
    with engine.begin() as connection:
        for statement in _FILL:
            connection.execute(text(statement))
    engine.dispose()
    done = subprocess.run([sys.executable, "-c", _READ, url], capture_output=True, text=True, timeout=100, check=True)
    accounts, dues, megabytes, seconds = json.loads(done.stdout)
    assert accounts == 100_000
    assert dues == 100_000 * (54060 + 5400)  # 450.50 and half of 90.00, with 20 %
    assert megabytes < 60
    assert seconds < 30
