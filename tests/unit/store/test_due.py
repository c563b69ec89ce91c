"""The SQL that finds what is due agrees with the pure rule, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.licence import SeenState, WantedState, next_step
from isp_addons.store import leases
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, Licence, Product, Subscription

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MOMENTS = [NOW - timedelta(days=400), NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1), NOW + timedelta(days=400)]
ENDS = [None, 0, 1_800_000_000, 1_800_000_001]

licences = st.fixed_dictionaries(
    {
        "wanted_state": st.sampled_from([each.value for each in WantedState]),
        "seen_state": st.sampled_from([each.value for each in SeenState]),
        "wanted_quantity": st.sampled_from([1, 2]),
        "seen_quantity": st.sampled_from([1, 2]),
        "wanted_split": st.sampled_from(["", "a=1,b=0"]),
        "seen_split": st.sampled_from(["", "a=1,b=0", "a=0,b=1"]),
        "wanted_end": st.sampled_from(ENDS),
        "seen_end": st.sampled_from(ENDS),
        "reassert_at": st.sampled_from([None, *MOMENTS]),
        "for_forecast": st.booleans(),
        "suspend_from": st.sampled_from([None, *MOMENTS]),
    }
)
"""What the rule looks at, in every combination."""

gates = st.fixed_dictionaries(
    {
        "next_try_at": st.sampled_from(MOMENTS),
        "given_up_at": st.sampled_from([None, None, None, NOW]),
        "lease_owner": st.sampled_from([None, None, None, "somebody"]),
        "vendor": st.sampled_from(["mine", "mine", "mine", "other"]),
    }
)
"""What may keep the loop from a licence that differs."""


@pytest.fixture
def subscription(store: Store) -> int:
    with store.write() as session:
        session.execute(insert(Account).values(id=1, ref="1", currency="EUR", time_zone="UTC", created_at=NOW))
        session.execute(insert(Product).values(id=1, code="av", name="av", vendor="mine", currency="EUR", options={}))
        common = {"account_id": 1, "product_id": 1, "plan": "recurring", "status": "running", "quantity": 1, "price": 1}
        session.execute(insert(Subscription).values(id=1, key="1", priority=1, ordered_at=NOW, **common))
    return 1


def _insert(session: Session, subscription: int, rows: list[dict[str, Any]]) -> list[int]:
    common = {"subscription_id": subscription, "next_try_at": NOW, "vendor": "mine"}
    numbered = [
        {**common, **row, "id": number, "seat": number, "key": f"k{number}"} for number, row in enumerate(rows, start=1)
    ]
    session.execute(insert(Licence), numbered)
    return [row["id"] for row in numbered]


def _rule(session: Session, number: int) -> bool:
    row = session.execute(leases.details(Licence.id == number)).one()
    return next_step(leases.leased(row).both, now=NOW) is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(rows=st.lists(licences, min_size=1, max_size=60))
def test_a_licence_is_due_exactly_when_the_rule_has_a_next_step_for_it(
    store: Store, subscription: int, rows: list[dict[str, Any]]
) -> None:
    with store.read() as session:  # rolled back
        ids = _insert(session, subscription, rows)
        due = set(session.scalars(select(Licence.id).where(leases.due(NOW))))
        assert due == {number for number in ids if _rule(session, number)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(rows=st.lists(st.tuples(licences, gates).map(lambda pair: pair[0] | pair[1]), max_size=60), limit=st.integers(1, 70))
def test_what_is_leased_is_due_free_and_of_that_vendor_and_the_first_in_turn(
    store: Store, subscription: int, rows: list[dict[str, Any]], limit: int
) -> None:
    with store.read() as session:
        ids = _insert(session, subscription, rows) if rows else []
        free = {
            number
            for number, row in zip(ids, rows, strict=True)
            if _rule(session, number)
            and row["next_try_at"] <= NOW
            and (row["given_up_at"], row["lease_owner"], row["vendor"]) == (None, None, "mine")
        }
        assert leases.any_due(session, vendor="mine", now=NOW) == bool(free)
        taken = leases.take(session, vendor="mine", worker_id="me", now=NOW, limit=limit)
        assert {each.id for each in taken} <= free
        assert len(taken) == min(limit, len(free))
        held = set(session.scalars(select(Licence.id).where(Licence.lease_owner == "me")))
        assert held == {each.id for each in taken}
        left = free - held
        assert leases.any_due(session, vendor="mine", now=NOW) == bool(left)
        if left:
            resumed = {number for number in free if rows[number - 1]["wanted_state"] == "active"}
            assert resumed <= held or held <= resumed, "somebody who paid is served before anybody else"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_looking_for_what_is_due_never_goes_through_all_licences(store: Store) -> None:
    asked: list[tuple[str, tuple[Any, ...]]] = []
    event.listen(store.engine, "before_cursor_execute", lambda _c, _cursor, sql, values, *_: asked.append((sql, values)))
    with store.read() as session:
        leases.any_due(session, vendor="mine", now=NOW)
        leases.take(session, vendor="mine", worker_id="me", now=NOW, limit=100)
        looks = [(sql, values) for sql, values in asked if "licence" in sql]
        plans = [session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in looks]
    steps = [row[-1] for plan in plans for row in plan]
    assert {"ix_licence_due", "ix_licence_reassert"} <= {word for step in steps for word in step.split()}
    assert [step for step in steps if step.startswith("SCAN licence")] == []


def test_every_state_is_found_however_few_licences_differ(store: Store, subscription: int) -> None:
    """All of it at once: each wanted state against each seen state, with and without other differences."""
    rows = [
        {
            "wanted_state": wanted.value,
            "seen_state": seen.value,
            "seen_quantity": quantity,
            "seen_end": end,
            "reassert_at": again,
        }
        for wanted in WantedState
        for seen in SeenState
        for quantity in (1, 2)
        for end in (None, 1_800_000_000)
        for again in (None, NOW, NOW + timedelta(days=1))
    ]
    with store.read() as session:
        ids = _insert(session, subscription, rows)
        due = set(session.scalars(select(Licence.id).where(leases.due(NOW))))
        assert due == {number for number in ids if _rule(session, number)}
        assert len(due) == 69 + 40 + 48, "wanted active, suspended, ended"
