from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.licence import Licence, Seen, SeenState, Step, Wanted, WantedState, next_step
from isp_addons.domain.subscription import Plan, Status, licence_end

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
SURE = [SeenState.ABSENT, SeenState.ACTIVE, SeenState.SUSPENDED, SeenState.ENDED]

ends = st.sampled_from([None, APRIL, MAY])
wanteds = st.builds(
    Wanted, state=st.sampled_from(WantedState), quantity=st.integers(1, 3), paid_until=ends, for_forecast=st.booleans()
)
seens = st.builds(
    Seen,
    state=st.sampled_from(SeenState),
    quantity=st.integers(1, 3),
    paid_until=ends,
    reassert_at=st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
)
licences = st.builds(Licence, wanted=wanteds, seen=seens)


def carried_out(licence: Licence, step: Step) -> Licence:
    """What is seen after a vendor did *step* at once."""
    wanted, seen = licence.wanted, licence.seen
    match step:
        case Step.ORDER:
            seen = Seen(state=SeenState.ACTIVE, quantity=wanted.quantity, paid_until=wanted.paid_until)
        case Step.UNBLOCK:
            seen = Seen(state=SeenState.ACTIVE, quantity=seen.quantity, paid_until=wanted.paid_until)
        case Step.CHARGE:
            seen = Seen(state=seen.state, quantity=seen.quantity, paid_until=wanted.paid_until)
        case Step.CHANGE:
            seen = Seen(state=seen.state, quantity=wanted.quantity, paid_until=seen.paid_until)
        case Step.CANCEL:
            seen = Seen(state=SeenState.ENDED, quantity=seen.quantity, paid_until=seen.paid_until)
        case Step.BLOCK | Step.BEFORE_PERIOD_END:
            seen = Seen(state=SeenState.SUSPENDED, quantity=seen.quantity, paid_until=seen.paid_until)
        case Step.READ:
            raise AssertionError("only what is unknown is read")
    return Licence(wanted=wanted, seen=seen)


@given(licences.filter(lambda licence: licence.seen.state in SURE))
def test_a_vendor_that_does_as_it_is_told_agrees_after_three_calls_at_most(licence: Licence) -> None:
    for _ in range(3):
        step = next_step(licence, now=NOW)
        if step is None:
            break
        licence = carried_out(licence, step)
    assert next_step(licence, now=NOW) is None


@given(licences)
def test_only_a_licence_that_is_wanted_ended_is_ever_cancelled(licence: Licence) -> None:
    if next_step(licence, now=NOW) is Step.CANCEL:
        assert licence.wanted.state is WantedState.ENDED


@given(licences)
def test_what_is_unknown_or_pending_is_read_before_anything_else(licence: Licence) -> None:
    unsure = licence.seen.state in (SeenState.UNKNOWN, SeenState.PENDING)
    assert (next_step(licence, now=NOW) is Step.READ) == unsure


@given(licences)
def test_nothing_is_ordered_while_it_is_wanted_suspended(licence: Licence) -> None:
    if licence.wanted.state is WantedState.SUSPENDED:
        assert next_step(licence, now=NOW) is not Step.ORDER


def licence(wanted: WantedState, seen: SeenState, **more: Any) -> Licence:
    sides: dict[str, dict[str, Any]] = {"wanted": {}, "seen": {}}
    for name, value in more.items():
        side, _, field = name.partition("_")
        sides[side][field] = value
    return Licence(wanted=Wanted(state=wanted, **sides["wanted"]), seen=Seen(state=seen, **sides["seen"]))


@pytest.mark.parametrize(
    ("case", "step"),
    [
        (licence(WantedState.ACTIVE, SeenState.ABSENT), Step.ORDER),
        (licence(WantedState.ACTIVE, SeenState.ENDED), Step.ORDER),
        (licence(WantedState.ACTIVE, SeenState.ACTIVE), None),
        (licence(WantedState.ACTIVE, SeenState.ACTIVE, wanted_paid_until=MAY, seen_paid_until=APRIL), Step.CHARGE),
        (licence(WantedState.ACTIVE, SeenState.ACTIVE, wanted_quantity=3), Step.CHANGE),
        (licence(WantedState.ACTIVE, SeenState.SUSPENDED), Step.UNBLOCK),
        (licence(WantedState.SUSPENDED, SeenState.ACTIVE), Step.BLOCK),
        (licence(WantedState.SUSPENDED, SeenState.ACTIVE, wanted_for_forecast=True), Step.BEFORE_PERIOD_END),
        (licence(WantedState.SUSPENDED, SeenState.ABSENT), None),
        (licence(WantedState.SUSPENDED, SeenState.SUSPENDED), None),
        (licence(WantedState.SUSPENDED, SeenState.SUSPENDED, seen_reassert_at=NOW), Step.BLOCK),
        (licence(WantedState.SUSPENDED, SeenState.SUSPENDED, seen_reassert_at=NOW + timedelta(seconds=1)), None),
        (licence(WantedState.ENDED, SeenState.SUSPENDED), Step.CANCEL),
        (licence(WantedState.ENDED, SeenState.ABSENT), None),
        (licence(WantedState.ENDED, SeenState.UNKNOWN), Step.READ),
    ],
)
def test_known_cases(case: Licence, step: Step | None) -> None:
    assert next_step(case, now=NOW) is step


@pytest.mark.parametrize(
    ("plan", "status", "endless", "end"),
    [
        (Plan.ONE_OFF, Status.RUNNING, True, APRIL),
        (Plan.RECURRING, Status.RUNNING, True, None),
        (Plan.RECURRING, Status.RUNNING, False, APRIL),
        (Plan.RECURRING, Status.ENDING, True, APRIL),
        (Plan.BUNDLED, Status.RUNNING, True, None),
    ],
)
def test_the_end_that_a_vendor_is_told(plan: Plan, status: Status, endless: bool, end: datetime | None) -> None:
    assert licence_end(plan, status, APRIL, endless=lambda: endless) == end


def test_a_vendor_is_not_asked_what_does_not_matter() -> None:
    def asked() -> bool:
        raise AssertionError("a disabled vendor cannot be asked")

    assert licence_end(Plan.ONE_OFF, Status.RUNNING, APRIL, endless=asked) == APRIL
    assert licence_end(Plan.RECURRING, Status.ENDING, APRIL, endless=asked) == APRIL
