"""Who may use what: one rule over seats, roles, trials, schedules and suspensions."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.entitlement import Standing, UserRole, Why, answer, is_yes
from isp_addons.domain.problem import BadInput

NONE = Standing(roles=frozenset(), by_seat=True)
SEAT = replace(NONE, has_seat=True)
PAGES = frozenset({UserRole.ADMIN, UserRole.SUPERVISOR})


@pytest.mark.parametrize(
    ("role", "with_seat", "without"),
    [
        (UserRole.ADMIN, Why.SEAT, Why.NO_SEAT),
        (UserRole.SUPERVISOR, Why.SEAT, Why.NO_SEAT),
        (UserRole.OWNER, Why.SEAT, Why.NO_SEAT),
        (UserRole.AGENT, Why.ROLE, Why.ROLE),
        (None, Why.ROLE, Why.ROLE),
    ],
)
def test_pages_are_for_admins_and_supervisors_with_a_seat(role: UserRole | None, with_seat: Why, without: Why) -> None:
    assert answer([replace(SEAT, roles=PAGES)], role) is with_seat
    assert answer([replace(NONE, roles=PAGES)], role) is without


@pytest.mark.parametrize("role", [*UserRole, None])
def test_what_is_for_everyone_asks_for_no_role(role: UserRole | None) -> None:
    assert answer([SEAT], role) is Why.SEAT
    assert answer([NONE], role) is Why.NO_SEAT


def test_an_owner_is_an_admin_but_no_supervisor() -> None:
    assert answer([replace(SEAT, roles=frozenset({UserRole.SUPERVISOR}))], UserRole.OWNER) is Why.ROLE
    assert answer([replace(SEAT, roles=frozenset({UserRole.OWNER}))], UserRole.ADMIN) is Why.ROLE


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        (replace(NONE, is_trial=True), Why.TRIAL),
        (replace(NONE, is_open=True), Why.GRACE),
        (replace(NONE, account_wide=True), Why.ACCOUNT_WIDE),
        (replace(NONE, by_seat=False), Why.NOT_PROVISIONED),
        (replace(SEAT, is_activated=False), Why.NOT_ACTIVATED),
        (replace(SEAT, is_suspended=True), Why.SUSPENDED),
        (replace(NONE, is_trial=True, is_suspended=True), Why.SUSPENDED),
        (replace(NONE, account_wide=True, is_suspended=True), Why.SUSPENDED),
    ],
)
def test_what_an_answer_rests_on(standing: Standing, why: Why) -> None:
    assert answer([standing], None) is why


def test_one_yes_is_enough_and_of_several_no_the_nearest_is_told() -> None:
    assert answer([replace(SEAT, is_suspended=True), NONE, SEAT], None) is Why.SEAT
    assert answer([NONE, replace(SEAT, is_suspended=True)], None) is Why.SUSPENDED
    assert answer([], None) is Why.NO_SUBSCRIPTION


STANDINGS = st.builds(
    Standing,
    roles=st.frozensets(st.sampled_from(UserRole)),
    by_seat=st.booleans(),
    account_wide=st.booleans(),
    is_trial=st.booleans(),
    is_open=st.booleans(),
    is_suspended=st.booleans(),
    has_seat=st.booleans(),
    is_activated=st.booleans(),
)


@settings(deadline=None, max_examples=300)
@given(standings=st.lists(STANDINGS, max_size=4), role=st.sampled_from([*UserRole, None]))
def test_suspended_is_never_a_yes_and_a_seat_more_never_a_no(standings: list[Standing], role: UserRole | None) -> None:
    assert not is_yes(answer([replace(each, is_suspended=True) for each in standings], role))
    if is_yes(answer(standings, role)):
        assert is_yes(answer([replace(each, has_seat=True, is_activated=True) for each in standings], role))
        assert is_yes(answer([*standings, NONE], role))


def test_a_role_that_nobody_knows_is_refused() -> None:
    from isp_addons.domain.entitlement import parse_role

    assert parse_role("agent") is UserRole.AGENT
    for wrong in ("", "Agent", "boss"):
        with pytest.raises(BadInput):
            parse_role(wrong)
