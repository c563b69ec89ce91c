"""The only package of isp-addons that a vendor's plugin imports: licence and outcome types, errors, HTTP, options."""

from isp_addons.clock import Clock, ReplayClock, SystemClock
from isp_addons.domain.licence import SeenState
from isp_addons.vendor_api.errors import (
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorised,
    Unavailable,
    Unsupported,
    VendorError,
)
from isp_addons.vendor_api.instructions import Instructions
from isp_addons.vendor_api.options import HttpOptions, Secret, VendorOptions
from isp_addons.vendor_api.plugin import VendorContext, VendorPlugin, hookimpl
from isp_addons.vendor_api.types import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    NeedsOperator,
    Outcome,
    Pending,
    SeenLicence,
    SuspendKind,
    VendorEvent,
    VendorUser,
    VendorWord,
    WebhookRequest,
)

__all__ = [
    "Capabilities",
    "CheckReport",
    "Clock",
    "Done",
    "HttpOptions",
    "Instructions",
    "LicenceView",
    "NeedsOperator",
    "Outcome",
    "OutcomeUnknown",
    "Pending",
    "RateLimited",
    "Rejected",
    "ReplayClock",
    "Secret",
    "SeenLicence",
    "SeenState",
    "SuspendKind",
    "SystemClock",
    "Unauthorised",
    "Unavailable",
    "Unsupported",
    "VendorContext",
    "VendorError",
    "VendorEvent",
    "VendorOptions",
    "VendorPlugin",
    "VendorUser",
    "VendorWord",
    "WebhookRequest",
    "hookimpl",
]
