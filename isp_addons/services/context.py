"""What services work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from isp_addons.billing.base import Billing
from isp_addons.domain.forecast import Policy
from isp_addons.store.engine import Store
from isp_addons.vendor_api import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRules:
    """How a forecast chooses, and when a run stops to ask (see `isp_addons.domain.forecast.brake_trips`)."""

    policy: Policy = Policy.BY_PRIORITY
    brake_share: float = 0.30
    brake_minimum: int = 10
    reminder_lead: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The store, the billing, the rules, and what each vendor can do (raises `Problem` when it cannot be used)."""

    store: Store
    billing: Billing
    capabilities: Callable[[str], Capabilities]
    rules: ForecastRules = field(default_factory=ForecastRules)
    currency: str = "EUR"
    time_zone: str = "UTC"
