"""The plugin for Ajax tells a person every step, in every language, whichever way hubs are locked."""

from isp_addons.testing import OperatorConformance
from isp_addons.vendor_api.instructions import LANGUAGES
from isp_addons_ajax import Ajax


class TestAjax(OperatorConformance):
    plugin = Ajax
    settings = {"company": "Example Telecom"}
    product = {"service": "sim", "plan": "Ajax SIM"}
    languages = LANGUAGES


class TestAjaxByHand(OperatorConformance):
    plugin = Ajax
    settings = {"company": "Example Telecom", "suspend_by": "operator_task", "due_hours": "4"}
    product = {"service": "cloud", "plan": "4 devices, 30 days"}
    languages = LANGUAGES
