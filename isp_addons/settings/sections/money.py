"""What is suspended for want of money, what is paid from outside, and VAT."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from isp_addons.domain.forecast import Policy
from isp_addons.settings import values
from isp_addons.settings.sections.base import Folder, Section, YesNo, lower


class CardAdapter(StrEnum):
    """Who takes cards."""

    OFF = "off"
    SANDBOX = "sandbox"


class ForecastSettings(Section):
    """``[forecast]``: what is suspended before a period that cannot be paid begins."""

    policy: Annotated[Policy, BeforeValidator(lower)] = Field(
        default=Policy.BY_PRIORITY,
        description="Where the money does not reach for all add-ons: keep them by_priority, or all_or_none.",
    )
    brake_share: Annotated[float, BeforeValidator(values.share)] = Field(
        default=0.3,
        description="A run that would suspend more than this share of the running subscriptions stops and asks a person.",
        examples=["0.30"],
    )
    brake_minimum: Annotated[int, BeforeValidator(values.whole(0, 1_000_000))] = Field(
        default=10, description="With fewer running subscriptions than this the brake does not act."
    )
    lead_hours: Annotated[int, BeforeValidator(values.whole(1, 720))] = Field(
        default=24, description="How many hours before the end of an account's period the forecast is run."
    )
    reminder_days: Annotated[int, BeforeValidator(values.whole(0, 90))] = Field(
        default=3, description="How many days before a term ends its subscriber is reminded; 0 = never."
    )


class PaymentSettings(Section):
    """``[payments]``: what is paid for from outside, by card or bank transfer."""

    card: Annotated[CardAdapter, BeforeValidator(lower)] = Field(
        default=CardAdapter.OFF, description="Who takes cards: off (nobody) or sandbox (takes no money, to try it out)."
    )
    secret_key: str | None = Field(
        default=None, repr=False, description="The card gateway's secret key. Should be env:NAME or file:PATH."
    )
    public_key: str | None = Field(
        default=None, repr=False, description="The card gateway's public (publishable) key. May be env:NAME or file:PATH."
    )
    sandbox_file: Folder = Field(
        default=Path("payments-sandbox.db"), description="Where the sandbox remembers what was paid; beside this file."
    )
    distributor_beside_card: YesNo = Field(
        default=True, description="yes: while cards are offered, the way through the distributor stays offered too."
    )
    purchase_hours: Annotated[int, BeforeValidator(values.whole(1, 8760))] = Field(
        default=24, description="After how many hours a purchase that nobody paid by card expires."
    )
    transfer_days: Annotated[int, BeforeValidator(values.whole(1, 365))] = Field(
        default=14, description="How many days a purchase waits for a bank transfer before it expires."
    )
    reminder_days: Annotated[int, BeforeValidator(values.whole(0, 365))] = Field(
        default=7, description="After how many days without the whole bank transfer its payer is reminded; 0 = never."
    )
    renewal_days: Annotated[int, BeforeValidator(values.whole(1, 28))] = Field(
        default=3,
        description="How many days before a period ends what is missing for the next is taken from the saved card; "
        "tried again each day.",
    )


class VatSettings(Section):
    """``[vat]``: what customers are told of value added tax before they buy."""

    home_country: Annotated[str, BeforeValidator(values.country)] = Field(
        default="DE", description="Where the ISP is at home: a country's code of ISO 3166."
    )
    rates: Annotated[str, AfterValidator(values.vat_rates)] = Field(
        default="",
        description="The standard VAT rates in percent: of the ISP's own country, and of others it sells to. Without any, "
        "nothing is told of VAT.",
        examples=["DE 19, FR 20"],
    )
