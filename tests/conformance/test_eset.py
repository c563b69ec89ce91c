"""The plugin for ESET MSP Administrator 2 keeps the contract of every vendor."""

from isp_addons.testing import VendorConformance
from isp_addons_eset import Eset


class TestEset(VendorConformance):
    plugin = Eset
