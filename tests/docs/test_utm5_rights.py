"""The rights that the page on UTM5 gives are enough, and no more than that."""

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from docs.pages import DOCS, blocks
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.billing.utm5.tables import TABLES, Generation
from isp_addons.sandbox.utm5_tables import SMALL, load_utm5
from servers.mariadb import MariadbServer
from servers.postgresql import PostgresqlServer

PAGE = DOCS / "how-to" / "connect-utm5.md"
MYSQL, POSTGRESQL = (block.text for block in blocks(PAGE.read_text(encoding="utf-8")) if block.language == "sql")
READ = {table.name for table in TABLES}


def test_the_page_names_the_tables_that_are_read_and_no_other() -> None:
    assert set(re.findall(r"ON UTM5\.(\w+)", MYSQL)) == READ
    assert set(re.findall(r"\w+", POSTGRESQL.partition(" ON ")[2].partition(" TO ")[0])) == READ
    assert len(READ) == 11, "the page says eleven"


def test_the_statements_for_mariadb_let_utm5_be_read_and_nothing_else(mariadb_server: MariadbServer) -> None:
    url = mariadb_server.new_database()
    load_utm5(SMALL, url, generation=Generation.NEW)
    name = make_url(url).database or ""
    user = f"reader_{name[-8:]}"
    _run(url, MYSQL.replace("UTM5.", f"{name}.").replace("10.0.0.5", "localhost").replace("isp_addons", user))
    try:
        _reads_and_nothing_else(make_url(url).set(username=user, password="change-me").render_as_string(hide_password=False))
    finally:
        _run(url, f"DROP USER '{user}'@'localhost'")
        mariadb_server.drop_database(url)


def test_the_statements_for_postgresql_let_utm5_be_read_and_nothing_else(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.new_database()
    load_utm5(SMALL, url, generation=Generation.OLD)
    user = f"reader_{(make_url(url).database or '')[-8:]}"
    _run(url, POSTGRESQL.replace("isp_addons", user))
    try:
        _reads_and_nothing_else(make_url(url).set(username=user, password="change-me").render_as_string(hide_password=False))
    finally:
        _run(url, f"DROP OWNED BY {user}; DROP ROLE {user}")
        postgresql_server.drop_database(url)


def _run(url: str, statements: str) -> None:
    engine = create_engine(make_url(url))
    try:
        with engine.begin() as connection:
            for statement in filter(None, (each.strip() for each in statements.split(";"))):
                connection.execute(text(statement))
    finally:
        engine.dispose()


def _reads_and_nothing_else(url: str) -> None:
    reader = Utm5Reader(url, currency="RUB")
    assert any("1960 accounts" in finding for finding in reader.check())
    reader.close()
    for forbidden in ("SELECT login FROM users", "UPDATE accounts SET balance = 0", "DELETE FROM credits"):
        with pytest.raises(DBAPIError, match="denied"):
            _run(url, forbidden)


def test_the_example_of_an_import_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    from isp_addons.services.orders_import import read_file

    (example,) = (block.text for block in blocks(PAGE.read_text(encoding="utf-8")) if block.language == "csv")
    file = tmp_path / "orders.csv"
    file.write_text(example, encoding="utf-8")

    (order,) = read_file(file, currency="RUB")

    assert (order.account, order.product, order.price) == ("1003", "avdesk-standard", 15000)
