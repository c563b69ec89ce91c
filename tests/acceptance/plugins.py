"""Sources of small plugins, as a third party would write them."""

WITHOUT_ENDLESS = '''
"""A vendor whose licences always have an end, and which says yes to everything."""

from isp_addons.vendor_api import Capabilities, Done, LicenceView, SuspendKind, VendorPlugin, hookimpl


class Nod(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=False, changes_quantity=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        return Done()

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Done:
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        return Done()

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done:
        return Done()
'''

RAISES_ON_EVERY_CALL = '''
"""A plugin with a defect: every call raises what no contract knows."""

from isp_addons.vendor_api import Capabilities, LicenceView, SuspendKind, VendorPlugin, hookimpl


class Broken(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=True)

    @hookimpl
    def on_order(self, licence: LicenceView):
        raise ZeroDivisionError("a defect of the plugin")

    @hookimpl
    def read_licence(self, licence: LicenceView):
        raise ZeroDivisionError("a defect of the plugin")
'''

RAISES_ON_IMPORT = 'raise RuntimeError("the plugin\'s own library is missing")\n'

REFUSES = '''
"""A vendor that refuses every order for good."""

from isp_addons.vendor_api import Capabilities, LicenceView, Rejected, SuspendKind, VendorPlugin, hookimpl


class Refusing(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=True, changes_quantity=True)

    @hookimpl
    def on_order(self, licence: LicenceView):
        raise Rejected("no licences are sold in this country", action="on_order")
'''

BY_HAND = '''
"""A vendor that only people can reach."""

from isp_addons.vendor_api import Capabilities, CheckReport, LicenceView, NeedsOperator, SuspendKind, VendorPlugin, hookimpl


class ByHand(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=True, changes_quantity=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> NeedsOperator:
        return self.told("Create", licence)

    @hookimpl
    def on_block(self, licence: LicenceView) -> NeedsOperator:
        return self.told("Lock", licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> NeedsOperator:
        return self.told("Unlock", licence)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> NeedsOperator:
        return self.told("End", licence)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        return CheckReport(("People do everything here.",))

    def told(self, what: str, licence: LicenceView) -> NeedsOperator:
        said = f"{what} the customer {licence.account}\\n1. Open the console.\\n   Licences: {licence.quantity}"
        return NeedsOperator(instructions=said)
'''
