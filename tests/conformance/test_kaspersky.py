"""The plugin for the Kaspersky Subscription Service keeps the contract of every vendor, in both ways of suspending."""

from isp_addons.testing import VendorConformance, VendorContract
from isp_addons_kaspersky import Kaspersky


class TestKaspersky(VendorConformance):
    plugin = Kaspersky


class TestKasperskyThatSoftCancels(VendorConformance):
    """SoftCancel and Renew instead of Pause and Resume."""

    plugin = Kaspersky
    settings = {"suspend_mode": "soft_cancel"}


class TestKasperskyWithDownloadLinks(VendorContract):
    """Every order asks for download links as well."""

    plugin = Kaspersky
    settings = {"platforms": "Windows, Android"}
