"""The plugin for a stock of activation codes keeps the contract of such vendors."""

from isp_addons.testing import CodeConformance
from isp_addons_codes import Codes


class TestCodes(CodeConformance):
    plugin = Codes
