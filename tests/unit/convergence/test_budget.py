"""A vendor's rate and its breaker, as figures: no database, no clock, no threads."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.convergence.vendor_state import Grant, Limits, grant, is_paused, spend
from isp_addons.store.tables import VendorState

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def _row(**columns: object) -> VendorState:
    return VendorState(**{"name": "v", "failures": 0, "pauses": 0, "reason": "", **columns})


def _ask(row: VendorState, limits: Limits, *, want: int = 8, idle: bool = True, real_ms: int = 0) -> Grant:
    return grant(row, limits=limits, want=want, idle=idle, now=NOW, real_ms=real_ms)


def test_without_a_rate_everything_is_granted() -> None:
    assert _ask(_row(), Limits(), want=500) == Grant(500)
    assert _ask(_row(), Limits(), want=0) == Grant(0)


@pytest.mark.parametrize("columns", [{"paused_by": "somebody"}, {"paused_until": NOW + timedelta(seconds=1)}])
def test_nothing_is_granted_while_paused(columns: dict[str, object]) -> None:
    assert is_paused(_row(**columns), NOW)
    assert _ask(_row(**columns), Limits()) == Grant(0)


def test_after_a_pause_one_probe_is_granted_and_nobody_else_gets_another() -> None:
    limits = Limits(breaker_pause=timedelta(seconds=30))
    row = _row(pauses=2, paused_until=NOW)
    assert not is_paused(row, NOW)
    probe = _ask(row, limits)
    assert (probe.calls, probe.probe) == (1, True)
    assert _ask(row, limits, idle=False) == Grant(0), "not while calls of before are under way"
    spend(row, probe, 1, limits=limits, now=NOW)
    assert row.paused_until == NOW + timedelta(seconds=30)
    assert _ask(row, limits) == Grant(0)


def test_what_is_granted_but_not_used_is_not_spent() -> None:
    row, limits = _row(), Limits(rate_per_second=2.0)
    first = _ask(row, limits, real_ms=1000)
    assert (first.calls, first.first_ms, first.distance_ms) == (2, 1000, 500)
    spend(row, first, 0, limits=limits, now=NOW)
    assert row.next_call_ms is None
    spend(row, first, 1, limits=limits, now=NOW)
    assert row.next_call_ms == 1500


@given(
    rate=st.floats(0.05, 200),
    asks=st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=60),
)
def test_however_many_workers_ask_no_second_holds_more_calls_than_the_rate(
    rate: float, asks: list[tuple[int, int, int]]
) -> None:
    row, limits, now_ms = _row(), Limits(rate_per_second=rate), 0
    moments: list[float] = []
    for passed, want, takes in asks:
        now_ms += passed
        granted = _ask(row, limits, want=want, real_ms=now_ms)
        calls = min(granted.calls, takes)
        spend(row, granted, calls, limits=limits, now=NOW)
        new = [granted.first_ms + number * granted.distance_ms for number in range(calls)]
        assert all(now_ms <= moment < now_ms + 1000 for moment in new), "nobody is leased long before his call"
        moments += new
        if not granted.calls:
            assert 0 < granted.wait <= 1 / rate + 1
    assert moments == sorted(moments)
    gaps = [later - sooner for sooner, later in pairwise(moments)]
    assert all(gap >= 1000 / rate - 1e-6 for gap in gaps)
