"""Any vendor, through an executable of the ISP's own: one JSON request on its standard input, one JSON answer on its output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from isp_addons.vendor_api import VendorContext, VendorOptions
from isp_addons_exec.client import ExecClient
from isp_addons_exec.options import ExecOptions
from isp_addons_gateway.vendor import JsonVendor

if TYPE_CHECKING:
    from isp_addons_exec.sandbox import ExecSandbox

__all__ = ["Exec", "ExecOptions"]


class Exec(JsonVendor[ExecOptions]):
    """One executable. The hooks are those of `JsonVendor`; see this package's README for the protocol."""

    Options: ClassVar[type[VendorOptions]] = ExecOptions

    def carrier(self, context: VendorContext[ExecOptions]) -> ExecClient:
        """See `JsonVendor.carrier`."""
        return ExecClient(context.options, vendor=context.name, clock=context.clock)

    @classmethod
    def sandbox(cls, **settings: Any) -> ExecSandbox:
        """Make a stand-in that is reached through an executable; *settings* as `ExecSandbox` takes them."""
        from isp_addons_exec.sandbox import ExecSandbox

        return ExecSandbox(**settings)
