"""How something is paid for, and the keys without which no card is."""

from dataclasses import dataclass
from enum import StrEnum

from isp_addons.domain.problem import BadInput, NotFound


class Method(StrEnum):
    """``distributor``: on the payer's bill at the end of the month."""

    BALANCE = "balance"
    DISTRIBUTOR = "distributor"
    BANK_TRANSFER = "bank_transfer"
    CARD = "card"


BILLING = {
    Method.BALANCE: "taken from the balance at once",
    Method.DISTRIBUTOR: "on the distributor's statement at the end of the month",
    Method.BANK_TRANSFER: "paid by bank transfer first, active when the money is booked",
    Method.CARD: "paid by card first, active when the payment succeeded",
}
"""What each method means to who pays."""

ACTIVE_AT_FIRST = frozenset({Method.BALANCE, Method.DISTRIBUTOR})
"""What is offered before anybody has chosen."""

_SECRET, _PUBLIC = ("sk", "rk"), ("pk",)


@dataclass(frozen=True, slots=True)
class CardKeys:
    """A gateway's keys: ``secret`` (API key) and ``public`` (publishable key), both of the same ``mode``, test or live."""

    secret: str
    public: str
    mode: str

    def __repr__(self) -> str:
        return f"CardKeys(secret=*, public=*, mode={self.mode!r})"


def parse_method(text: str) -> Method:
    """The method of that name. Raises `NotFound` (``unknown_method``)."""
    try:
        return Method(text)
    except ValueError as error:
        known = ", ".join(Method)
        raise NotFound(f"There is no payment method {text!r}; there are {known}.", code="unknown_method") from error


def check_keys(secret: str, public: str) -> CardKeys:
    """The two keys as a pair, none of them ever repeated. Raises `BadInput` (``bad_card_keys``).

    Source: Stripe's documentation of API keys: ``sk_test_…``/``sk_live_…`` are secret (``rk_…`` restricted ones), ``pk_test_…``
    and ``pk_live_…`` publishable.
    """
    kinds = [(*each.split("_", 2), "", "")[:3] for each in (secret, public)]
    (secret_kind, secret_mode, secret_rest), (public_kind, public_mode, public_rest) = kinds
    if secret_kind in _PUBLIC and public_kind in _SECRET:
        raise BadInput(
            "The two keys are swapped: the secret one begins with sk_, the public one with pk_.", code="bad_card_keys"
        )
    if secret_kind not in _SECRET or not secret_rest:
        raise BadInput("The secret key of the card gateway should begin with sk_test_ or sk_live_.", code="bad_card_keys")
    if public_kind not in _PUBLIC or not public_rest:
        raise BadInput("The public key of the card gateway should begin with pk_test_ or pk_live_.", code="bad_card_keys")
    if secret_mode not in ("test", "live") or secret_mode != public_mode:
        raise BadInput(
            "One key of the card gateway is for tests and the other is not; both should be test keys, or both live ones.",
            code="bad_card_keys",
        )
    return CardKeys(secret, public, secret_mode)
