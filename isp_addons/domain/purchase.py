"""Purchases: what is ordered and must be paid for from outside first."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from isp_addons.domain.problem import BadInput, Refused


class State(StrEnum):
    """How far a purchase is.

    ``new``: nothing paid. ``paying``: the gateway is being asked, or its answer was lost. ``action_required``: the payer must
    confirm at his bank. ``pending``: waits for a bank transfer. ``paid``: the money is there, what was bought is not yet.
    ``active``: what was bought is there. ``payment_failed``: refused by the bank, another try is possible.
    ``expired`` and ``cancelled``: nothing will come of it.
    """

    NEW = "new"
    PAYING = "paying"
    ACTION_REQUIRED = "action_required"
    PENDING = "pending"
    PAID = "paid"
    ACTIVE = "active"
    PAYMENT_FAILED = "payment_failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


PAYABLE = frozenset({State.NEW, State.PAYMENT_FAILED, State.ACTION_REQUIRED})
"""Where a card may be tried."""

OVER = frozenset({State.ACTIVE, State.EXPIRED, State.CANCELLED})
"""Where nothing more happens, but that late money becomes a credit."""

FOLLOWS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.NEW: frozenset({State.PAYING, State.PAID, State.PENDING, State.EXPIRED, State.CANCELLED}),
        State.PAYING: frozenset({State.NEW, State.PAID, State.ACTION_REQUIRED, State.PAYMENT_FAILED}),
        State.ACTION_REQUIRED: frozenset({State.PAYING, State.PAID, State.PAYMENT_FAILED, State.EXPIRED, State.CANCELLED}),
        State.PENDING: frozenset({State.PAID, State.EXPIRED, State.CANCELLED}),
        State.PAID: frozenset({State.ACTIVE, State.CANCELLED}),
        State.PAYMENT_FAILED: frozenset({State.PAYING, State.PAID, State.EXPIRED, State.CANCELLED}),
        State.ACTIVE: frozenset(),
        State.EXPIRED: frozenset(),
        State.CANCELLED: frozenset(),
    }
)
"""Which state may follow which."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a payment did, in minor units: ``missing`` still to come, ``credit`` more than was asked for."""

    missing: int
    credit: int

    @property
    def is_enough(self) -> bool:
        return self.missing == 0


def receive(*, amount: int, so_far: int, more: int) -> Receipt:
    """*more* minor units came in for a purchase of *amount* of which *so_far* was there. Raises `BadInput`."""
    if more <= 0:
        raise BadInput("A payment must be more than nothing.", code="bad_amount")
    there = so_far + more
    return Receipt(missing=max(amount - there, 0), credit=max(there - amount, 0))


def check_step(before: State, after: State, *, purchase: int) -> None:
    """Raise `Refused` (``purchase_state``) unless *after* may follow *before*."""
    if after not in FOLLOWS[before]:
        raise Refused(f"Purchase {purchase} is {before}; it cannot become {after}.", code="purchase_state")
