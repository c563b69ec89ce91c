"""The sections as models: every option's type, default and meaning. The sample configuration is made from them."""

from isp_addons.settings.sections.base import Section
from isp_addons.settings.sections.installation import Adapter, BillingSettings, DatabaseSettings, GeneralSettings, LogLevel
from isp_addons.settings.sections.money import CardAdapter, ForecastSettings, PaymentSettings, VatSettings
from isp_addons.settings.sections.people import (
    CustomerSettings,
    MailSecurity,
    MailSettings,
    OperatorTaskSettings,
    ResellerSettings,
)
from isp_addons.settings.sections.vendor import VENDOR, VENDOR_OPTIONS, VendorSettings

__all__ = [
    "REQUIRED",
    "SECTIONS",
    "VENDOR",
    "VENDOR_OPTIONS",
    "Adapter",
    "BillingSettings",
    "CardAdapter",
    "CustomerSettings",
    "DatabaseSettings",
    "ForecastSettings",
    "GeneralSettings",
    "LogLevel",
    "MailSecurity",
    "MailSettings",
    "OperatorTaskSettings",
    "PaymentSettings",
    "ResellerSettings",
    "Section",
    "VatSettings",
    "VendorSettings",
]

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

REQUIRED = {"database": "url = sqlite:///isp-addons.db", "billing": "adapter = ledger"}
"""The sections that must be present, each with a line that suffices."""
