import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.drift import DriftKind, VendorHas, drift
from isp_addons.domain.licence import Licence, Seen, SeenState, Wanted, WantedState


def ours(wanted: WantedState, *, quantity: int = 1, seen: SeenState = SeenState.ACTIVE) -> Licence:
    return Licence(wanted=Wanted(state=wanted, quantity=quantity), seen=Seen(state=seen))


def theirs(state: SeenState, quantity: int = 1) -> VendorHas:
    return VendorHas(state, quantity)


@pytest.mark.parametrize(
    ("licence", "has", "kind"),
    [
        (None, theirs(SeenState.ACTIVE), DriftKind.NOT_OURS),
        (None, theirs(SeenState.SUSPENDED), None),
        (None, theirs(SeenState.ENDED), None),
        (None, None, None),
        (ours(WantedState.ACTIVE), theirs(SeenState.ACTIVE), None),
        (ours(WantedState.ACTIVE), theirs(SeenState.SUSPENDED), DriftKind.WANTED_ACTIVE),
        (ours(WantedState.ACTIVE, quantity=5), theirs(SeenState.ACTIVE, 4), DriftKind.QUANTITY),
        (ours(WantedState.ACTIVE), None, DriftKind.MISSING),
        (ours(WantedState.ACTIVE), theirs(SeenState.ENDED), DriftKind.MISSING),
        (ours(WantedState.ACTIVE, seen=SeenState.ABSENT), None, None),
        (ours(WantedState.SUSPENDED), theirs(SeenState.ACTIVE), DriftKind.WANTED_SUSPENDED),
        (ours(WantedState.SUSPENDED), theirs(SeenState.SUSPENDED), None),
        (ours(WantedState.SUSPENDED), None, DriftKind.MISSING),
        (ours(WantedState.ENDED), theirs(SeenState.ACTIVE), DriftKind.WANTED_ENDED),
        (ours(WantedState.ENDED), None, None),
        (ours(WantedState.ENDED), theirs(SeenState.ENDED), None),
        (ours(WantedState.ACTIVE), theirs(SeenState.UNKNOWN), DriftKind.UNKNOWN),
    ],
)
def test_known_cases(licence: Licence | None, has: VendorHas | None, kind: DriftKind | None) -> None:
    assert drift(licence, has) is kind


@given(
    st.builds(
        Licence,
        wanted=st.builds(Wanted, state=st.sampled_from(WantedState), quantity=st.integers(1, 3)),
        seen=st.builds(Seen, state=st.sampled_from(SeenState), quantity=st.integers(1, 3)),
    )
)
def test_a_vendor_that_has_what_is_wanted_shows_no_drift(licence: Licence) -> None:
    state = SeenState(licence.wanted.state.value)
    assert drift(licence, VendorHas(state, licence.wanted.quantity)) is None
