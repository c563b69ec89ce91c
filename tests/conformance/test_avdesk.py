"""The plugin for Dr.Web AV-Desk keeps the contract of every vendor."""

from isp_addons.testing import VendorConformance
from isp_addons_avdesk import AvDesk


class TestAvDesk(VendorConformance):
    plugin = AvDesk
