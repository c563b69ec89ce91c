"""Several people at the same moment: no bundle takes more than it is for, and nothing is granted or said twice."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select

from integration.spaces.conftest import CAMERAS, Home
from isp_addons.domain.availability import CountryRule, Path
from isp_addons.domain.problem import Problem
from isp_addons.domain.space import SpaceRole
from isp_addons.services import availability, availability_rules, delegation, device_bundle, spaces
from isp_addons.store.tables import AvailabilityRule, Delegation

_MOST_TRIES = 10  # a busy machine may keep a row locked for long


def outcome(what: Callable[[], object]) -> str:
    """What came of it, or the code of the problem."""
    try:
        return str(what())
    except Problem as problem:
        return problem.code


def patiently(what: Callable[[], object]) -> str:
    """The same; who is told to try again does so."""
    told = [outcome(what)]
    while told[-1] in ("busy", "conflict") and len(told) < _MOST_TRIES:
        told.append(outcome(what))
    return told[-1]


def at_once(*work: Callable[[], object]) -> list[str]:
    """Let everybody begin at the same moment, each on a connection of his own."""
    start = Barrier(len(work))

    def run(what: Callable[[], object]) -> str:
        start.wait(timeout=30)
        return patiently(what)

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_six_devices_and_a_bundle_for_four_make_four(home: Home) -> None:
    use = partial(device_bundle.use_for, home.context, home.cause(), subscription_id=home.bundle)

    results = at_once(*(partial(use, device=camera) for camera in CAMERAS))

    assert Counter(results) == {"True": 4, "bundle_full": 2}
    assert device_bundle.state(home.context, home.cause(), subscription_id=home.bundle).bundle.active == 4


def test_the_same_right_granted_four_times_is_one(home: Home) -> None:
    grant = partial(delegation.grant, home.context, home.cause(home.pro), space_id=home.space, to="anna@home.example")

    results = at_once(grant, grant, grant, grant)

    assert Counter(results) == {"True": 1, "False": 3}
    with home.context.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Delegation)) == 1


def test_the_same_rule_said_by_two_admins_is_said_once(home: Home) -> None:
    rule = CountryRule(country="PL", path=Path.CARD, roles=frozenset({SpaceRole.PRO}))
    edit = availability_rules.with_country(rule)
    say = partial(availability_rules.change, home.context, home.cause(), vendor="ajax", edit=edit)

    results = at_once(say, say)

    assert results.count("duplicate_rule") == 1
    with home.context.store.read() as session:
        standing = select(func.count()).select_from(AvailabilityRule)
        standing = standing.where(AvailabilityRule.key == "PL card", AvailabilityRule.ended_at.is_(None))
        assert session.scalar(standing) == 1


def test_a_device_that_is_being_removed_is_in_no_bundle_afterwards(home: Home) -> None:
    use = partial(device_bundle.use_for, home.context, home.cause(), subscription_id=home.bundle, device="CAM-0")
    remove = partial(device_bundle.remove_from_space, home.context, home.cause(), space_id=home.space, ref="CAM-0")

    used, removed = at_once(use, remove)

    assert removed == "True"
    assert used in ("True", "unknown_device")
    assert device_bundle.state(home.context, home.cause(), subscription_id=home.bundle).bundle.active == 0


def test_two_admins_who_open_two_countries_open_both(home: Home) -> None:
    def say(country: str) -> object:
        rule = CountryRule(country=country, path=Path.CARD, roles=frozenset({SpaceRole.PRO}))
        edit = availability_rules.with_country(rule)
        return availability_rules.change(home.context, home.cause(), vendor="ajax", edit=edit).ended

    assert at_once(partial(say, "PL"), partial(say, "FR"), partial(say, "ES")) == ["0", "0", "0"]

    with home.context.store.read() as session:
        table = availability_rules.of_vendor(session, "ajax", at=home.cause().at)
    assert all(table.allows(country, SpaceRole.PRO, Path.CARD) for country in ("PL", "FR", "ES"))


@pytest.mark.parametrize("first", ["revoked", "asked"])
def test_who_was_allowed_to_pay_stays_so_until_his_purchase_is_written(home: Home, first: str) -> None:
    """A revocation waits for the purchase that was allowed before it, and refuses the one after it."""
    context = home.context
    delegation.grant(context, home.cause(home.pro), space_id=home.space, to="anna@home.example")
    ask = partial(availability.require, cause=home.cause(home.user), space=home.space, service="ajax_sim", path=Path.CARD)
    revoke = partial(delegation.revoke, context, home.cause(home.pro), space_id=home.space, to="anna@home.example")
    if first == "revoked":
        assert revoke() is True
        with context.store.write() as session, pytest.raises(Problem, match="A PRO or a company is in the space"):
            ask(session)
        return
    with ThreadPoolExecutor(1) as pool:
        with context.store.write() as session:
            allowed = ask(session)
            waiting = pool.submit(patiently, revoke)
            assert wait([waiting], timeout=1).not_done, "it waits until the purchase is written"
        assert (allowed.account_id, allowed.service, allowed.person_id) == (1, "ajax_sim", home.user)
        assert waiting.result(timeout=60) == "True"


def test_who_leaves_by_himself_leaves_once(home: Home) -> None:
    leave = partial(spaces.leave, home.context, home.cause(home.pro), space_id=home.space, email="pro@guards.example")

    assert Counter(at_once(leave, leave, leave)) == {"True": 1, "False": 2}
