"""Who may use what: one rule over what is sold, who has a seat, and what time it is."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from isp_addons.domain.problem import BadInput


class UserRole(StrEnum):
    """What a user is at the vendor; to a feature an owner is an admin."""

    OWNER = "owner"
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"


class Why(StrEnum):
    """What an answer rests on. The first five say yes."""

    SEAT = "seat"
    ACCOUNT_WIDE = "account_wide"
    NOT_PROVISIONED = "not_provisioned"
    TRIAL = "trial"
    GRACE = "grace"
    NO_SUBSCRIPTION = "no_subscription"
    SUSPENDED = "suspended"
    NO_SEAT = "no_seat"
    NOT_ACTIVATED = "not_activated"
    ROLE = "role"


_YES = frozenset({Why.SEAT, Why.ACCOUNT_WIDE, Why.NOT_PROVISIONED, Why.TRIAL, Why.GRACE})

_ORDER = (Why.SUSPENDED, Why.NOT_ACTIVATED, Why.ROLE, Why.NO_SEAT, Why.NO_SUBSCRIPTION)
"""Of several subscriptions that say no, which one is told: the one that is nearest to a yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One subscription of the account that gives the feature, and how the user stands to it.

    ``roles``: who may use the feature, empty = every role. ``by_seat``: users are given it one by one. ``is_trial``: in a trial
    in which everybody has it. ``is_open``: its schedule does not ask for seats yet.
    """

    roles: frozenset[UserRole]
    by_seat: bool
    account_wide: bool = False
    is_trial: bool = False
    is_open: bool = False
    is_suspended: bool = False
    has_seat: bool = False
    is_activated: bool = True


def answer(standings: Collection[Standing], role: UserRole | None) -> Why:
    """Whether a user with *role* (None: unknown) may use the feature, and what that rests on; one yes is enough."""
    found = {_of(each, role) for each in standings}
    said_yes = [why for why in Why if why in found and why in _YES]
    if said_yes:
        return said_yes[0]
    return next((why for why in _ORDER if why in found), Why.NO_SUBSCRIPTION)


def is_yes(why: Why) -> bool:
    """Whether *why* allows it."""
    return why in _YES


def fits(roles: Collection[UserRole], role: UserRole | None) -> bool:
    """Whether *role* is among *roles*, an owner as an admin; no *roles*: every user, whatever he is."""
    if not roles:
        return True
    return role in roles or (role is UserRole.OWNER and UserRole.ADMIN in roles)


def parse_role(text: str) -> UserRole:
    """Read a role of a vendor's user. Raises `BadInput` (``bad_role``)."""
    try:
        return UserRole(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not one of {', '.join(UserRole)}.", code="bad_role") from error


def _of(standing: Standing, role: UserRole | None) -> Why:
    """What one subscription says."""
    if standing.is_suspended:
        return Why.SUSPENDED
    if not fits(standing.roles, role):
        return Why.ROLE
    if standing.account_wide:
        return Why.ACCOUNT_WIDE
    if not standing.by_seat:
        return Why.NOT_PROVISIONED
    if standing.has_seat and standing.is_activated:
        return Why.SEAT
    if standing.is_trial:
        return Why.TRIAL
    if standing.is_open:
        return Why.GRACE
    return Why.NOT_ACTIVATED if standing.has_seat else Why.NO_SEAT
