"""Delegation: a PRO lets a user of the same space pay by card."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from isp_addons.domain.problem import Refused
from isp_addons.domain.space import SpaceRole, Standing


def is_open(first_day: date | None, *, at: datetime, zone: ZoneInfo) -> bool:
    """Whether rights can be delegated at *at*: from the beginning of *first_day* in *zone* on; None: never."""
    return first_day is not None and at.astimezone(zone).date() >= first_day


def check_open(first_day: date | None, *, at: datetime, zone: ZoneInfo) -> None:
    """Raise `Refused` (``delegation_not_available``) before *first_day*."""
    if not is_open(first_day, at=at, zone=zone):
        when = "not open yet" if first_day is None else f"open from {first_day.isoformat()} on"
        raise Refused(f"Delegating the right to pay is {when}; until then the PRO pays.", code="delegation_not_available")


def check_may_delegate(giver: Standing | None, receiver: Standing | None, *, is_pro: bool) -> None:
    """Whether *giver* may let *receiver* pay; None: not in the space. *is_pro*: what the giver is outside of it.

    Raises `Refused` (``may_not_delegate``, ``not_same_space``, ``no_system_access``).
    """
    if not is_pro or (giver is not None and giver.role is not SpaceRole.PRO):
        raise Refused("Only a PRO delegates the right to pay, and nobody can pass it on; ask the PRO.", code="may_not_delegate")
    if giver is None or receiver is None:
        who = "You are" if giver is None else "The user is"
        raise Refused(f"{who} not in that space; both must be in it before the right is delegated.", code="not_same_space")
    if not giver.full_rights:
        raise Refused("A PRO delegates what he has: get full rights to the space first.", code="no_system_access")
    if receiver.role is not SpaceRole.END_USER:
        raise Refused("The right is delegated to users; a PRO needs full rights to the space instead.", code="may_not_delegate")
