"""A vendor that only people can reach: nothing can be read of it."""

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    LicenceView,
    NeedsOperator,
    SuspendKind,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)


class Console(VendorPlugin[VendorOptions]):
    capabilities = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> NeedsOperator:
        return NeedsOperator(instructions=f"Create {licence.account}")

    @hookimpl
    def on_block(self, licence: LicenceView) -> NeedsOperator:
        if licence.account == "defect":
            raise ZeroDivisionError("a defect of the plugin")
        return NeedsOperator(instructions=f"Lock {licence.account}")

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> NeedsOperator:
        return NeedsOperator(instructions=f"Unlock {licence.account}")

    @hookimpl
    def check_vendor(self) -> CheckReport:
        return CheckReport(("People do everything.",))
