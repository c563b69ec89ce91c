"""What a wish for another quantity leads to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import Refused
from isp_addons.domain.quantity_change import Effect, Units, When, decide


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
    assert decide(old=Units(5), new=Units(new), pending=_units(pending), when=when) is effect


def _units(quantity: int | None) -> Units | None:
    return None if quantity is None else Units(quantity)


@pytest.mark.parametrize(
    ("split", "pending", "when", "effect"),
    [
        ("a=2,b=3", None, When.NEXT, Effect.NOTHING),
        ("a=1,b=4", None, When.NEXT, Effect.SPLIT),
        ("a=1,b=4", Units(3, "a=3,b=0"), When.NOW, Effect.SPLIT),
        ("a=2,b=3", Units(3, "a=3,b=0"), When.NEXT, Effect.WITHDRAWN),
    ],
)
def test_as_many_in_another_split_leave_alone_what_is_to_come(
    split: str, pending: Units | None, when: When, effect: Effect
) -> None:
    assert decide(old=Units(5, "a=2,b=3"), new=Units(5, split), pending=pending, when=when) is effect


def test_what_is_to_come_can_be_split_in_another_way() -> None:
    old, coming, new = Units(5, "a=2,b=3"), Units(3, "a=3,b=0"), Units(3, "a=0,b=3")
    assert decide(old=old, new=coming, pending=coming, when=When.NEXT) is Effect.NOTHING
    assert decide(old=old, new=new, pending=coming, when=When.NEXT) is Effect.PENDING


@pytest.mark.parametrize("pending", [None, 4, 8])
def test_less_never_counts_at_once(pending: int | None) -> None:
    with pytest.raises(Refused) as refused:
        decide(old=Units(5), new=Units(4), pending=_units(pending), when=When.NOW)
    assert refused.value.code == "downgrade_at_month_end"


units = st.integers(1, 10_000)


@given(old=units, new=units, pending=st.none() | units, when=st.sampled_from(When))
def test_only_more_counts_at_once(old: int, new: int, pending: int | None, when: When) -> None:
    try:
        effect = decide(old=Units(old), new=Units(new), pending=_units(pending), when=when)
    except Refused:
        assert (when, new < old) == (When.NOW, True)
        return
    assert (effect is Effect.NOW) == (when is When.NOW and new > old)
