"""The example that ships with the plugin, as an admin would try it: the shell script, run for every call."""

import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Done, LicenceView, Rejected, SeenLicence, SeenState, Unavailable

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
EXAMPLE = Path(str(resources.files("isp_addons_exec"))) / "examples" / "vendor.sh"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "the licences"
    made.mkdir()
    return made


@pytest.fixture
def vendor(make_vendor: Any, folder: Path) -> Vendor:
    made: Vendor = make_vendor(command=f"{EXAMPLE} '{folder}'", can_schedule="no")
    return made


def test_it_keeps_licences_in_files(vendor: Vendor, licence: LicenceView, folder: Path) -> None:
    assert vendor.do(Step.ORDER, licence) == Done(reference="L-1")
    assert (folder / "L-1").read_text() == "active\n3\n2026-04-01T00:00:00Z\n1042\n"
    assert (folder / "L-1").stat().st_mode & 0o077 == 0
    vendor.do(Step.BLOCK, licence)
    assert vendor.read(licence) == SeenLicence(
        key="L-1", state=SeenState.SUSPENDED, quantity=3, reference="L-1", account="1042", paid_until=APRIL
    )
    vendor.do(Step.CANCEL, licence)
    assert list(folder.iterdir()) == []


def test_another_accounts_licence_is_left_alone(vendor: Vendor, licence: LicenceView) -> None:
    vendor.do(Step.ORDER, licence)
    with pytest.raises(Rejected, match="It said: the licence L-1 belongs to another account"):
        vendor.do(Step.ORDER, replace(licence, account="7"))


@pytest.mark.parametrize("account", ['He said "no" \\ yes', "Ünïcödé", "$(id) `id` ; rm -rf *"])
def test_an_account_may_have_any_characters(vendor: Vendor, licence: LicenceView, account: str) -> None:
    vendor.do(Step.ORDER, replace(licence, account=account))
    assert vendor.read(licence).account == account
    ((listed,),) = vendor.list_licences()
    assert listed.account == account


def test_an_empty_folder_has_an_empty_list(vendor: Vendor) -> None:
    assert list(vendor.list_licences()) == [()]


def test_a_folder_that_is_missing_has_done_nothing(make_vendor: Any, licence: LicenceView) -> None:
    with pytest.raises(Unavailable, match=r"there is no folder '/no/such/folder' to write to; name it after vendor\.sh"):
        make_vendor(command=f"{EXAMPLE} /no/such/folder").do(Step.ORDER, licence)


def test_the_check_compares_it_with_the_settings(make_vendor: Any, vendor: Vendor, folder: Path) -> None:
    assert vendor.check().findings == ("the executable vendor.sh answers (the example vendor.sh).",)
    with pytest.raises(Rejected, match="can_schedule = no"):
        make_vendor(command=f"{EXAMPLE} '{folder}'", can_schedule="yes").check()


def test_it_can_be_tried_by_hand(folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ISP_ADDONS_ACTION": "read", "ISP_ADDONS_KEY": "L-1"}
    answer = subprocess.run([EXAMPLE, folder], env=environment, capture_output=True, check=True, timeout=10).stdout
    assert json.loads(answer) == {"key": "L-1", "state": "absent", "quantity": 0}
