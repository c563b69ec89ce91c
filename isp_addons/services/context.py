"""What services work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from isp_addons.billing.base import Billing
from isp_addons.domain.forecast import Policy
from isp_addons.domain.problem import Refused
from isp_addons.domain.reseller import ResellerRules
from isp_addons.payments.base import CardGateway
from isp_addons.services.taxes import NoTaxes, Taxes
from isp_addons.store.engine import Store
from isp_addons.vendor_api import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRules:
    """How a forecast chooses, and when a run stops to ask (see `isp_addons.domain.forecast.brake_trips`).

    ``lead``: how long before the end of a period its money is spoken for.
    """

    policy: Policy = Policy.BY_PRIORITY
    brake_share: float = 0.30
    brake_minimum: int = 10
    reminder_lead: timedelta = timedelta(days=3)
    lead: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRules:
    """What is written in mail. ``language``: of people who have none; ``link``: of an invitation, ``{token}`` in it.

    ``to_members``: users who are named by e-mail address are written to when they are given a seat.
    """

    language: str = "en"
    link: str = ""
    to_members: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRules:
    """How customers come in. ``registration``: they may register themselves."""

    registration: bool = False
    invitation: timedelta = timedelta(days=7)
    login: timedelta = timedelta(hours=12)


def no_cards() -> CardGateway:
    """Nobody takes cards. Raises `Refused` (``card_not_configured``)."""
    raise Refused("Nobody takes cards here; see [payments] of the configuration.", code="card_not_configured")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRules:
    """How purchases are paid from outside. ``cards`` is called when a card is wanted, and raises `Problem` if none is taken."""

    cards: Callable[[], CardGateway] = no_cards
    distributor_beside_card: bool = True
    purchase: timedelta = timedelta(hours=24)
    transfer: timedelta = timedelta(days=14)
    reminder: timedelta = timedelta(days=7)
    renewal: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The store, the billing, the rules, and what each vendor can do (raises `Problem` when it cannot be used).

    ``mail`` None: no mail server is configured. ``taxes``: the ISP's own country, and what VAT is told.
    """

    store: Store
    billing: Billing
    capabilities: Callable[[str], Capabilities]
    rules: ForecastRules = field(default_factory=ForecastRules)
    currency: str = "EUR"
    time_zone: str = "UTC"
    resellers: ResellerRules = field(default_factory=ResellerRules)
    mail: MailRules | None = None
    customers: CustomerRules = field(default_factory=CustomerRules)
    taxes: Taxes = field(default_factory=NoTaxes)
    payments: PaymentRules = field(default_factory=PaymentRules)
