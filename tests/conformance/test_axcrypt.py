"""The plugin for AxCrypt tells a person every step, in every language; where it cannot suspend, it says so."""

from isp_addons.testing import OperatorConformance
from isp_addons.vendor_api.instructions import LANGUAGES
from isp_addons_axcrypt import AxCrypt


class TestAxCrypt(OperatorConformance):
    plugin = AxCrypt
    settings = {"reseller": "reseller@isp.example"}
    languages = LANGUAGES


class TestAxCryptBoughtByHand(OperatorConformance):
    plugin = AxCrypt
    settings = {"reseller": "reseller@isp.example", "auto_renews": "no", "suspend_by": "none", "due_hours": "8"}
    languages = LANGUAGES
