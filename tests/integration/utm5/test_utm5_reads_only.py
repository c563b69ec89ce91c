"""What is sent to UTM5's database: SELECT, and nothing about passwords."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from integration.utm5.rows import Utm5, Variant
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.billing.utm5.connection import open_engine, read_url

AT = datetime(2026, 11, 29, 18, tzinfo=UTC)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that any engine sends."""
    sent: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", keep)
    yield sent
    event.remove(Engine, "before_cursor_execute", keep)


def test_only_selects_are_sent_and_never_for_a_password(utm5_url: str, statements: list[str]) -> None:
    reader = Utm5Reader(utm5_url, currency="RUB")
    assert len(list(reader.funds(None, at=AT))) == 1960
    assert len(list(reader.funds(["1001", "1002"], at=AT))) == 2
    reader.check()
    reader.close()
    assert len(statements) > 20
    assert [one for one in statements if not one.upper().startswith("SELECT ")] == []
    assert [one for one in statements if re.search(r"passw|\busers\b|insert|update|delete ", one, re.IGNORECASE)] == []


def test_no_list_of_accounts_in_a_statement_is_longer_than_500(utm5_url: str) -> None:
    longest = 0

    def measure(_connection: Any, _cursor: Any, _statement: str, parameters: Any, *_rest: Any) -> None:
        nonlocal longest
        longest = max(longest, len(parameters))

    event.listen(Engine, "before_cursor_execute", measure)
    try:
        reader = Utm5Reader(utm5_url, currency="RUB")
        assert len(list(reader.funds([str(number) for number in range(1001, 3001)], at=AT))) == 1960
        reader.close()
    finally:
        event.remove(Engine, "before_cursor_execute", measure)
    assert 500 <= longest <= 2 * 500 + 10  # one statement asks two tables


def test_the_connection_has_time_outs_and_takes_no_writes_where_the_database_can(utm5_url: str, variant: Variant) -> None:
    engine = open_engine(read_url(utm5_url))
    asks = {
        "sqlite": ("SELECT query_only FROM pragma_query_only()", (1,)),
        "postgresql": (
            "SELECT current_setting('statement_timeout'), current_setting('transaction_read_only'), "
            "current_setting('transaction_isolation')",
            ("1min", "on", "repeatable read"),
        ),
        "mariadb": ("SELECT @@max_statement_time, @@tx_isolation", (60.0, "REPEATABLE-READ")),
    }
    question, answer = asks[variant.database]
    with engine.connect() as connection:
        assert tuple(connection.execute(text(question)).one()) == answer
    engine.dispose()


def test_two_reads_at_once_and_many_abandoned_ones_leave_no_connection_behind(utm5: Utm5) -> None:
    for number in (1, 2):
        utm5.account(number)
    for _ in range(30):  # more than a pool holds
        assert next(utm5.reader.funds(None, at=AT)).ref == "1"
    one, other = utm5.reader.funds(None, at=AT), utm5.reader.funds(["2"], at=AT)
    assert (next(one).ref, next(other).ref, next(one).ref) == ("1", "2", "2")
    del one, other
    utm5.reader.close()
    assert [funds.ref for funds in utm5.all()] == ["1", "2"]


def test_the_password_is_there_to_be_read_by_others(utm5_url: str) -> None:
    engine = create_engine(utm5_url)
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT password FROM users WHERE id = 20001"))
    engine.dispose()
    assert found == "secret-of-u20001"
