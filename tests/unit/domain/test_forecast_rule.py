import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.forecast import AddOn, Choice, Policy, brake_trips, choose

OLD = datetime(2026, 1, 1, tzinfo=UTC)

prices = st.integers(0, 50_000)
money = st.integers(-100_000, 300_000)
dues = st.integers(0, 100_000)
policies = st.sampled_from(Policy)


@st.composite
def queues(draw: st.DrawFn) -> list[AddOn]:
    """Up to seven add-ons of an account; ties of priority and of age are common."""
    return [
        AddOn(
            subscription_id=number,
            price=draw(prices),
            priority=draw(st.integers(1, 3)),
            ordered_at=OLD + timedelta(days=draw(st.integers(0, 2))),
        )
        for number in range(draw(st.integers(0, 7)))
    ]


def add_on(number: int, price: int, *, priority: int = 1, age: int = 0) -> AddOn:
    return AddOn(subscription_id=number, price=price, priority=priority, ordered_at=OLD - timedelta(days=age))


def cost(chosen: tuple[int, ...], queue: list[AddOn]) -> int:
    return sum(each.price for each in queue if each.subscription_id in chosen)


@given(money, dues, queues(), policies)
def test_what_is_kept_is_never_more_than_what_is_there(available: int, owed: int, queue: list[AddOn], policy: Policy) -> None:
    choice = choose(available, owed, queue, policy=policy)
    assert cost(choice.keep, queue) <= max(available - owed, 0)
    assert sorted(choice.keep + choice.suspend) == [each.subscription_id for each in queue]


@given(dues, queues(), policies, st.integers(0, 1000))
def test_all_is_kept_when_it_fits(owed: int, queue: list[AddOn], policy: Policy, spare: int) -> None:
    available = owed + sum(each.price for each in queue) + spare
    assert choose(available, owed, queue, policy=policy).suspend == ()


@given(money, dues, queues(), policies)
def test_an_account_without_limit_keeps_all(available: int, owed: int, queue: list[AddOn], policy: Policy) -> None:
    assert choose(available, owed, queue, policy=policy, unlimited=True).suspend == ()


@given(money, dues, queues(), policies)
def test_with_less_than_the_dues_nothing_is_kept(available: int, owed: int, queue: list[AddOn], policy: Policy) -> None:
    assert choose(owed - 1 - abs(available), owed, queue, policy=policy).keep == ()


@given(money, st.integers(0, 100_000), dues, queues())
def test_more_money_never_loses_what_all_or_none_kept(available: int, more: int, owed: int, queue: list[AddOn]) -> None:
    less = set(choose(available, owed, queue, policy=Policy.ALL_OR_NONE).keep)
    assert less <= set(choose(available + more, owed, queue, policy=Policy.ALL_OR_NONE).keep)


@given(money, st.integers(0, 100_000), dues, queues())
def test_more_money_never_loses_the_first_in_the_queue(available: int, more: int, owed: int, queue: list[AddOn]) -> None:
    first = sorted(queue, key=lambda each: (each.priority, each.ordered_at, each.subscription_id))[:1]
    before = choose(available, owed, queue, policy=Policy.BY_PRIORITY).keep
    after = choose(available + more, owed, queue, policy=Policy.BY_PRIORITY).keep
    assert all(each.subscription_id in after for each in first if each.subscription_id in before)


@given(money, dues, queues())
def test_by_priority_is_the_rule_as_it_is_told(available: int, owed: int, queue: list[AddOn]) -> None:
    """Walk by priority, then the oldest, then the first; keep each one that what is left still pays for."""
    left, keep, suspend = available - owed, [], []
    rest = list(queue)
    while rest:
        best = rest[0]
        for each in rest:
            if (each.priority, each.ordered_at, each.subscription_id) < (best.priority, best.ordered_at, best.subscription_id):
                best = each
        rest.remove(best)
        if best.price > left:
            suspend.append(best.subscription_id)
        else:
            keep.append(best.subscription_id)
            left -= best.price
    assert choose(available, owed, queue, policy=Policy.BY_PRIORITY) == Choice(tuple(keep), tuple(suspend))


@given(money, dues, queues(), st.randoms(use_true_random=False))
def test_the_order_in_which_add_ons_are_told_does_not_matter(
    available: int, owed: int, queue: list[AddOn], dice: random.Random
) -> None:
    shuffled = list(queue)
    dice.shuffle(shuffled)
    assert choose(available, owed, shuffled, policy=Policy.BY_PRIORITY) == choose(
        available, owed, queue, policy=Policy.BY_PRIORITY
    )


@pytest.mark.parametrize(
    ("available", "owed", "queue", "policy", "kept"),
    [
        (14999, 0, [add_on(1, 15000)], Policy.BY_PRIORITY, ()),
        (15000, 0, [add_on(1, 15000)], Policy.BY_PRIORITY, (1,)),
        (-500, 0, [add_on(1, 15000)], Policy.BY_PRIORITY, ()),
        (32000, 30000, [add_on(1, 15000)], Policy.BY_PRIORITY, ()),
        (20000, 0, [add_on(2, 10000, priority=2), add_on(1, 15000)], Policy.BY_PRIORITY, (1,)),
        (20000, 0, [add_on(2, 10000, priority=2), add_on(1, 15000)], Policy.ALL_OR_NONE, ()),
        (10000, 0, [add_on(1, 10000), add_on(2, 10000, age=1)], Policy.BY_PRIORITY, (2,)),
        (10000, 0, [add_on(2, 10000), add_on(1, 10000)], Policy.BY_PRIORITY, (1,)),
        (5000, 0, [add_on(1, 15000), add_on(2, 5000, priority=2)], Policy.BY_PRIORITY, (2,)),
        (0, 0, [add_on(1, 0)], Policy.BY_PRIORITY, (1,)),
        (-1, 0, [add_on(1, 0)], Policy.BY_PRIORITY, ()),
    ],
)
def test_known_cases(available: int, owed: int, queue: list[AddOn], policy: Policy, kept: tuple[int, ...]) -> None:
    assert choose(available, owed, queue, policy=policy).keep == kept


@pytest.mark.parametrize(
    ("suspend", "total", "share", "trips"),
    [
        (3, 10, 0.30, False),
        (4, 10, 0.30, True),
        (29, 100, 0.29, False),  # 0.29 × 100 is a little less than 29 as floats are
        (30, 100, 0.29, True),
        (9, 9, 0.30, False),
        (10, 10, 1.0, False),
        (1, 10, 0.0, True),
        (0, 10, 0.0, False),
        (0, 0, 0.3, False),
    ],
)
def test_the_brake_trips_above_the_share_of_at_least_the_minimum(suspend: int, total: int, share: float, trips: bool) -> None:
    assert brake_trips(suspend=suspend, total=total, share=share, minimum=10) is trips


@given(st.integers(0, 1000), st.integers(1, 100_000))
def test_exactly_the_share_never_trips(promille: int, thousands: int) -> None:
    total = thousands * 1000
    allowed = promille * thousands
    assert Fraction(allowed, total) == Fraction(promille, 1000)
    assert not brake_trips(suspend=allowed, total=total, share=promille / 1000, minimum=0)
    assert brake_trips(suspend=allowed + 1, total=total, share=promille / 1000, minimum=0)
