"""Customers: how they are served, how they pay, in which state they are, and what may be done with one in that state."""

import re
from dataclasses import dataclass
from enum import StrEnum

from isp_addons.domain.problem import BadInput, Refused

LONGEST_EMAIL = 254
"""RFC 5321, with the errata of RFC 3696: the longest address that a mail server must take."""

_EMAIL = re.compile(
    r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_SHOWN = 60


class Mode(StrEnum):
    """Who looks after a customer: the ISP (``managed``), or he himself. From managed there is no way back."""

    MANAGED = "managed"
    SELF_SERVICE = "self_service"


class PaymentMethod(StrEnum):
    """How a customer pays; ``balance``: from his account in the billing."""

    BALANCE = "balance"
    CARD = "card"
    BANK_TRANSFER = "bank_transfer"
    DISTRIBUTOR = "distributor"
    PROJECT_KEY = "project_key"


class State(StrEnum):
    """What a list shows of a customer; worked out from the facts, never stored."""

    LOCKED = "locked"
    INVITED = "invited"
    ACTIVE = "active"
    INACTIVE = "inactive"


class Action(StrEnum):
    """What may be done with a customer."""

    DETAILS = "details"
    CONVERT = "convert"
    DISTRIBUTION = "distribution"
    RESEND = "resend"
    PROJECT_KEY = "project_key"
    ADDRESS = "address"
    MAIN_USER = "main_user"
    LOCK = "lock"
    UNLOCK = "unlock"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What decides a customer's state. ``registered``: his main user is; ``subscribed``: something of his is not over."""

    mode: Mode
    locked: bool
    registered: bool
    subscribed: bool
    marked: bool = False

    @property
    def state(self) -> State:
        """Locked before invited before active before inactive."""
        if self.locked:
            return State.LOCKED
        if not self.registered:
            return State.INVITED
        return State.ACTIVE if self.subscribed else State.INACTIVE


def actions_of(facts: Facts) -> tuple[Action, ...]:
    """What may be done with such a customer, in the order in which it is offered. Marked for deletion: only looking at him."""
    if facts.marked:
        return (Action.DETAILS,)
    managed = facts.mode is Mode.MANAGED
    allowed = {
        Action.CONVERT: not managed,
        Action.RESEND: not facts.registered,
        Action.PROJECT_KEY: managed,
        Action.ADDRESS: managed,
        Action.MAIN_USER: facts.registered,
        Action.LOCK: not facts.locked,
        Action.UNLOCK: facts.locked,
    }
    return tuple(action for action in Action if allowed.get(action, True))


def require_action(facts: Facts, action: Action) -> None:
    """Raise `Refused` when *action* is none of `actions_of`; the code says why."""
    if action in actions_of(facts):
        return
    if facts.marked:
        raise Refused("This customer is marked for deletion; nothing can be changed any more.", code="marked_for_deletion")
    if action is Action.CONVERT:
        raise Refused("This customer is managed already, and a managed one stays so.", code="irreversible")
    if action is Action.RESEND:
        raise Refused("This person is registered already; he can sign in with his e-mail address.", code="already_registered")
    if action in (Action.PROJECT_KEY, Action.ADDRESS):
        raise Refused("This customer serves himself; only he can change that.", code="self_service")
    raise Refused(f"That cannot be done with a customer who is {facts.state} ({action}).", code="action_not_allowed")


def parse_email(text: str) -> str:
    """*text* as a login name: an address of ASCII letters, in lower case. Raises `BadInput` (``bad_email``)."""
    if len(text) > LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise BadInput(f"{shown!r} is not an e-mail address such as anna@example.net.", code="bad_email")
    return text.lower()
