"""Changes of seats: many at once, by many at once, and the pool is never given out twice."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from integration.users.conftest import Office, side_by_side
from integration.users.conftest import user as told
from isp_addons.domain.problem import BadInput, NotFound, Problem, Refused
from isp_addons.domain.seat_change import Asked
from isp_addons.services import cancel
from isp_addons.store.engine import Store
from isp_addons.store.tables import Charge, Licence, Seat, Subscription

USERS = ("anna", "bo", "cleo", "dan", "eve", "fay")
STEPS = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from(USERS), max_size=4), st.frozensets(st.sampled_from(USERS), max_size=3), st.booleans()
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def full(office: Office) -> Office:
    """An account with six users."""
    office.hires("dan", "eve", "fay")
    return office


def gives(subscription: int, *names: str) -> Asked:
    return Asked(subscription=subscription, give=names)


def charges(office: Office, subscription: int) -> int:
    with office.store.read() as session:
        return session.scalar(select(func.count()).where(Charge.subscription_id == subscription)) or 0


def quantity(office: Office, subscription: int) -> tuple[int, int]:
    """What is paid for, and what is wanted of the vendor."""
    with office.store.read() as session:
        query = select(Subscription.quantity, Licence.wanted_quantity).join(Licence, Licence.subscription_id == Subscription.id)
        row = session.execute(query.where(Subscription.id == subscription)).one()
        return row.quantity, row.wanted_quantity


def test_what_is_missing_is_bought_and_the_vendor_is_told(full: Office) -> None:
    subscription = full.orders("assist", 3)

    (done,) = full.confirms(gives(subscription, *USERS[:5]), buy=True)

    assert (done.bought, done.total, done.available, done.charged) == (2, 5, 0, 200)
    assert quantity(full, subscription) == (5, 5)
    assert charges(full, subscription) == 2


def test_a_preview_changes_nothing(full: Office) -> None:
    subscription = full.orders("assist", 1)

    (told,) = full.confirms(gives(subscription, "anna", "bo"), buy=True, dry_run=True)

    assert (told.bought, told.total) == (1, 2)
    assert (full.pool(subscription), charges(full, subscription)) == ((1, 0, 1), 1)


def test_all_subscriptions_are_changed_or_none(full: Office) -> None:
    one, two, wide = full.orders("assist", 2), full.orders("assist", 1), full.orders("analytics")

    full.confirms(gives(one, "anna"), gives(two, "bo"), gives(one, "cleo"))
    assert (full.holders(one), full.holders(two)) == (["anna", "cleo"], ["bo"])

    for wrong, problem in ((gives(wide, "dan"), Refused), (gives(99, "dan"), NotFound), (gives(two, "nobody"), BadInput)):
        with pytest.raises(problem):
            full.confirms(gives(one, "dan"), wrong, buy=True)
    assert (full.pool(one), full.pool(two)) == ((2, 2, 0), (1, 1, 0))


def test_nobody_named_is_nothing_asked(full: Office) -> None:
    subscription = full.orders("assist", 1)
    for asked in ((), (Asked(subscription=subscription),)):
        with pytest.raises(BadInput) as caught:
            full.confirms(*asked)
        assert caught.value.code == "nothing_named"


def test_more_names_than_anybody_has_are_refused_before_anything_is_read(full: Office) -> None:
    with pytest.raises(BadInput) as caught:
        full.confirms(gives(1, *(f"user{number}" for number in range(10_001))))
    assert caught.value.code == "too_many"


def test_many_users_are_given_seats_by_few_statements(full: Office) -> None:
    names = [f"user{number:04}" for number in range(700)]
    full.hires(*names[:3])
    full.syncs(*(told(name) for name in (*names, *USERS)))
    subscription = full.orders("assist", 1)

    (done,) = full.confirms(gives(subscription, *names), buy=True)

    assert (len(done.given), done.bought, done.available) == (700, 699, 0)


def test_two_who_take_the_last_free_seat_at_once_have_two_and_one_was_bought(full: Office) -> None:
    for round_ in range(5):
        subscription = full.orders("assist", 1)

        answers = in_parallel(full, subscription, "anna", "bo", buy=True)

        assert sorted(each[0].bought for each in answers) == [0, 1], round_
        assert (full.pool(subscription), full.holders(subscription)) == ((2, 2, 0), ["anna", "bo"])


def test_two_who_take_the_last_free_seat_at_once_without_buying_leave_one_without(full: Office) -> None:
    subscription = full.orders("assist", 1)

    answers = side_by_side([lambda name=name: full.confirms(gives(subscription, name)) for name in USERS])  # type: ignore[misc]

    refused = [each for each in answers if isinstance(each, Problem)]
    assert len(refused) == len(USERS) - 1
    assert {each.code for each in refused} <= {"no_free_licence", "busy", "conflict"}
    assert full.pool(subscription) == (1, 1, 0)


def test_the_same_wish_at_once_is_bought_once(full: Office) -> None:
    subscription = full.orders("assist", 1)

    side_by_side([lambda: full.confirms(gives(subscription, *USERS[:3]), buy=True)] * 4)

    assert full.pool(subscription) == (3, 3, 0)
    assert charges(full, subscription) == 2


def test_who_goes_at_the_moment_is_no_holder_in_the_end(full: Office) -> None:
    subscription = full.orders("assist", 1)

    side_by_side([lambda: full.confirms(gives(subscription, "anna", "bo"), buy=True), lambda: full.fires("anna")])
    full.fires("anna")

    assert "anna" not in full.holders(subscription)
    total, assigned, available = full.pool(subscription)
    assert total == assigned + available


def test_seats_of_what_is_cancelled_at_the_moment_are_not_given(full: Office) -> None:
    subscription = full.orders("assist", 1)

    side_by_side(
        [
            lambda: full.confirms(gives(subscription, "anna", "bo"), buy=True),
            lambda: cancel.cancel(full.context, full.cause(), subscription_id=subscription, at_once=True),
        ]
    )

    assert full.holders(subscription) == []


@pytest.fixture(scope="module")
def one_office(databases: Any) -> Iterator[Office]:
    """One account with six users for all stories, on SQLite."""
    store = Store(databases.fresh("sqlite"))
    made = Office(store)
    made.sells("assist")
    made.opens("42")
    made.hires(*USERS)
    yield made
    store.close()


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(start=st.integers(1, 4), steps=STEPS)
def test_after_any_story_the_pool_is_what_it_should_be(
    one_office: Office, start: int, steps: list[tuple[frozenset[str], frozenset[str], bool]]
) -> None:
    subscription = one_office.orders("assist", start)
    total, holders = start, set[str]()
    for give, take, buy in steps:
        asked = Asked(subscription=subscription, give=tuple(give), take=tuple(take - give))
        after = (holders - (take - give)) | give
        gap = max(len(after) - total, 0)
        if not give | take or (gap and not buy):
            with pytest.raises(Problem) as caught:
                one_office.confirms(asked, buy=buy)
            assert caught.value.code == ("no_free_licence" if give | take else "nothing_named")
        else:
            one_office.confirms(asked, buy=buy)
            total, holders = total + gap, after
        assert one_office.pool(subscription) == (total, len(holders), total - len(holders))
        assert set(one_office.holders(subscription)) == holders
        assert standing(one_office, subscription) == len(holders)


def standing(office: Office, subscription: int) -> int:
    """The rows that stand, counted anew."""
    with office.store.read() as session:
        mine = (Seat.subscription_id == subscription, Seat.returned_at.is_(None))
        return session.scalar(select(func.count()).select_from(Seat).where(*mine)) or 0


def in_parallel(office: Office, subscription: int, *names: str, **how: Any) -> list[Any]:
    """Each of *names* is given a seat at the same moment; whoever was told to try again does."""
    answers = side_by_side([lambda name=name: office.confirms(gives(subscription, name), **how) for name in names])  # type: ignore[misc]
    return [
        office.confirms(gives(subscription, name), **how)
        if isinstance(answer, Problem) and answer.code in ("busy", "conflict")
        else answer
        for name, answer in zip(names, answers, strict=True)
    ]
