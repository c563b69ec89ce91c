"""The database as the product opens it: durable, strict, and polite to other writers."""

import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from isp_addons.domain.problem import ConfigProblem, TryAgain
from isp_addons.store import engine
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, ActivationCode, Licence, Meta, Subscription

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ACCOUNT = {"currency": "EUR", "time_zone": "UTC", "created_at": NOW}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_sqlite_is_opened_so_that_a_commit_survives_a_power_cut(store: Store) -> None:
    for _ in range(2):  # every connection, not only the first
        with store.read() as session, store.read() as another:
            for each in (session, another):
                pragmas = {
                    name: each.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
                }
                assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
                assert each.scalar(text("PRAGMA busy_timeout")) == 5000


def test_a_row_that_points_nowhere_is_refused(store: Store) -> None:
    with pytest.raises(TryAgain) as caught, store.write() as session:
        session.execute(
            insert(Licence).values(subscription_id=4711, vendor="v", key="k", wanted_state="active", next_try_at=NOW)
        )
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_what_a_read_would_change_is_rolled_back(store: Store) -> None:
    with store.read() as session:
        session.execute(insert(Meta).values(name="x", value="y"))
    with store.read() as session:
        assert session.get(Meta, "x") is None


def test_a_read_sees_one_moment_whatever_is_written_meanwhile(store: Store) -> None:
    with store.read() as session:
        before = session.scalars(select(Account.ref)).all()
        with store.write() as writer:
            writer.execute(insert(Account).values(ref="42", **ACCOUNT))
        assert session.scalars(select(Account.ref)).all() == before == []
    with store.read() as session:
        assert session.scalars(select(Account.ref)).all() == ["42"]


@pytest.mark.parametrize("many", [False, True])
def test_an_error_of_the_database_tells_no_value_of_a_row(
    store: Store, caplog: pytest.LogCaptureFixture, *, many: bool
) -> None:
    code = {"vendor": "v", "article": "a", "code": "SECRET-000001", "batch": "b", "imported_at": NOW}
    wrong = {"vendor": "v", "key": "SECRET-000002", "wanted_state": "active", "next_try_at": NOW, "subscription_id": None}
    for table, row in ((ActivationCode, code), (Licence, wrong)):
        if table is ActivationCode:
            with store.write() as session:
                session.execute(insert(table), row)
        with pytest.raises(TryAgain) as caught, store.write() as session:
            session.execute(insert(table), [row, row] if many else row)
        logging.getLogger("isp_addons").error("it failed", exc_info=caught.value)
        assert isinstance(caught.value.__cause__, IntegrityError)
        assert "SECRET" not in f"{caught.value} {caught.value.__cause__} {caught.value.__cause__!r}"
    assert "IntegrityError" in caplog.text
    assert "SECRET" not in caplog.text


def test_a_write_that_fails_half_way_changes_nothing(store: Store) -> None:
    with pytest.raises(TryAgain), store.write() as session:
        session.execute(insert(Account), [{"ref": "42", **ACCOUNT}, {"ref": "43", **ACCOUNT}, {"ref": "42", **ACCOUNT}])
    with store.read() as session:
        assert session.scalars(select(Account.ref)).all() == []


def test_a_database_that_stays_busy_says_try_again(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    hasty = Store(url)
    with store.write() as session:
        session.execute(text("DELETE FROM reminder" if store.is_sqlite else "LOCK TABLE account"))
        with pytest.raises(TryAgain, match="busy") as caught, hasty.write() as another:
            another.execute(insert(Account).values(ref="42", **ACCOUNT))
    assert (caught.value.code, caught.value.exit_code) == ("busy", 75)
    hasty.close()


WRITER = """
import sys
from datetime import UTC, datetime
from sqlalchemy import insert
from isp_addons.domain.problem import TryAgain
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account
store, name = Store(sys.argv[1]), sys.argv[2]
for number in range(150):
    try:
        with store.write() as session:
            moment = datetime(2026, 1, 1, tzinfo=UTC)
            session.execute(insert(Account).values(ref=f"{name}{number}", currency="EUR", time_zone="UTC", created_at=moment))
        print("stored", f"{name}{number}")
    except TryAgain:
        print("again", f"{name}{number}")
"""


def test_two_processes_that_write_at_once_succeed_or_are_told_to_try_again(url: str, store: Store) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, name], stdout=subprocess.PIPE, text=True) for name in ("a", "b")
    ]
    said = [line.split() for process in processes for line in process.communicate(timeout=60)[0].splitlines()]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(said) == 300
    with store.read() as session:
        assert set(session.scalars(select(Account.ref))) == {ref for word, ref in said if word == "stored"}
    assert sum(1 for word, _ in said if word == "stored") > 250, "waiting for one another is the rule"


def test_threads_share_a_store(store: Store) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 25):
            with store.write() as session:
                session.execute(insert(Account).values(ref=str(number), **ACCOUNT))

    threads = [threading.Thread(target=write, args=(first,)) for first in range(0, 200, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as session:
        assert len(session.scalars(select(Account.ref)).all()) == 200


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="has no zone"), store.write() as session:
        session.execute(insert(Account).values(ref="42", **{**ACCOUNT, "created_at": NOW.replace(tzinfo=None)}))
    with pytest.raises(StatementError, match="has no zone"), store.read() as session:
        session.scalars(select(Subscription).where(Subscription.paid_until < NOW.replace(tzinfo=None)))


def test_a_time_comes_back_in_utc_whatever_zone_it_had(store: Store) -> None:
    in_moscow = NOW.astimezone(timezone(timedelta(hours=3)))
    with store.write() as session:
        session.execute(insert(Account).values(ref="42", **{**ACCOUNT, "created_at": in_moscow}))
    with store.read() as session:
        found = session.scalar(select(Account.created_at))
        assert found == NOW
        assert found.tzinfo is UTC
        assert session.scalar(select(Account.ref).where(Account.created_at == in_moscow)) == "42"


def test_another_kind_of_database_is_refused_by_name() -> None:
    with pytest.raises(ConfigProblem, match="mysql is not supported"):
        Store("mysql+pymysql://root@localhost/x")


def test_a_password_is_starred_when_the_database_cannot_be_reached(tmp_path: Path) -> None:
    store = Store(f"postgresql://isp:pa55word@/x?host={tmp_path}")
    with pytest.raises(TryAgain) as caught, store.read() as session:
        session.execute(text("SELECT 1"))
    assert "pa55word" not in str(caught.value)
    assert "***" in str(caught.value)
