"""The sections as models: every option's type, default and meaning. The sample configuration is made from them."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from isp_addons.domain.forecast import Policy
from isp_addons.domain.reseller import DiscountWithAdmin
from isp_addons.settings import values

Folder = Annotated[Path, AfterValidator(values.folder)]
YesNo = Annotated[bool, BeforeValidator(values.yes_no)]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _short(value: str) -> str:
    if len(value) > 200 or not value.isprintable():
        raise ValueError("should be at most 200 printable characters")
    return value


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Adapter(StrEnum):
    """Where the subscribers' money lives."""

    LEDGER = "ledger"
    UTM5 = "utm5"


class CardAdapter(StrEnum):
    """Who takes cards."""

    OFF = "off"
    SANDBOX = "sandbox"


class Language(StrEnum):
    """The languages that the product speaks."""

    EN = "en"
    DE = "de"
    RU = "ru"
    UK = "uk"
    FR = "fr"


class Section(BaseModel):
    """One section. ``examples`` of a field are how its value is written in the sample."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class GeneralSettings(Section):
    """``[isp-addons]``: the product as a whole."""

    spool: Folder = Field(
        default=Path("/var/spool/isp-addons"), description="Folder into which the billing's hook scripts put their events."
    )
    time_zone: Annotated[ZoneInfo, BeforeValidator(values.zone)] = Field(
        default=ZoneInfo("UTC"),
        description="Time zone of accounts that have none of their own: an IANA name such as Europe/Kyiv.",
    )
    currency: Annotated[str, BeforeValidator(values.currency)] = Field(
        default="EUR", description="Currency of accounts that have none of their own: a code of ISO 4217."
    )
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field(
        default=LogLevel.INFO, description="How much is logged: debug, info, warning or error."
    )
    plugins_dir: Folder | None = Field(
        default=None, description="Folder with plugins of one file each, beside the installed ones.", examples=["plugins"]
    )


class DatabaseSettings(Section):
    """``[database]``: where isp-addons keeps its own tables."""

    url: str = Field(
        default="sqlite:///isp-addons.db",
        repr=False,
        description="SQLite or PostgreSQL, as a URL; a file without a folder is beside this one. May be env:NAME or file:PATH.",
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str, info: ValidationInfo) -> str:
        return values.database_url(value, values.OUR_DRIVERS, values.folder_of(info))


class BillingSettings(Section):
    """``[billing]``: where the subscribers' money lives."""

    adapter: Annotated[Adapter, BeforeValidator(_lower)] = Field(
        description="ledger: isp-addons keeps the balances itself. utm5: NetUP UTM5 does.", examples=["ledger"]
    )
    url: str | None = Field(
        default=None,
        repr=False,
        description="For utm5: its database, read only. May be env:NAME or file:PATH.",
        examples=["mysql+pymysql://READER:PASSWORD@HOST/UTM5?charset=utf8mb4"],
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str | None, info: ValidationInfo) -> str | None:
        adapter = info.data.get("adapter")
        if value is None:
            if adapter is Adapter.UTM5:
                raise ValueError("is required with adapter = utm5: the URL of its database")
            return None
        if adapter is Adapter.LEDGER:
            raise ValueError("is for adapter = utm5 only; remove it")
        return values.database_url(value, values.BILLING_DRIVERS, values.folder_of(info))


class ForecastSettings(Section):
    """``[forecast]``: what is suspended before a period that cannot be paid begins."""

    policy: Annotated[Policy, BeforeValidator(_lower)] = Field(
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


class OperatorTaskSettings(Section):
    """``[operator_tasks]``: what people are asked to do at vendors' consoles."""

    language: Annotated[Language, BeforeValidator(_lower)] = Field(
        default=Language.EN, description="In which language they are told: en, de, ru, uk or fr."
    )
    due_hours: Annotated[int, BeforeValidator(values.whole(1, 8760))] = Field(
        default=24, description="After how many hours a task is overdue, where its vendor's plugin does not say."
    )


class ResellerSettings(Section):
    """``[resellers]``: those who sell to customers of their own."""

    contact: Annotated[str, AfterValidator(_short)] = Field(
        default="",
        description="Where resellers find help, as they read it: an address, a telephone number, a page.",
        examples=["resellers@isp.example"],
    )
    discount_with_customer_admin: Annotated[DiscountWithAdmin, BeforeValidator(_lower)] = Field(
        default=DiscountWithAdmin.NOBODY,
        description="Once a user of a customer is admin: nobody (no discount for him) or reseller_orders (what the reseller "
        "orders keeps it).",
    )


class PaymentSettings(Section):
    """``[payments]``: what is paid for from outside, by card or bank transfer."""

    card: Annotated[CardAdapter, BeforeValidator(_lower)] = Field(
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


class MailSecurity(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"


class MailSettings(Section):
    """``[mail]``: the mail server, through which people are invited."""

    host: str | None = Field(
        default=None, description="The mail server (SMTP); without it nobody is invited.", examples=["mail.isp.example"]
    )
    port: Annotated[int, BeforeValidator(values.whole(1, 65_535))] = Field(default=587, description="Its port.")
    security: Annotated[MailSecurity, BeforeValidator(_lower)] = Field(
        default=MailSecurity.STARTTLS,
        description="starttls (usual on port 587), tls (on port 465) or off (a server of your own).",
    )
    ca_file: Folder | None = Field(
        default=None,
        description="Certificates that the server's is checked with; without it the system's.",
        examples=["ca.pem"],
    )
    login: str | None = Field(default=None, description="The login name at the mail server, if it wants one.", examples=["isp"])
    password: str | None = Field(
        default=None, repr=False, description="Its password. Should be env:NAME or file:PATH.", examples=["env:MAIL_PASSWORD"]
    )
    sender: str | None = Field(
        default=None, description="From whom mail comes. Required with host.", examples=["My ISP <no-reply@isp.example>"]
    )
    timeout_seconds: Annotated[int, BeforeValidator(values.whole(1, 300))] = Field(
        default=15, description="After how many seconds a server that does not answer is given up; tried again later."
    )
    language: Annotated[Language, BeforeValidator(_lower)] = Field(
        default=Language.EN,
        description="In which language people are written to who have none of their own: en, de, ru, uk or fr.",
    )
    to_members: bool = Field(
        default=True,
        description="Write to users who are named by e-mail address when they are given a seat; no, where the vendor does it.",
    )
    link: str | None = Field(
        default=None,
        description="Your page on which an invitation is accepted, {token} in its address; without it the mail tells a code.",
        examples=["https://my.isp.example/invitation?token={token}"],
    )

    @field_validator("sender")
    @classmethod
    def _sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("host"):
            raise ValueError("is required with host: an address such as My ISP <no-reply@isp.example>")
        return value if value is None else values.mailbox(value)

    @field_validator("link")
    @classmethod
    def _link(cls, value: str | None) -> str | None:
        if value is not None and (value.count("{token}") != 1 or not value.startswith(("https://", "http://"))):
            raise ValueError(
                "should be a page's address with {token} in it once: https://my.isp.example/invitation?token={token}"
            )
        return value


class CustomerSettings(Section):
    """``[customers]``: how those who log in come in."""

    registration: YesNo = Field(default=False, description="yes: customers may register themselves.")
    invitation_days: Annotated[int, BeforeValidator(values.whole(1, 90))] = Field(
        default=7, description="How many days an invitation is good for."
    )
    login_hours: Annotated[int, BeforeValidator(values.whole(1, 720))] = Field(
        default=12, description="After how many hours somebody who signed in must do so again."
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


class VendorSettings(Section):
    """One ``[vendor:NAME]``. ``options`` are the plugin's own, as written: references are not resolved yet."""

    name: str
    plugin: str = Field(description="The installed plugin that speaks to this vendor.")
    enabled: YesNo = Field(default=True, description="no: the vendor is not called, nothing new can be ordered from it.")
    concurrency: Annotated[int, BeforeValidator(values.whole(1, 64))] = Field(
        default=8, description="How many calls may be under way at the same time."
    )
    rate_per_second: Annotated[float | None, BeforeValidator(values.rate)] = Field(
        default=None,
        description="How many calls a second the vendor takes at most; without it there is no limit.",
        examples=["5"],
    )
    breaker_failures: Annotated[int, BeforeValidator(values.whole(1, 1000))] = Field(
        default=5, description="After so many failures in a row the vendor is left alone for a while."
    )
    breaker_seconds: Annotated[int, BeforeValidator(values.whole(1, 86_400))] = Field(
        default=30, description="For how many seconds it is left alone."
    )
    options: Mapping[str, str] = Field(default_factory=dict, repr=False)


SECTIONS: dict[str, type[Section]] = {
    "isp-addons": GeneralSettings,
    "database": DatabaseSettings,
    "billing": BillingSettings,
    "forecast": ForecastSettings,
    "operator_tasks": OperatorTaskSettings,
    "resellers": ResellerSettings,
    "payments": PaymentSettings,
    "mail": MailSettings,
    "customers": CustomerSettings,
    "vat": VatSettings,
}
"""The sections that stand once, by their names in the file."""

VENDOR = "vendor:"
"""What the name of a vendor's section begins with."""

REQUIRED = {"database": "url = sqlite:///isp-addons.db", "billing": "adapter = ledger"}
"""The sections that must be present, each with a line that suffices."""

VENDOR_OPTIONS = tuple(name for name in VendorSettings.model_fields if name not in ("name", "options"))
"""What a ``[vendor:NAME]`` may hold beside the plugin's own options."""
