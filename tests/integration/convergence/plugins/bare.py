"""A vendor that can create licences and nothing else."""

from typing import Any

from isp_addons.vendor_api import Capabilities, Done, LicenceView, SuspendKind, VendorContext, VendorPlugin, hookimpl


class Bare(VendorPlugin[Any]):
    capabilities = Capabilities(suspends=SuspendKind.NONE)

    def __init__(self, context: VendorContext[Any]) -> None:
        super().__init__(context)
        self.calls: list[str] = []

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        self.calls.append(licence.key)
        return Done()
