"""What becomes of a project key, when it pays, and when its end is announced."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.project_key import (
    NOTICE_DAYS,
    KeyState,
    Span,
    notice,
    parse_key,
    require_unused,
    span,
    state_of,
    warnings,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SOON, LONG_AGO = NOW + timedelta(days=9), NOW - timedelta(days=400)
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.mark.parametrize(
    ("used_at", "until", "expires_at", "state"),
    [
        (None, None, None, KeyState.UNUSED),
        (None, None, SOON, KeyState.UNUSED),
        (None, None, NOW, KeyState.EXPIRED),
        (LONG_AGO, SOON, NOW, KeyState.USED),
        (LONG_AGO, NOW, None, KeyState.OVER),
    ],
)
def test_the_state_of_a_key(
    used_at: datetime | None, until: datetime | None, expires_at: datetime | None, state: KeyState
) -> None:
    assert state_of(used_at=used_at, until=until, expires_at=expires_at, now=NOW) is state


@pytest.mark.parametrize(
    ("state", "code"),
    [(KeyState.USED, "project_key_used"), (KeyState.OVER, "project_key_used"), (KeyState.EXPIRED, "project_key_expired")],
)
def test_a_key_that_pays_nothing_any_more_says_why(state: KeyState, code: str) -> None:
    with pytest.raises(Refused) as problem:
        require_unused(state, shown="*1234")
    assert problem.value.code == code
    require_unused(KeyState.UNUSED, shown="*1234")


@pytest.mark.parametrize("text", ["", "  ", "\t"])
def test_no_key_is_no_key(text: str) -> None:
    with pytest.raises(BadInput) as problem:
        parse_key(text)
    assert problem.value.code == "project_key_missing"


@pytest.mark.parametrize(
    ("paid_until", "instantly", "start"), [(None, False, NOW), (LONG_AGO, False, NOW), (SOON, False, SOON), (SOON, True, NOW)]
)
def test_a_key_pays_from_the_end_of_what_is_paid_or_from_now(
    paid_until: datetime | None, instantly: bool, start: datetime
) -> None:
    found = span(now=NOW, paid_until=paid_until, instantly=instantly, months=12, zone=ZoneInfo("UTC"))
    assert found == Span(start, start.replace(year=2027))


def test_the_months_of_a_key_are_those_of_the_accounts_own_clock() -> None:
    begun = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
    assert span(now=begun, paid_until=None, instantly=False, months=1, zone=KYIV).until == datetime(
        2026, 4, 28, 21, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(("selling", "told"), [(None, 0), (1000, 0), (1001, 0), (999, 1), (0, 1)])
def test_selling_below_the_purchase_price_is_warned_of(selling: int | None, told: int) -> None:
    assert len(warnings(selling=selling, purchase=1000, currency="EUR")) == told


@given(minutes=st.integers(-100_000, 100_000))
def test_a_notice_is_the_last_of_those_that_have_come_and_none_after_the_end(minutes: int) -> None:
    until = NOW + timedelta(minutes=minutes)
    found = notice(until=until, now=NOW)
    reached = [days for days in NOTICE_DAYS if 0 < minutes <= days * 24 * 60]
    assert found == (min(reached) if reached else None)
