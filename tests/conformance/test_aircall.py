"""Aircall's plugin does what the product relies on: a person does every step, users are read over HTTP."""

from collections.abc import Iterator

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.testing import NOW, OperatorConformance
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import VendorContext
from isp_addons_aircall import Aircall
from isp_addons_aircall.sandbox import AircallSandbox


class TestAircall(OperatorConformance):
    plugin = Aircall
    settings = {
        "account": "100342",
        "company": "Bakery Ltd",
        "api_id": "api-id",
        "api_token": "token-of-the-kit",
        "webhook_token": "webhook-of-the-kit",
    }
    languages = ("en", "de", "ru", "uk", "fr")

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        """The API can at least be asked who it is, so the check has a stand-in."""
        with AircallSandbox(api_token="token-of-the-kit", company="Bakery Ltd") as server:
            options = Aircall.Options.model_validate({**self.settings, "url": server.url})
            made = Vendor("kit", Aircall(VendorContext("kit", options, ReplayClock(NOW))), "kit")
            yield made
            made.plugin.close()
