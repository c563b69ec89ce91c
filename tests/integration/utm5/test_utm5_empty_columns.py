"""Columns that an older core left empty (NULL) after an upgrade."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import create_engine

from integration.utm5.rows import END, NOW, START, Variant
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.sandbox.utm5_tables import utm5_metadata

_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("discount_periods", {"id": 12, "start_date": START, "end_date": END}),
    ("accounts", {"id": 1, "balance": 500}),
    ("account_tariff_link", {"id": 7, "account_id": 1, "tariff_id": 3}),
    ("services_data", {"id": 101, "link_by_default": 1}),
    ("periodic_services_data", {"id": 101, "cost": 450.5}),
    ("service_links", {"id": 501, "account_id": 1, "service_id": 101, "tariff_link_id": 7}),
    ("periodic_service_links", {"id": 501, "discount_period_id": 12}),
    ("credits", {"id": 1, "account_id": 1, "value": 50}),
]


def test_empty_flags_are_unset_empty_sums_are_nothing_and_no_end_is_never(
    new_database: Callable[[], str], variant: Variant
) -> None:
    metadata = utm5_metadata(variant.generation)
    for table in metadata.tables.values():
        for column in table.columns:
            column.server_default, column.nullable = None, not column.primary_key
    url = new_database()
    engine = create_engine(url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for name, values in _ROWS:
            connection.execute(metadata.tables[name].insert(), [values])
    engine.dispose()
    reader = Utm5Reader(url, currency="RUB")
    [funds] = reader.funds(None, at=NOW)
    reader.close()
    assert (funds.balance, funds.available, funds.dues) == (50000, 45000, 45050)
    assert (funds.blocked, funds.unlimited, funds.tariff) == (False, False, None)
