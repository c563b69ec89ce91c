"""What the proofs of vendors share: which plugin, with which settings, on which bench."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from isp_addons.testing import secrets
from isp_addons.testing.bench import Bench, StandsIn
from isp_addons.testing.proof import prove
from isp_addons.vendor_api import VendorPlugin


class SettingsProof:
    """What holds of every plugin's settings. ``plugin``: the class that is put to the proof."""

    plugin: ClassVar[type[VendorPlugin[Any]]]

    def test_its_settings_are_described_and_its_secrets_are_secret(self) -> None:
        options = self.plugin.Options
        bare = [name for name, field in options.model_fields.items() if not field.description]
        prove(not bare, f"these options have no description, which the sample configuration shows: {', '.join(bare)}")
        plain = secrets.unguarded(options)
        prove(not plain, f"these options hold a secret as plain text; make them Secret: {', '.join(plain)}")


class VendorKit(SettingsProof):
    """What all proofs of a vendor share.

    Name the ``plugin``. ``settings``: options besides what the stand-in's ``options()`` tell. ``product``: the product's own
    options that the vendor needs. ``quantity``: what is ordered where seats are not counted. Override the fixture ``stand_in``
    when the plugin's ``sandbox()`` is not what is wanted: anything that has what `StandsIn` names.
    """

    settings: ClassVar[Mapping[str, Any]] = {}
    product: ClassVar[Mapping[str, str]] = {}
    quantity: ClassVar[int] = 3

    @pytest.fixture
    def stand_in(self) -> Iterator[StandsIn]:
        """The vendor's stand-in, with secrets that can be told from other text."""
        server: StandsIn = self.plugin.sandbox(**secrets.distinct(self.plugin))
        server.start()
        yield server
        server.stop()

    @pytest.fixture
    def bench(self, stand_in: StandsIn) -> Iterator[Bench]:
        """The plugin put to the proof against an empty vendor."""
        stand_in.start()
        stand_in.reset()
        made = Bench(self.plugin, stand_in, self.settings, self.product, self.quantity)
        yield made
        made.close()
