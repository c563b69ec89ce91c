"""Addresses and failures of UTM5's database, as people read them."""

import pytest
from pymysql import err as mysql
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.billing.utm5.connection import problem_of, read_url, sentences, shown
from isp_addons.domain.problem import ConfigProblem, TryAgain

URL = make_url("mysql+pymysql://utm5:pa55-w0rd@db.example/UTM5")


class _Said(Exception):
    """A driver's error, as PostgreSQL's has it."""

    def __init__(self, text: str, sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


def _wrapped(cause: Exception) -> DBAPIError:
    return OperationalError("SELECT 1", {}, cause)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("mysql://u:p@h/UTM5", "mysql+pymysql"),
        ("mariadb://u:p@h/UTM5", "mariadb+pymysql"),
        ("postgresql://u:p@h/UTM5", "postgresql+psycopg"),
        ("postgres://u:p@h/UTM5", "postgresql+psycopg"),
        ("mysql+pymysql://u:p@h/UTM5", "mysql+pymysql"),
        ("sqlite:///utm5.db", "sqlite"),
    ],
)
def test_a_plain_address_gets_the_driver_that_is_installed(given: str, used: str) -> None:
    assert read_url(given).drivername == used


@pytest.mark.parametrize("given", ["", "UTM5", "mysql//u:pa55-w0rd@h/UTM5", "mysql://u:pa55-w0rd@h:port/UTM5"])
def test_an_address_that_cannot_be_read_is_told_without_repeating_it(given: str) -> None:
    with pytest.raises(ConfigProblem, match="write it as mysql://USER:PASSWORD@HOST/UTM5") as problem:
        Utm5Reader(given, currency="RUB")
    assert "pa55-w0rd" not in problem.value.message


def test_a_database_that_no_driver_knows_is_told_with_what_to_install() -> None:
    with pytest.raises(ConfigProblem, match=r"install the driver with pip install 'isp-addons\[mysql\]'") as problem:
        Utm5Reader("firebird://utm5:pa55-w0rd@h/UTM5", currency="RUB")
    assert problem.value.message.startswith("The database firebird://utm5:***@h/UTM5 cannot be used: ")


def test_every_password_in_an_address_is_starred() -> None:
    url = make_url("postgresql+psycopg://utm5:one@/UTM5?host=/run/pg&password=two&sslpassword=three")
    assert shown(url) == "postgresql+psycopg://utm5:***@/UTM5?host=%2Frun%2Fpg&password=***&sslpassword=***"


@pytest.mark.parametrize(
    "cause",
    [
        mysql.OperationalError(1045, "Access denied for user 'utm5'@'localhost' (using password: YES)"),
        mysql.OperationalError(1049, "Unknown database 'UTM5'"),
        mysql.ProgrammingError(1146, "Table 'UTM5.accounts' doesn't exist"),
        _Said('connection failed: FATAL:  password authentication failed for user "utm5"'),
        _Said('connection failed: FATAL:  database "UTM5" does not exist'),
        _Said('connection failed: FATAL:  no pg_hba.conf entry for host "10.0.0.1"'),
        _Said("permission denied for table accounts", "42501"),
        _Said("unable to open database file"),
    ],
    ids=str,
)
def test_what_waiting_does_not_mend_is_a_problem_of_the_configuration(cause: Exception) -> None:
    problem = problem_of(_wrapped(cause), URL)
    assert isinstance(problem, ConfigProblem)
    assert problem.message.startswith("The database mysql+pymysql://utm5:***@db.example/UTM5 refuses to be read: ")


@pytest.mark.parametrize(
    "cause",
    [
        mysql.OperationalError(2003, "Can't connect to MySQL server on 'db.example' (timed out)"),
        mysql.OperationalError(2013, "Lost connection to MySQL server during query"),
        mysql.OperationalError(1040, "Too many connections"),
        mysql.OperationalError(1969, "Query execution was interrupted (max_statement_time exceeded)"),
        _Said("connection failed: Connection refused"),
        _Said("canceling statement due to statement timeout", "57014"),
        _Said("the table that was locked does not exist any longer", "40001"),
        _Said("database is locked"),
    ],
    ids=str,
)
def test_what_may_pass_is_worth_another_try(cause: Exception) -> None:
    problem = problem_of(_wrapped(cause), URL)
    assert isinstance(problem, TryAgain)
    assert problem.message.startswith("The database mysql+pymysql://utm5:***@db.example/UTM5 does not answer: ")


def test_a_password_in_the_drivers_own_words_is_starred_too() -> None:
    problem = problem_of(_wrapped(_Said('invalid option "pa55-w0rd"\n\tin the address')), URL)
    assert 'invalid option "***" in the address. ' in problem.message


def test_mysql_8_without_its_package_for_passwords_is_told_what_is_missing() -> None:
    said = "'cryptography' package is required for sha256_password or caching_sha2_password auth methods"
    with pytest.raises(ConfigProblem, match="'cryptography' package is required"), sentences(URL):
        raise RuntimeError(said)


def test_a_bug_is_not_taken_for_a_problem_of_the_database() -> None:
    with pytest.raises(RuntimeError, match="dictionary changed size"), sentences(URL):
        raise RuntimeError("dictionary changed size during iteration")
