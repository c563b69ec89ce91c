"""A licence: what we want, what the vendor was last seen to have, and the one next step between them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WantedState(StrEnum):
    """What our side wants a licence to be."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class SeenState(StrEnum):
    """What the vendor was last seen to have. ``unknown``: a call's outcome was lost. ``pending``: accepted, not done yet."""

    ABSENT = "absent"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    UNKNOWN = "unknown"
    PENDING = "pending"


class Step(StrEnum):
    """One vendor call; each names the hook that makes it."""

    ORDER = "on_order"
    CHARGE = "on_charge"
    BLOCK = "on_block"
    BEFORE_PERIOD_END = "before_period_end"
    UNBLOCK = "on_unblock"
    CHANGE = "on_change"
    CANCEL = "on_cancel"
    READ = "read_licence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Our side. ``paid_until`` None = without end; ``for_forecast``: the only reason to suspend is the next period's money.

    ``split``: how the quantity is distributed over its parts, as `isp_addons.domain.split.as_text` writes it.
    """

    state: WantedState
    quantity: int = 1
    split: str = ""
    paid_until: datetime | None = None
    for_forecast: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The vendor's side. ``reassert_at``: when a suspension must be asked for again (a window that ends, an earlier start)."""

    state: SeenState
    quantity: int = 1
    split: str = ""
    paid_until: datetime | None = None
    reassert_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Both sides of one licence."""

    wanted: Wanted
    seen: Seen


def next_step(licence: Licence, *, now: datetime) -> Step | None:
    """The one call that brings the vendor nearer to what is wanted; None when they agree.

    Nothing here deletes: only a licence that is wanted *ended* gets a cancel, and no unpaid path wants that.
    """
    wanted, seen = licence.wanted, licence.seen
    if seen.state in (SeenState.UNKNOWN, SeenState.PENDING):
        return Step.READ
    gone = seen.state in (SeenState.ABSENT, SeenState.ENDED)
    if wanted.state is WantedState.ENDED:
        return None if gone else Step.CANCEL
    if gone:
        return Step.ORDER if wanted.state is WantedState.ACTIVE else None
    if wanted.state is WantedState.SUSPENDED:
        return _step_to_suspended(wanted, seen, now)
    if seen.state is SeenState.SUSPENDED:
        return Step.UNBLOCK
    if (wanted.quantity, wanted.split) != (seen.quantity, seen.split):
        return Step.CHANGE
    return Step.CHARGE if wanted.paid_until != seen.paid_until else None


def _step_to_suspended(wanted: Wanted, seen: Seen, now: datetime) -> Step | None:
    standing = seen.state is SeenState.SUSPENDED
    if standing and (seen.reassert_at is None or seen.reassert_at > now):
        return None
    return Step.BEFORE_PERIOD_END if wanted.for_forecast else Step.BLOCK
