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
from isp_addons.store.tables.licences import (
    NOW_DIFFERENT,
    ActivationCode,
    Device,
    Licence,
    OperatorTask,
    Seat,
    VendorUser,
)
from isp_addons.store.tables.people import Customer, Invitation, Login, Mail, Person, SignInFailure
from isp_addons.store.tables.project_keys import ProjectKey
from isp_addons.store.tables.purchases import CardRefund, PaymentMethod, Purchase, PurchasePayment, SavedCard, Statement
from isp_addons.store.tables.records import Audit, Event, Meta, VendorState
from isp_addons.store.tables.replies import Reply
from isp_addons.store.tables.spaces import AvailabilityRule, BundleDevice, Delegation, Space, SpaceDevice, SpaceMember

__all__ = [
    "NOW_DIFFERENT",
    "Account",
    "ActivationCode",
    "Audit",
    "AvailabilityRule",
    "Base",
    "BundleDevice",
    "CardRefund",
    "Charge",
    "Customer",
    "Delegation",
    "Device",
    "Event",
    "Hold",
    "Invitation",
    "LedgerAccount",
    "LedgerEntry",
    "Licence",
    "Login",
    "Mail",
    "Meta",
    "OperatorTask",
    "PaymentMethod",
    "Person",
    "Price",
    "Product",
    "ProjectKey",
    "Purchase",
    "PurchasePayment",
    "QuantityChange",
    "Reminder",
    "Reply",
    "SavedCard",
    "Seat",
    "SignInFailure",
    "Space",
    "SpaceDevice",
    "SpaceMember",
    "Statement",
    "Subscription",
    "TariffProduct",
    "VendorState",
    "VendorUser",
]
