"""What a purchase may become, and what money that arrives for it means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.purchase import FOLLOWS, OVER, State, check_step, receive

AMOUNTS = st.integers(min_value=1, max_value=10**12)


@settings(deadline=None, max_examples=200)
@given(amount=AMOUNTS, so_far=st.integers(min_value=0, max_value=10**12), more=AMOUNTS)
def test_every_cent_is_either_for_the_purchase_or_a_credit(amount: int, so_far: int, more: int) -> None:
    receipt = receive(amount=amount, so_far=so_far, more=more)
    assert amount - receipt.missing + receipt.credit == so_far + more
    assert receipt.missing == 0 or receipt.credit == 0
    assert receipt.is_enough == (so_far + more >= amount)


@pytest.mark.parametrize("more", [0, -1])
def test_no_money_is_no_payment(more: int) -> None:
    with pytest.raises(BadInput, match="more than nothing"):
        receive(amount=100, so_far=0, more=more)


def test_every_state_can_be_reached_and_only_what_is_over_leads_nowhere() -> None:
    assert set(FOLLOWS) == set(State)
    assert {after for every in FOLLOWS.values() for after in every} | {State.NEW} == set(State)
    assert {state for state, every in FOLLOWS.items() if not every} == OVER


@pytest.mark.parametrize("after", [State.EXPIRED, State.CANCELLED])
def test_nothing_is_given_up_while_the_gateway_may_have_taken_the_money(after: State) -> None:
    with pytest.raises(Refused) as caught:
        check_step(State.PAYING, after, purchase=7)
    assert caught.value.code == "purchase_state"
