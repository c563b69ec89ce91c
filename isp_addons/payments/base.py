"""What a card gateway can be asked, and how it answers."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Paid:
    """The money was taken; ``reference`` is the gateway's name of the payment."""

    reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing was taken and nothing will be; ``reason`` is a sentence for the payer."""

    reason: str


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The payer must confirm at ``link``; until then nothing is taken."""

    link: str


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money went back to the card; ``reference`` is the gateway's name of the refund."""

    reference: str


Outcome = Paid | Declined | ActionRequired
RefundOutcome = Refunded | Declined


class GatewayError(Exception):
    """The gateway gave no answer of use."""


class Unavailable(GatewayError):
    """It did not take the request: nothing happened there, and it may be asked again."""


class OutcomeUnknown(GatewayError):
    """It may or may not have done it: ask with `CardGateway.find` before anything is repeated."""


class CardGateway(Protocol):
    """Takes money from cards. Called outside any transaction; amounts are in minor units of ``currency`` (ISO 4217).

    ``key`` is ours and unique: the same key twice is one payment, or one refund, with the same answer. Every method raises
    `Unavailable` or `OutcomeUnknown`.
    """

    def charge(self, *, key: str, amount: int, currency: str, card: str) -> Outcome:
        """Take *amount* from *card*, the gateway's token of a card (never its number)."""

    def find(self, *, key: str) -> Outcome | None:
        """What became of the charge of that key; None = it never reached the gateway."""

    def cancel(self, *, key: str) -> Outcome | None:
        """Let nothing more come of a charge that waits for the payer: `Declined`, or `Paid` when he was faster."""

    def refund(self, *, key: str, reference: str, amount: int) -> RefundOutcome:
        """Give *amount* of the payment *reference* back to its card."""

    def find_refund(self, *, key: str, reference: str) -> RefundOutcome | None:
        """What became of the refund of that key; None = it never reached the gateway."""
