"""Orders for an id that is already taken, and what an order shows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.host import Vendor
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    Rejected,
)

MAY = datetime(2026, 5, 1, tzinfo=UTC)
PREMIUM = "91644cc3-1dc1-42dc-a41e-5ea001f5538d"
STANDARD = "ebe76ffc-69e1-4757-b2b3-41506832bc9b"


def test_an_order_for_a_station_of_ours_accepts_it_without_a_change(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    answer = vendor.do(Step.ORDER, licence)
    assert isinstance(answer, Done)
    assert answer.reference == "L-1"
    assert answer.show["download_windows"].endswith("?id=L-1")  # told by the reading that recognised it
    assert control.scripts() == ["stations/add", "stations/add", "stations/info"]


@pytest.mark.parametrize(
    "differs",
    [
        {"expires": None},
        {"rate": STANDARD},
        {"block_begin": "2026-03-01T00:00:00+00:00"},
        {"block_end": "2027-01-01T00:00:00+00:00"},
    ],
)
def test_an_order_for_a_station_of_ours_makes_it_as_ordered(
    vendor: Vendor, licence: LicenceView, control: Any, differs: dict[str, Any]
) -> None:
    vendor.do(Step.ORDER, licence)
    as_ordered = control.station("L-1")
    control("POST", "stations/L-1", differs)
    assert control.station("L-1") != as_ordered
    vendor.do(Step.ORDER, licence)
    assert control.station("L-1") == as_ordered


def test_an_order_restores_what_was_deleted_under_the_same_key(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    vendor.do(Step.BLOCK, licence)
    vendor.do(Step.CANCEL, licence)
    assert vendor.do(Step.ORDER, replace(licence, paid_until=MAY)) == Done(reference="L-1")
    station = control.station("L-1")
    assert (station["state"], station["expires"]) == ("unactivated", "2026-05-01T00:00:00+00:00")
    assert control.scripts()[-4:] == ["stations/add", "stations/info", "stations/restore", "stations/change"]


@pytest.mark.parametrize("owner", ["2077", ""])
def test_an_order_for_somebody_elses_station_is_rejected_and_touches_nothing(
    vendor: Vendor, licence: LicenceView, control: Any, owner: str
) -> None:
    control("POST", "stations", {"id": "L-1", "user_id": owner})
    before = control.station("L-1")
    with pytest.raises(Rejected, match="AV-Desk has a station L-1 of another user"):
        vendor.do(Step.ORDER, licence)
    assert control.station("L-1") == before


def test_an_order_restores_a_station_of_the_same_account_only(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control("POST", "stations", {"id": "L-1", "user_id": "2077", "deleted": True})
    with pytest.raises(Rejected, match="of another user"):
        vendor.do(Step.ORDER, licence)
    assert control.station("L-1")["deleted"]


def test_download_links_are_read_where_that_is_set(make_vendor: Any, licence: LicenceView) -> None:
    answer = make_vendor(download_links="yes").do(Step.ORDER, licence)
    assert isinstance(answer, Done)
    assert answer.show["download_windows"].endswith("/download/download.ds?id=L-1")
    assert set(answer.show) == {"download_windows", "download_android", "download_macosx"}


def test_an_order_stands_even_when_its_links_cannot_be_read(
    make_vendor: Any, licence: LicenceView, control: Any, caplog: pytest.LogCaptureFixture
) -> None:
    control.fault("unavailable_503", script="stations/info")
    assert make_vendor(download_links="yes").do(Step.ORDER, licence) == Done(reference="L-1")
    assert "L-1 is ordered, but its download links could not be read" in caplog.text
