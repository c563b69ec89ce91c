"""A stand-in for UTM5's database: its tables in any database, filled from a folder of CSV files.

For demonstrations and tests. Only the tables that matter to resold services are made; types, keys and indexes are as UTM5
has them on MySQL. The files hold the old generation; for the new one the differing columns are derived.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Double, Engine, Integer, MetaData, String, Table, Text, create_engine, inspect

from isp_addons.billing.utm5.connection import read_url
from isp_addons.billing.utm5.tables import Generation
from isp_addons.domain.problem import Refused

SMALL = Path(__file__).parent / "small_utm5"
_ROWS_AT_ONCE = 1000

# Column kinds: plain = whole number, :d = money or rate, :s = up to 255 characters, :t = text; * = indexed.
_COMMON = {
    "users": "id login:s password:s basic_account full_name:s is_juridical email:s mobile_telephone:s tax_number:s create_date "
    "is_deleted",
    "accounts": "id balance:d credit:d account_name:s vat_rate:d sale_tax_rate:d int_status unlimited external_id:s flags "
    "is_deleted",
    "users_accounts": "id uid* account_id* is_deleted",
    "tariffs": "id name:s comments:t create_date expire_date balance_rollover min_payment:d is_deleted",
    "account_tariff_link": "id account_id* tariff_id next_tariff_id discount_period_id link_date is_deleted",
    "tariffs_services_link": "id tariff_id* service_id is_deleted",
    "services_data": "id service_type service_name:s comment:t tariff_id parent_service_id link_by_default is_dynamic "
    "is_deleted",
    "periodic_services_data": "id cost:d discount_method start_date expire_date radius_sessions_limit is_deleted",
    "service_links": "id user_id account_id* service_id tariff_link_id is_deleted",
    "periodic_service_links": "id is_blocked discount_period_id discounted_in_curr_period:d repaid_in_curr_period:d start_date "
    "expire_date is_planned need_del is_deleted",
    "discount_periods": "id static_id* start_date end_date periodic_type custom_duration discount_interval canonical_len "
    "next_discount_period_id is_expired",
    "credits": "id payment_trans_id account_id* start_date expire_date value:d status is_passed",
    "payments_timed": "id payment_trans_id account_id* pay_date expire_date last_pay_date payment_value:d is_passed",
    "blocks_info": "id account_id* block_type start_date expire_date is_planning is_deleted",
}
_OF_GENERATION = {
    Generation.OLD: {"accounts": "is_blocked", "blocks_info": "unabon unprepay"},
    Generation.NEW: {
        "accounts": "block_id auto_enable_inet",
        "blocks_info": "flags",
        "periodic_service_links": "policy_id cost_coef:d comment:t house_id",
    },
}
_CYRILLIC: dict[str, Any] = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}  # servers older than 11 default to Latin
_TYPES: dict[str, Any] = {"": Integer, "d": Double, "s": String(255), "t": Text}


def utm5_metadata(generation: Generation) -> MetaData:
    """The tables of one generation of the schema; no column may be NULL and each has a default, as in UTM5."""
    metadata = MetaData()
    for name, columns in _COMMON.items():
        more = _OF_GENERATION[generation].get(name, "")
        Table(name, metadata, *(_column(each) for each in f"{columns} {more}".split()), **_CYRILLIC)
    return metadata


def load_utm5(folder: Path, url: str, *, generation: Generation) -> dict[str, int]:
    """Make the tables at the SQLAlchemy address *url* and fill them from ``TABLE.csv`` files; gives the rows of each table.

    Refuses a database that has one of the tables already, so that no real UTM5 can be written to.
    """
    engine = create_engine(read_url(url))
    try:
        create_utm5(engine, generation=generation)
        metadata = utm5_metadata(generation)
        blocks = {row["account_id"]: row["id"] for row in _rows(folder / "blocks_info.csv")}
        return {
            table.name: _fill(engine, table, _rows(folder / f"{table.name}.csv"), blocks) for table in metadata.tables.values()
        }
    finally:
        engine.dispose()


def create_utm5(engine: Engine, *, generation: Generation) -> None:
    """Make the empty tables. Raises `Refused` when the database has one of them already."""
    metadata = utm5_metadata(generation)
    there = sorted(set(inspect(engine).get_table_names()) & set(metadata.tables))
    if there:
        raise Refused(
            f"The database already has the tables {', '.join(there)}; the stand-in is only made in a database without them.",
            code="utm5_tables_exist",
        )
    metadata.create_all(engine)


def _column(spec: str) -> Column[Any]:
    name, _, kind = spec.rstrip("*").partition(":")
    if name == "id":
        return Column(name, Integer, primary_key=True)
    default = {"": "0", "d": "1" if name == "cost_coef" else "0", "s": ""}.get(kind)
    return Column(name, _TYPES[kind], nullable=kind == "t", server_default=default, index=spec.endswith("*") or None)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def _fill(engine: Engine, table: Table, rows: Iterable[Mapping[str, str]], blocks: Mapping[str, str]) -> int:
    count = 0
    values = (_values(table, row, blocks) for row in rows)
    with engine.begin() as connection:
        while some := list(islice(values, _ROWS_AT_ONCE)):
            connection.execute(table.insert(), some)
            count += len(some)
    return count


def _values(table: Table, row: Mapping[str, str], blocks: Mapping[str, str]) -> dict[str, Any]:
    """The row of the file as this generation of the table holds it."""
    given = dict(row)
    if table.name == "users":
        given["password"] = f"secret-of-{row['login']}"
    if "block_id" in table.c:
        given["block_id"] = blocks[row["id"]] if row["is_blocked"] != "0" else "0"
    return {column.name: column.type.python_type(given[column.name]) for column in table.columns if column.name in given}
