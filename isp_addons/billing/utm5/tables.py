"""The tables and columns of UTM5 that are read, and which generation of them a database has.

Only what is listed here is ever selected; ``users``, which holds passwords in the clear, is not. Every date is whole UNIX
seconds ("never" is 2 000 000 000), money is DOUBLE and ``is_deleted`` marks a row that counts as gone.
Source: the schema of a live UTM5 5.2.1/5.3-001 on MySQL; the new generation from the API files of 5.3-001 to 5.5-015.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, TableClause, column, false, func, literal_column, select, table
from sqlalchemy.exc import DBAPIError

from isp_addons.billing.utm5.connection import cause_of, is_lasting
from isp_addons.domain.problem import ConfigProblem


def _table(name: str, columns: str) -> TableClause:
    return table(name, *(column(each) for each in columns.split()))


accounts = _table("accounts", "id balance credit vat_rate sale_tax_rate unlimited is_deleted block_id is_blocked")
tariffs = _table("tariffs", "id name")
tariff_links = _table("account_tariff_link", "id account_id tariff_id next_tariff_id discount_period_id is_deleted")
tariff_services = _table("tariffs_services_link", "tariff_id service_id is_deleted")
services = _table("services_data", "id service_type link_by_default is_deleted")
periodic_services = _table("periodic_services_data", "id cost discount_method is_deleted")
service_links = _table("service_links", "id account_id service_id tariff_link_id is_deleted")
periodic_links = _table(
    "periodic_service_links",
    "id discount_period_id discounted_in_curr_period repaid_in_curr_period start_date expire_date need_del is_deleted "
    "cost_coef",
)
periods = _table("discount_periods", "id static_id start_date end_date is_expired")
credits_ = _table("credits", "account_id expire_date value is_passed")
timed_payments = _table("payments_timed", "account_id expire_date payment_value is_passed")

TABLES = (
    accounts,
    tariffs,
    tariff_links,
    tariff_services,
    services,
    periodic_services,
    service_links,
    periodic_links,
    periods,
    credits_,
    timed_payments,
)
_NOT_IN_EVERY_GENERATION = {"accounts": {"block_id", "is_blocked"}, "periodic_service_links": {"cost_coef"}}


class Generation(StrEnum):
    """How the database says that an account is blocked.

    ``old`` (5.2.1 to about 5.3-001): ``accounts.is_blocked``, bits for user, system and administrator. ``new`` (about 5.3-002
    and later): ``accounts.block_id``, the row of ``blocks_info`` in force. In both, 0 = not blocked.
    """

    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Schema:
    """What this database has. ``has_coefficient``: a link may carry a factor of its service's cost (5.3-001 and later)."""

    generation: Generation
    has_coefficient: bool

    @property
    def blocked(self) -> ColumnElement[Any]:
        """What is not 0 for a blocked account, by whomever."""
        return accounts.c.block_id if self.generation is Generation.NEW else accounts.c.is_blocked

    @property
    def coefficient(self) -> ColumnElement[Any]:
        """The factor of the cost of a link."""
        return func.coalesce(periodic_links.c.cost_coef, 1) if self.has_coefficient else literal_column("1")


def unset(flag: ColumnElement[Any]) -> ColumnElement[bool]:
    """Rows whose *flag* is 0; NULL counts as 0, since older cores left new columns empty."""
    return func.coalesce(flag, 0) == 0


def read_schema(connection: Connection, *, shown: str) -> Schema:
    """Look which columns there are. Raises `ConfigProblem` naming every table and column that is missing or may not be read.

    Looks by selecting no rows, which needs no right but SELECT and works alike on every database.
    """
    unread: dict[str, str] = {}
    found = {each.name: _columns(connection, each, unread) for each in TABLES}
    missing = [
        f"{each.name}.{name}"
        for each in TABLES
        for name in sorted(
            {one.name for one in each.columns} - found[each.name] - _NOT_IN_EVERY_GENERATION.get(each.name, set())
        )
        if each.name not in unread
    ]
    if "accounts" not in unread and not found["accounts"] & {"block_id", "is_blocked"}:
        missing.append("accounts.block_id (in older releases is_blocked)")
    if unread or missing:
        raise ConfigProblem(_what_is_wrong(unread, missing, shown=shown), code="utm5_schema")
    return Schema(
        Generation.NEW if "block_id" in found["accounts"] else Generation.OLD,
        "cost_coef" in found["periodic_service_links"],
    )


def _columns(connection: Connection, of: TableClause, unread: dict[str, str]) -> set[str]:
    try:
        return set(connection.execute(select(literal_column("*")).select_from(of).where(false())).keys())
    except DBAPIError as error:
        if not is_lasting(error):
            raise
        connection.rollback()  # PostgreSQL answers nothing more in a transaction that failed
        unread[of.name] = cause_of(error)
        return set()


def _what_is_wrong(unread: dict[str, str], missing: list[str], *, shown: str) -> str:
    parts = []
    if unread:
        parts.append(f"it does not let read {', '.join(unread)} ({next(iter(unread.values()))})")
    if missing:
        parts.append(f"it has no column {', '.join(missing)}")
    return (
        f"The database {shown} is not UTM5's as it should be: {'; '.join(parts)}. Check that the address names UTM5's database "
        "and that its user may SELECT from these tables."
    )
