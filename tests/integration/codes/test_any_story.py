"""Any story of orders, periods, imports, recalls and crashes: no code twice, no charge without one, none without a charge."""

import os
from collections.abc import Callable
from functools import partial

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from integration.codes.kiosk import Kiosk
from isp_addons.domain.event import Word
from isp_addons.domain.subscription import Plan

Step = Callable[[Kiosk], object]

refs = st.sampled_from(["poor", "rich", "free"])
articles = st.sampled_from(["kis", "kis", "eset"])


def step(what: Callable[..., object], **arguments: "st.SearchStrategy[object]") -> "st.SearchStrategy[Step]":
    return st.fixed_dictionaries(arguments).map(lambda drawn: partial(what, **drawn))


def one_of_theirs(what: Callable[..., object], **arguments: "st.SearchStrategy[object]") -> "st.SearchStrategy[Step]":
    def do(kiosk: Kiosk, number: int, **drawn: object) -> None:
        known = kiosk.subscriptions()
        if known:
            what(kiosk, known[number % len(known)], **drawn)

    return step(do, number=st.integers(0, 5), **arguments)


def a_month_passes(kiosk: Kiosk, hours: int) -> None:
    kiosk.looks_ahead()
    kiosk.time_passes(hours)
    kiosk.timetable()


ORDERS = step(
    Kiosk.orders,
    ref=refs,
    product=st.sampled_from(["kis", "kis", "eset", "plain"]),
    plan=st.sampled_from([Plan.ONE_OFF, Plan.RECURRING, Plan.RECURRING]),
    quantity=st.sampled_from([1, 1, 2]),
)
IMPORTS = step(Kiosk.imports, count=st.integers(1, 2), article=articles, days=st.sampled_from([None, 3, 40]))
VOIDS = step(Kiosk.voids, count=st.integers(1, 2))
PAYS = step(Kiosk.pays, ref=refs, amount=st.sampled_from(["1.00", "150.00", "400.00"]))
HEARS = step(Kiosk.hears, ref=refs, word=st.sampled_from([Word.BLOCKED, Word.UNBLOCKED, Word.PERIOD_ENDING]))
BY_HAND = st.one_of(
    one_of_theirs(Kiosk.renews),
    one_of_theirs(Kiosk.renews),
    one_of_theirs(Kiosk.cancels, at_once=st.booleans()),
    one_of_theirs(Kiosk.holds),
    one_of_theirs(Kiosk.releases),
)
MONTH = step(a_month_passes, hours=st.just(744))
TIME = step(Kiosk.time_passes, hours=st.sampled_from([1, 744]))
TIMETABLE = step(Kiosk.timetable)
WORKER = st.one_of(step(Kiosk.converge), step(Kiosk.worker_dies))
HAPPENS = st.sampled_from(
    [ORDERS] * 3
    + [IMPORTS] * 2
    + [VOIDS]
    + [PAYS] * 2
    + [HEARS]
    + [BY_HAND] * 2
    + [MONTH] * 3
    + [TIME, TIMETABLE]
    + [WORKER] * 2
).flatmap(lambda strategy: strategy)
STORIES = st.lists(st.tuples(HAPPENS, st.sampled_from([None, None, None, None, 3, 9, 15, 22])), min_size=12, max_size=25)


@settings(
    max_examples=int(os.environ.get("STORIES", "12")),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a story is read as it stands
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(story=STORIES)
def test_any_story(kiosk: Kiosk, story: list[tuple[Step, int | None]]) -> None:
    kiosk.begin()
    kiosk.opens("poor", balance=20_000)
    kiosk.opens("rich", balance=300_000, base_price=1_000)
    kiosk.opens("free", unlimited=True)
    kiosk.imports(3)
    for ref in ("rich", "free"):
        kiosk.orders(ref, "kis", Plan.RECURRING, 1)
    for happens, crash in story:
        if crash is None:
            happens(kiosk)
        else:
            with kiosk.crashing(crash):
                happens(kiosk)
        kiosk.check()
    kiosk.converge()
    kiosk.check()
    kiosk.check_at_rest()
