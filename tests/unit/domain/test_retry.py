from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.retry import PATIENCE, FailureKind, next_try

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

kinds = st.sampled_from(FailureKind)
jitters = st.floats(0, 1, exclude_max=True)
tries = st.integers(1, 10_000)


@given(kinds, tries, jitters)
def test_the_next_try_lies_between_the_first_and_the_longest_wait(kind: FailureKind, count: int, jitter: float) -> None:
    patience = PATIENCE[kind]
    again = next_try(kind, tries=count, now=NOW, jitter=jitter)
    if patience.tries is not None and count >= patience.tries:
        assert again is None
        return
    assert again is not None
    assert patience.first * 0.8 <= again - NOW <= patience.longest


@given(kinds, st.integers(1, 10_000))
def test_a_later_try_never_waits_less(kind: FailureKind, count: int) -> None:
    first, second = (next_try(kind, tries=each, now=NOW, jitter=0) for each in (count, count + 1))
    assert second is None or (first is not None and first <= second)


@given(kinds, tries, jitters, st.integers(-100, 100_000))
def test_the_vendors_own_word_holds(kind: FailureKind, count: int, jitter: float, seconds: int) -> None:
    not_before = NOW + timedelta(seconds=seconds)
    again = next_try(kind, tries=count, now=NOW, jitter=jitter, not_before=not_before)
    assert again is None or again >= not_before


@pytest.mark.parametrize("kind", [FailureKind.REJECTED, FailureKind.UNSUPPORTED])
def test_what_was_refused_for_good_is_not_tried_again(kind: FailureKind) -> None:
    assert next_try(kind, tries=1, now=NOW, jitter=0) is None


@pytest.mark.parametrize("kind", [FailureKind.UNAVAILABLE, FailureKind.RATE_LIMITED, FailureKind.UNAUTHORISED])
def test_what_may_pass_is_tried_for_ever(kind: FailureKind) -> None:
    assert next_try(kind, tries=100_000, now=NOW, jitter=0.5) is not None


def test_the_wait_doubles() -> None:
    waits = [next_try(FailureKind.UNAVAILABLE, tries=each, now=NOW, jitter=0) for each in range(1, 10)]
    assert [int((each - NOW).total_seconds()) for each in waits if each] == [5, 10, 20, 40, 80, 160, 320, 600, 600]
