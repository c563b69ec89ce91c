"""The keys of the card gateway, resolved only when somebody asks for them."""

from typing import TYPE_CHECKING

from isp_addons.domain.payment_method import CardKeys, check_keys
from isp_addons.domain.problem import BadInput, ConfigProblem, Refused
from isp_addons.settings.sections import CardAdapter
from isp_addons.settings.values import resolve

if TYPE_CHECKING:
    from isp_addons.settings.load import Settings

SECRET_KEYS = ("secret_key", "public_key")
"""Never repeated or shown, whichever of the two keys stands in which option."""


def card_keys(settings: "Settings") -> CardKeys | None:
    """The pair of keys; None where neither is set.

    Raises `ConfigProblem` (``bad_card_keys``) for keys that are no pair, or live ones for a sandbox that takes no money.
    """
    payments = settings.payments
    given = {name: getattr(payments, name) for name in SECRET_KEYS}
    if not any(given.values()):
        return None
    try:
        missing = [name for name, raw in given.items() if not raw]
        if missing:
            raise BadInput(f"{missing[0]} is missing; both keys are needed.", code="bad_card_keys")
        keys = check_keys(*(resolve(str(raw), settings.path.parent) for raw in given.values()))
        if payments.card is CardAdapter.SANDBOX and keys.mode != "test":
            raise BadInput("card = sandbox takes no money, but these keys are live ones; use test keys.", code="bad_card_keys")
    except (BadInput, ConfigProblem) as problem:
        raise ConfigProblem(f"{settings.path}: [payments]: {problem.message}", code="bad_card_keys") from None
    return keys


def require_card_keys(settings: "Settings") -> CardKeys:
    """The same where cards are to be taken. Raises `Refused` (``card_not_configured``) when they cannot be."""
    keys = card_keys(settings)
    if settings.payments.card is CardAdapter.OFF or keys is None:
        raise Refused(
            "Cards cannot be taken yet: in [payments] of the configuration, set card, secret_key and public_key first.",
            code="card_not_configured",
        )
    return keys
