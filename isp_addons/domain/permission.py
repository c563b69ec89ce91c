"""Who may do what: one table of roles."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person is for his customer. ``staff``: the ISP's own people."""

    STAFF = "staff"
    RESELLER = "reseller"
    OWNER = "owner"
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    MEMBER = "member"
    PRO = "pro"
    END_USER = "end_user"


class Permission(StrEnum):
    """One thing that somebody may do with what is his, or with what is in his care."""

    SEE = "see"
    BUY = "buy"
    TRY = "try"
    ASSIGN = "assign"
    INVITE = "invite"
    EDIT_ADDRESS = "edit_address"
    CREATE_CUSTOMERS = "create_customers"
    MANAGE_CUSTOMERS = "manage_customers"
    ADMINISTER = "administer"


_OWNER = frozenset({Permission.TRY})
"""An admin runs what was bought; to try something new is for those whom it belongs to."""
_SUBSCRIBER = frozenset({Permission.SEE, Permission.BUY, Permission.ASSIGN, Permission.INVITE, Permission.EDIT_ADDRESS})

MAY: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.STAFF: frozenset(Permission),
        Role.RESELLER: _SUBSCRIBER | _OWNER | {Permission.CREATE_CUSTOMERS, Permission.MANAGE_CUSTOMERS},
        Role.OWNER: _SUBSCRIBER | _OWNER,
        Role.ADMIN: _SUBSCRIBER,
        Role.MEMBER: _SUBSCRIBER | _OWNER,
        Role.SUPERVISOR: frozenset({Permission.SEE}),
        Role.AGENT: frozenset({Permission.SEE}),
        Role.PRO: frozenset({Permission.SEE, Permission.BUY, Permission.TRY}),
        Role.END_USER: frozenset({Permission.SEE, Permission.BUY, Permission.TRY}),
    }
)
"""What each role may do; a reseller's also for the customers in his care."""


def may(role: str, permission: Permission) -> bool:
    """Whether *role* may do it; a role that nobody knows may do nothing."""
    try:
        return permission in MAY[Role(role)]
    except ValueError:
        return False
