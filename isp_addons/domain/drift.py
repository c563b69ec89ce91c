"""Drift: where the vendor's list and ours differ."""

from dataclasses import dataclass
from enum import StrEnum

from isp_addons.domain.licence import Licence, SeenState, WantedState


class DriftKind(StrEnum):
    """What differs. ``not_ours``: active there, but no licence of ours bears that key."""

    NOT_OURS = "active_there_not_ours"
    WANTED_SUSPENDED = "active_there_wanted_suspended"
    WANTED_ACTIVE = "suspended_there_wanted_active"
    WANTED_ENDED = "there_but_ended_here"
    QUANTITY = "quantity_differs"
    MISSING = "missing_there"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VendorHas:
    """What the vendor reports for one licence."""

    state: SeenState
    quantity: int


def drift(licence: Licence | None, has: VendorHas | None) -> DriftKind | None:
    """Compare one licence of ours (None: we have none) with what a complete listing says (None: not listed)."""
    there = has is not None and has.state not in (SeenState.ABSENT, SeenState.ENDED)
    if licence is None:
        return DriftKind.NOT_OURS if there and has is not None and has.state is SeenState.ACTIVE else None
    wanted = licence.wanted.state
    if has is None or not there:
        expected = wanted is not WantedState.ENDED and licence.seen.state in (SeenState.ACTIVE, SeenState.SUSPENDED)
        return DriftKind.MISSING if expected else None
    if has.state in (SeenState.UNKNOWN, SeenState.PENDING):
        return DriftKind.UNKNOWN
    if wanted is WantedState.ENDED:
        return DriftKind.WANTED_ENDED
    if wanted is WantedState.SUSPENDED and has.state is SeenState.ACTIVE:
        return DriftKind.WANTED_SUSPENDED
    if wanted is WantedState.ACTIVE and has.state is SeenState.SUSPENDED:
        return DriftKind.WANTED_ACTIVE
    return DriftKind.QUANTITY if has.quantity != licence.wanted.quantity else None
