"""Every table, one class each. Money is in minor units, time in UTC, ids are ours."""

from isp_addons.store.tables.accounts import (
    Account,
    Charge,
    Hold,
    LedgerAccount,
    LedgerEntry,
    Price,
    Product,
    QuantityChange,
    Reminder,
    Subscription,
    TariffProduct,
)
from isp_addons.store.tables.base import Base
from isp_addons.store.tables.licences import NOW_DIFFERENT, ActivationCode, Device, Licence, OperatorTask, Seat, VendorUser
from isp_addons.store.tables.records import Audit, Event, Meta, VendorState

__all__ = [
    "NOW_DIFFERENT",
    "Account",
    "ActivationCode",
    "Audit",
    "Base",
    "Charge",
    "Device",
    "Event",
    "Hold",
    "LedgerAccount",
    "LedgerEntry",
    "Licence",
    "Meta",
    "OperatorTask",
    "Price",
    "Product",
    "QuantityChange",
    "Reminder",
    "Seat",
    "Subscription",
    "TariffProduct",
    "VendorState",
    "VendorUser",
]
