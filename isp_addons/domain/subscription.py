"""Subscriptions: how they are sold, and what that means for the licence behind them."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum


class Plan(StrEnum):
    """How a subscription is paid: once for a term, each period of the account, with the tariff that includes it, or not yet."""

    ONE_OFF = "one_off"
    TRIAL = "trial"
    RECURRING = "recurring"
    BUNDLED = "bundled"


class Status(StrEnum):
    """``ending``: cancelled, usable until the end of what is paid. ``refused``: the vendor would not create it."""

    RUNNING = "running"
    ENDING = "ending"
    ENDED = "ended"
    REFUSED = "refused"


def licence_end(
    plan: Plan, status: Status, paid_until: datetime | None, *, renews: bool = False, endless: Callable[[], bool]
) -> datetime | None:
    """The end date that the vendor is told; None = without end.

    *endless* (does the vendor know licences without end?) is asked only where it matters: a disabled vendor cannot be asked.
    Where the vendor knows licences without end, a recurring one is simply suspended when it is not paid, so that a month
    that is paid costs no vendor call at all; so is a term that *renews* itself. Any other one-off term, a trial and a cancelled
    subscription end by themselves there.
    """
    ends = plan in (Plan.ONE_OFF, Plan.TRIAL) and not renews
    if ends or status is Status.ENDING or not endless():
        return paid_until
    return None
