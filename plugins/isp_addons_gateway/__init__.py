"""Any vendor, through an HTTP gateway of the ISP's own: a small JSON protocol, every request signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from isp_addons.vendor_api import CheckReport, VendorContext, VendorOptions, hookimpl
from isp_addons_gateway.client import GatewayClient
from isp_addons_gateway.options import GatewayOptions
from isp_addons_gateway.vendor import JsonVendor

if TYPE_CHECKING:
    from isp_addons_gateway.sandbox import GatewaySandbox

__all__ = ["Gateway", "GatewayOptions"]


class Gateway(JsonVendor[GatewayOptions]):
    """One gateway. The hooks are those of `JsonVendor`; see `docs/reference/gateway-openapi.yaml` for the protocol."""

    Options: ClassVar[type[VendorOptions]] = GatewayOptions

    def carrier(self, context: VendorContext[GatewayOptions]) -> GatewayClient:
        """See `JsonVendor.carrier`."""
        return GatewayClient(context.options, clock=context.clock)

    @classmethod
    def sandbox(cls, **settings: Any) -> GatewaySandbox:
        """Make the stand-in gateway; *settings* as `GatewaySandbox` takes them: port, secret, latency and more."""
        from isp_addons_gateway.sandbox import GatewaySandbox

        return GatewaySandbox(**settings)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """See `JsonVendor.check_vendor`; also how safe the way there is."""
        findings = super().check_vendor().findings
        options = self.context.options
        if options.url.startswith("http:"):
            findings += ("Requests are signed, but can be read on the way: use https.",)
        elif not options.verify_tls:
            findings += (
                "The gateway's certificate is not checked: set verify_tls = yes, and ca_file for an authority of your own.",
            )
        return CheckReport(findings)
