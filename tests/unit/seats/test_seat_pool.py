"""The pool of a subscription: what is paid for is given or free, and never more is given than is paid for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import Refused
from isp_addons.domain.seats import Pool, by_hand, is_account_wide


@given(total=st.integers(0, 20), moves=st.lists(st.booleans(), max_size=60))
def test_given_and_free_are_always_what_is_paid_for(total: int, moves: list[bool]) -> None:
    pool = Pool(total=total, assigned=0)
    for give in moves:
        if give and pool.available:
            pool = pool.give()
        elif not give and pool.assigned:
            pool = pool.take_back()

        assert pool.total == total == pool.assigned + pool.available
        assert pool.available >= 0


def test_the_last_seat_is_given_once() -> None:
    last = Pool(total=3, assigned=2).give()

    assert last == Pool(total=3, assigned=3)
    with pytest.raises(Refused, match="All 3 seats") as caught:
        last.give()
    assert caught.value.code == "no_free_seat"


def test_fewer_paid_for_than_given_leaves_none_free() -> None:
    assert Pool(total=2, assigned=5).available == 0


@pytest.mark.parametrize(
    ("options", "wide"),
    [
        ({"scope": "account"}, True),
        ({"scope": "seat"}, False),
        ({}, False),
        ({"scope": "Account"}, False),
        ({"scope": 1}, False),
    ],
)
def test_only_the_scope_account_is_for_everybody(options: dict[str, object], wide: bool) -> None:
    assert is_account_wide(options) is wide


def test_what_is_for_everybody_is_not_given_by_hand() -> None:
    by_hand({}, product="assist")
    with pytest.raises(Refused, match="analytics is for the whole account") as caught:
        by_hand({"scope": "account"}, product="analytics")
    assert caught.value.code == "account_level_addon"
