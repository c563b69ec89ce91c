"""What people are told when UTM5's database cannot be read."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from integration.utm5.rows import Variant
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.billing.utm5.tables import Generation
from isp_addons.domain.problem import ConfigProblem, Problem, Refused, TryAgain
from isp_addons.sandbox.utm5_tables import SMALL, create_utm5, load_utm5

AT = datetime(2026, 11, 29, 18, tzinfo=UTC)


def _told(url: URL | str) -> Problem:
    """The problem that reading from *url* ends with."""
    reader = Utm5Reader(url if isinstance(url, str) else url.render_as_string(hide_password=False), currency="RUB")
    with pytest.raises(Problem) as caught:
        list(reader.funds(None, at=AT))
    with pytest.raises(type(caught.value)) as again:
        reader.check()
    reader.close()
    assert again.value.message == caught.value.message
    assert "\n" not in caught.value.message
    assert "pa55-w0rd" not in caught.value.message
    return caught.value


@pytest.fixture(params=["postgresql", "mariadb"])
def at_server(request: pytest.FixtureRequest) -> URL:
    """The address of an empty database at a server."""
    return make_url(request.getfixturevalue(f"{request.param}_server").new_database())


def test_missing_tables_and_columns_are_named_all_at_once(new_database: Callable[[], str], variant: Variant) -> None:
    url = new_database()
    engine = create_engine(url)
    create_utm5(engine, generation=variant.generation)
    with engine.begin() as connection:
        for statement in (
            "DROP TABLE payments_timed",
            "DROP TABLE tariffs",
            "ALTER TABLE credits DROP COLUMN is_passed",
            f"ALTER TABLE accounts DROP COLUMN {'block_id' if variant.generation is Generation.NEW else 'is_blocked'}",
        ):
            connection.execute(text(statement))
    engine.dispose()
    problem = _told(url)
    assert isinstance(problem, ConfigProblem)
    mark = "accounts.block_id (in older releases is_blocked)"
    assert " is not UTM5's as it should be: it does not let read tariffs, payments_timed (" in problem.message
    assert problem.message.endswith(
        f"); it has no column credits.is_passed, {mark}. Check that the address names UTM5's database and that its user may "
        "SELECT from these tables."
    )


def test_a_wrong_login_is_told_with_the_password_starred(at_server: URL) -> None:
    problem = _told(at_server.set(username="nobody_here", password="pa55-w0rd"))
    assert isinstance(problem, ConfigProblem)
    assert problem.message.startswith(f"The database {at_server.drivername}://nobody_here:***@")
    assert " refuses to be read: " in problem.message
    assert problem.message.endswith(
        "Check the login, the password and the name of the database in the billing's address, and that this user may SELECT "
        "from UTM5's tables."
    )


def test_a_user_without_rights_is_told_which_tables_it_may_not_read(at_server: URL) -> None:
    load_utm5(SMALL, at_server.render_as_string(hide_password=False), generation=Generation.NEW)
    login = f"reader_{at_server.database}"[:32]
    postgresql = at_server.get_backend_name() == "postgresql"
    who = login if postgresql else f"{login}@localhost"
    engine = create_engine(at_server)
    with engine.begin() as connection:
        connection.execute(
            text(f"CREATE USER {who} " + ("PASSWORD 'pa55-w0rd'" if postgresql else "IDENTIFIED BY 'pa55-w0rd'"))
        )
        connection.execute(text(f"GRANT SELECT ON accounts TO {who}"))
    engine.dispose()
    problem = _told(at_server.set(username=login, password="pa55-w0rd"))
    assert isinstance(problem, ConfigProblem)
    assert "it does not let read tariffs, account_tariff_link, tariffs_services_link, services_data, " in problem.message
    assert "denied" in problem.message


def test_a_database_that_does_not_exist_is_a_problem_of_the_address(at_server: URL) -> None:
    problem = _told(at_server.set(database="no_such_database"))
    assert isinstance(problem, ConfigProblem)
    assert "no_such_database" in problem.message


def test_a_server_that_does_not_answer_is_worth_another_try(at_server: URL) -> None:
    url = at_server.set(host="127.0.0.1", port=1, username="utm5", password="pa55-w0rd", query={})
    problem = _told(url)
    assert isinstance(problem, TryAgain)
    assert problem.message.startswith(f"The database {url.drivername}://utm5:***@127.0.0.1:1/{url.database} does not answer: ")
    assert problem.message.endswith("Check that its server runs and that this machine may reach it, then try again.")


def test_a_connection_that_the_server_ended_is_made_again(at_server: URL) -> None:
    load_utm5(SMALL, at_server.render_as_string(hide_password=False), generation=Generation.OLD)
    reader = Utm5Reader(at_server.render_as_string(hide_password=False), currency="RUB")
    assert len(list(reader.funds(["1001"], at=AT))) == 1
    _end_others(at_server)
    assert len(list(reader.funds(["1001"], at=AT))) == 1
    reader.close()


def test_a_connection_that_the_server_ends_while_reading_is_worth_another_try(at_server: URL) -> None:
    engine = create_engine(at_server)
    create_utm5(engine, generation=Generation.OLD)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO discount_periods (id, start_date, end_date) VALUES (1, 1793480400, 1796072400)"))
        for number in range(1, 2011):
            connection.execute(text("INSERT INTO accounts (id) VALUES (:id)"), {"id": number})
    engine.dispose()
    reader = Utm5Reader(at_server.render_as_string(hide_password=False), currency="RUB")
    reading = reader.funds(None, at=AT)
    assert next(reading).ref == "1"
    _end_others(at_server)
    with pytest.raises(TryAgain, match="does not answer"):
        list(reading)
    assert len(list(reader.funds(None, at=AT))) == 2010
    reader.close()


def _end_others(url: URL) -> None:
    """End every other connection to the database of *url*."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if url.get_backend_name() == "postgresql":
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        else:
            others = connection.scalars(
                text("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
            ).all()
            for other in others:
                connection.execute(text(f"KILL {other}"))
    engine.dispose()


def test_a_file_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    problem = _told(f"sqlite:///{tmp_path / 'utm5.db'}")
    assert isinstance(problem, ConfigProblem)
    assert str(tmp_path / "utm5.db") in problem.message
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "utm5.db").write_text("id,balance\n" * 200, encoding="utf-8")
    problem = _told(f"sqlite:///{tmp_path / 'utm5.db'}")
    assert isinstance(problem, ConfigProblem)
    assert "not a database" in problem.message


def test_the_stand_in_is_never_made_over_tables_that_are_there(utm5_url: str) -> None:
    with pytest.raises(Refused, match="already has the tables account_tariff_link, accounts, "):
        load_utm5(SMALL, utm5_url, generation=Generation.OLD)
