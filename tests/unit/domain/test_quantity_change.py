"""What a wish for another quantity leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import Refused
from isp_addons.domain.quantity_change import Effect, When, decide


@pytest.mark.parametrize(
    ("new", "pending", "when", "effect"),
    [
        (5, None, When.NOW, Effect.NOTHING),
        (5, None, When.NEXT, Effect.NOTHING),
        (8, None, When.NOW, Effect.NOW),
        (8, None, When.NEXT, Effect.PENDING),
        (3, None, When.NEXT, Effect.PENDING),
        (8, 3, When.NOW, Effect.NOW),
        (8, 8, When.NOW, Effect.NOW),
        (8, 3, When.NEXT, Effect.PENDING),
        (3, 3, When.NEXT, Effect.NOTHING),
        (5, 3, When.NEXT, Effect.WITHDRAWN),
        (5, 8, When.NOW, Effect.WITHDRAWN),
    ],
)
def test_what_a_wish_for_another_number_than_five_leads_to(new: int, pending: int | None, when: When, effect: Effect) -> None:
    assert decide(old=5, new=new, pending=pending, when=when) is effect


@pytest.mark.parametrize("pending", [None, 4, 8])
def test_less_never_counts_at_once(pending: int | None) -> None:
    with pytest.raises(Refused) as refused:
        decide(old=5, new=4, pending=pending, when=When.NOW)
    assert refused.value.code == "downgrade_at_period_end"


units = st.integers(1, 10_000)


@given(old=units, new=units, pending=st.none() | units, when=st.sampled_from(When))
def test_only_more_counts_at_once(old: int, new: int, pending: int | None, when: When) -> None:
    try:
        effect = decide(old=old, new=new, pending=pending, when=when)
    except Refused:
        assert (when, new < old) == (When.NOW, True)
        return
    assert (effect is Effect.NOW) == (when is When.NOW and new > old)
