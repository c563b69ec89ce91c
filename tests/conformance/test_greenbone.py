"""The plugin for Greenbone keeps its contract: by operator tasks in the vMSP portal, and through gvm-cli on an own server."""

from pathlib import Path

import pytest

from isp_addons.testing import OperatorConformance, VendorContract
from isp_addons.vendor_api.instructions import LANGUAGES
from isp_addons_greenbone import Greenbone
from isp_addons_greenbone.sandbox import GreenboneSandbox


class TestGreenbone(OperatorConformance):
    plugin = Greenbone
    product = {"internal": "3", "external": "2"}
    languages = LANGUAGES


class TestGreenboneThroughGvmCli(VendorContract):
    """Each command is a real process: the stand-in for gvm-cli."""

    plugin = Greenbone
    product = {"internal": "1"}

    @pytest.fixture
    def stand_in(self, tmp_path: Path) -> GreenboneSandbox:
        return GreenboneSandbox(tmp_path)
