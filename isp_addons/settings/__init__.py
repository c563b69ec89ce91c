"""The configuration: one INI file, read once, checked whole. Every problem is told at once, each with its file and line."""

from isp_addons.settings.load import Settings, load
from isp_addons.settings.payments import card_keys, require_card_keys
from isp_addons.settings.sample import required_first, sample
from isp_addons.settings.sections import (
    Adapter,
    BillingSettings,
    DatabaseSettings,
    ForecastSettings,
    GeneralSettings,
    LogLevel,
    VendorSettings,
)
from isp_addons.settings.show import Shown
from isp_addons.settings.values import resolve, starred
from isp_addons.settings.vendors import check_vendor_options, vendor_warnings

__all__ = [
    "Adapter",
    "BillingSettings",
    "DatabaseSettings",
    "ForecastSettings",
    "GeneralSettings",
    "LogLevel",
    "Settings",
    "Shown",
    "VendorSettings",
    "card_keys",
    "check_vendor_options",
    "load",
    "require_card_keys",
    "required_first",
    "resolve",
    "sample",
    "starred",
    "vendor_warnings",
]
