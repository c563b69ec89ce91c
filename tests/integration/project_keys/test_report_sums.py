"""Whatever was charged: the vendors make up the total, margins are what is left, and a month is counted once."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from integration.convergence.house import Databases
from integration.project_keys.desk import Desk
from isp_addons.domain.report import Column, total
from isp_addons.services import report
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, Base, Meta

Booked = tuple[str, str, int, int, int, int | None]

CHARGES = st.tuples(
    st.sampled_from(["a0", "a1"]),
    st.sampled_from(["scan", "guard", "plain"]),
    st.integers(0, 100),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.none() | st.integers(0, 100),
)


@pytest.fixture(scope="module")
def shared(databases: Databases) -> Iterator[Store]:
    store = Store(databases.fresh("sqlite"))
    yield store
    store.close()
    databases.drop()


@settings(max_examples=40, deadline=None)
@given(charges=st.lists(CHARGES, max_size=15))
def test_the_vendors_make_up_the_total_and_the_margin_is_what_is_left(shared: Store, charges: list[Booked]) -> None:
    desk = Desk(shared)
    with shared.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != Meta.__tablename__:
                session.execute(delete(table))
    desk.begin()
    desk.customers(2)
    desk.books(*charges)

    lines = report.lines(desk.context, desk.cause, months=6, by_vendor=True)

    for month in {line.month for line in lines}:
        (everything,) = [line.figures for line in lines if line.month == month and line.vendor is None]
        assert everything == total(line.figures for line in lines if line.month == month and line.vendor is not None)
        assert everything.margin == everything.income - everything.purchases
    past = total(line.figures for line in lines if line.vendor is None and line.column is not Column.FORECAST)
    kept = [each for each in charges if each[5] is None]
    assert past.income == sum(each[3] for each in kept)
    assert past.purchases == sum(each[4] for each in kept)
    (foretold,) = [line.figures for line in lines if line.vendor is None and line.column is Column.FORECAST]
    assert foretold.income == sum(each[3] for each in charges)


def test_currencies_are_never_added_up(desk: Desk) -> None:
    desk.customers(2)
    with desk.store.write() as session:
        session.execute(update(Account).where(Account.ref == "a1").values(currency="USD"))
    desk.books(("a0", "scan", 0, 100, 40, None), ("a1", "scan", 0, 700, 50, None))

    lines = report.lines(desk.context, desk.cause, months=1)

    assert [(line.currency, line.figures.income) for line in lines if line.column is Column.CURRENT] == [
        ("EUR", 100),
        ("USD", 700),
    ]
