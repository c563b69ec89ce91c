"""Any story of orders, payments, blocks, holds and periods leaves the money right and nobody with what is not paid."""

import os
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from isp_addons.domain.event import Word
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.quantity_change import When
from isp_addons.domain.subscription import Plan
from isp_addons.store.engine import Store
from isp_addons.store.schema import upgrade
from unit.services.world import World

Step = Callable[[World], None]

refs = st.sampled_from(["poor", "owing", "free"])
owners = st.sampled_from([HoldOwner.ADMIN, HoldOwner.USER])


def step(what: Callable[..., None], **arguments: "st.SearchStrategy[object]") -> "st.SearchStrategy[Step]":
    """Something that happens, each of its arguments drawn."""
    return st.fixed_dictionaries(arguments).map(lambda drawn: partial(what, **drawn))


def one_of_theirs(what: Callable[..., None], **arguments: "st.SearchStrategy[object]") -> "st.SearchStrategy[Step]":
    """Something that a person does to one of the subscriptions there are."""

    def do(world: World, number: int, **drawn: object) -> None:
        known = world.subscriptions()
        if known:
            what(world, known[number % len(known)], **drawn)

    return step(do, number=st.integers(0, 7), **arguments)


def a_month_passes(world: World, hours: int) -> None:
    """As the worker has it: the forecast before the period ends, then the timetable."""
    world.looks_ahead()
    time_passes(world, hours)


def time_passes(world: World, hours: int) -> None:
    world.time_passes(hours)
    world.timetable()
    world.check_nobody_uses_what_is_not_paid()


ORDERS = step(
    World.orders,
    ref=refs,
    product=st.sampled_from(["av", "cloud", "plain"]),
    plan=st.sampled_from(Plan),
    quantity=st.integers(1, 2),
    renews=st.booleans(),
)
PAYS = step(World.pays, ref=refs, amount=st.sampled_from(["0.01", "50.00", "99.90", "150.00", "400.00"]))
HEARS = step(
    World.hears, ref=refs, word=st.sampled_from([Word.BLOCKED, Word.UNBLOCKED, Word.CHANGED, Word.CHARGED, Word.PERIOD_ENDING])
)
MOVES = step(World.moves, ref=refs, tariff=st.sampled_from(["Home", "Home+"]))
BY_HAND = st.one_of(
    one_of_theirs(World.holds, owner=owners, days=st.sampled_from([None, 20])),
    one_of_theirs(World.releases, owner=owners),
    one_of_theirs(World.cancels, at_once=st.booleans()),
    one_of_theirs(World.takes_back),
    one_of_theirs(World.stops),
    one_of_theirs(World.runs_again, quantity=st.sampled_from([None, 1, 2, 3])),
    one_of_theirs(World.renews, quantity=st.sampled_from([None, None, 1, 3])),
)
CHANGES = st.one_of(
    one_of_theirs(World.changes, quantity=st.integers(1, 4), when=st.sampled_from(When)),
    one_of_theirs(World.changes, quantity=st.integers(1, 4), when=st.sampled_from(When)),
    one_of_theirs(World.withdraws),
)
VENDORS_ANSWER = step(World.vendors_answer, refused=st.sampled_from([False, False, True]))
TIME = st.one_of(
    step(a_month_passes, hours=st.just(744)),
    step(time_passes, hours=st.sampled_from([1, 200, 744])),
    step(World.time_passes, hours=st.sampled_from([200, 744])),
)
LIKELY = [ORDERS] * 5 + [PAYS] * 2 + [HEARS] * 2 + [MOVES] + [BY_HAND] * 3 + [CHANGES] * 3 + [VENDORS_ANSWER] * 2 + [TIME] * 4
STORIES = st.lists(st.sampled_from(LIKELY).flatmap(lambda strategy: strategy), min_size=20, max_size=35)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('stories') / 'isp-addons.db'}")
    upgrade(made)
    yield made
    made.close()


@pytest.mark.timeout(600)
@settings(
    max_examples=int(os.environ.get("STORIES", "30")),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a story is read as it stands: to shorten one takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(story=STORIES)
def test_any_story(store: Store, story: list[Step]) -> None:
    world = World(store)
    world.begin()
    world.opens("poor", balance=60_000, base_price=1_000)
    world.opens("owing", balance=20_000, credit=12_000, base_price=9_000)
    world.opens("free", unlimited=True, base_price=1_000)
    for happens in story:
        happens(world)
    world.check()
