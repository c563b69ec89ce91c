"""The pool of a subscription: what is paid for is given or free, and exactly what is missing is bought."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.seats import Moves, Pool, by_hand, is_account_wide, moves

USERS = st.integers(1, 12)
CHANGES = st.lists(st.tuples(st.lists(USERS, max_size=8), st.lists(USERS, max_size=8)), max_size=12)


@settings(deadline=None, max_examples=200)
@given(total=st.integers(0, 12), changes=CHANGES)
def test_given_and_free_are_always_what_is_paid_for(total: int, changes: list[tuple[list[int], list[int]]]) -> None:
    holders: set[int] = set()
    for give, take in changes:
        take = [each for each in take if each not in give]
        found = moves(total=total, holders=holders, give=give, take=take)
        before = len(holders)
        total += found.gap
        holders = (holders - set(found.take)) | set(found.give)

        pool = Pool(total=total, assigned=len(holders))
        assert pool.total == pool.assigned + pool.available
        assert pool.available >= 0
        assert set(give) <= holders
        assert not set(take) & holders
        assert len(holders) == before + len(found.give) - len(found.take)
        if found.gap:
            assert pool.available == 0, "exactly what is missing is bought"


@pytest.mark.parametrize(
    ("entered", "free", "bought", "left"),
    [(5, 3, 2, 0), (5, 5, 0, 0), (5, 8, 0, 3), (5, 0, 5, 0)],
)
def test_the_difference_is_bought_and_no_more(entered: int, free: int, bought: int, left: int) -> None:
    found = moves(total=free, holders=(), give=range(entered), take=())

    assert (found.gap, free + found.gap - len(found.give)) == (bought, left)


def test_who_has_a_seat_counts_as_done_and_a_name_counts_once() -> None:
    assert moves(total=5, holders={1, 2}, give=[1, 2, 3, 4, 5], take=[]) == Moves((3, 4, 5), (), (1, 2), 0)
    assert moves(total=1, holders=(), give=[1, 1, 2], take=[]) == Moves((1, 2), (), (), 1)
    assert moves(total=1, holders={9}, give=[], take=[8, 8]) == Moves((), (), (8,), 0)


def test_what_is_taken_is_given_on_without_buying() -> None:
    assert moves(total=1, holders={1}, give=[2], take=[1]) == Moves((2,), (1,), (), 0)


def test_nothing_is_bought_for_taking_back_from_a_pool_that_became_too_small() -> None:
    assert moves(total=2, holders={1, 2, 3, 4}, give=[], take=[4]).gap == 0
    assert moves(total=2, holders={1, 2, 3, 4}, give=[5], take=[4]).gap == 1


def test_nothing_is_missing_where_anybody_is_taken_in() -> None:
    assert moves(total=None, holders={1}, give=range(100), take=[]).gap == 0


def test_a_user_cannot_be_given_a_seat_and_lose_it() -> None:
    with pytest.raises(BadInput) as caught:
        moves(total=3, holders={1}, give=[1, 2], take=[1])
    assert caught.value.code == "given_and_taken"


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


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("seat", {"scope": "account"}, "account_level_addon"),
        ("account_wide", {}, "account_level_addon"),
        ("other", {}, "not_provisioned"),
        ("quantity", {}, "not_provisioned"),
    ],
)
def test_only_seats_are_given_by_hand(kind: str, options: dict[str, object], code: str) -> None:
    by_hand("seat", {}, product="assist")
    with pytest.raises(Refused, match=r"^analytics is ") as caught:
        by_hand(kind, options, product="analytics")
    assert caught.value.code == code
