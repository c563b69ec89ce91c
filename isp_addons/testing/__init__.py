"""The conformance kit: what every vendor's plugin and every billing's adapter must prove, as pytest tests, over real HTTP.

A plugin's test is a subclass with an empty body::

    from isp_addons.testing import VendorConformance

    class TestMyVendor(VendorConformance):
        plugin = MyVendor

It starts the stand-in that ``MyVendor.sandbox()`` makes, takes the settings from its ``options()``, and calls the plugin as the
product does: through its host, at a replayed moment. What a vendor works on by operator tasks is done by the stand-in's
``perform``. `VendorContract` is the same without faults, for a vendor without a server; `OperatorConformance` is for a vendor
where a person does every step, `CodeConformance` for one that sells codes from our own stock; `BillingConformance` and
`BillingReaderConformance` are for where the money lives.

It proves: ordered twice there is one licence; a suspended one keeps reference, quantity and end; only ``on_cancel`` ends it;
what the capabilities declare works and what they do not is `Unsupported`; every failure is told as what is known of it; what
was done and not answered is found again and not repeated; half a list is no list; no secret is told.

A proof that fails says in a sentence which hook broke what. None is ever skipped.
"""

from isp_addons.testing.bench import APRIL, MAY, NOW, Bench, StandsIn
from isp_addons.testing.billing import BillingConformance, BillingReaderConformance
from isp_addons.testing.by_codes import CodeConformance
from isp_addons.testing.by_operator import OperatorConformance
from isp_addons.testing.contract import VendorContract
from isp_addons.testing.faults import VendorConformance

__all__ = [
    "APRIL",
    "MAY",
    "NOW",
    "Bench",
    "BillingConformance",
    "BillingReaderConformance",
    "CodeConformance",
    "OperatorConformance",
    "StandsIn",
    "VendorConformance",
    "VendorContract",
]
