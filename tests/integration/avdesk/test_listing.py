"""Everything that a server has, page by page, or an error: never less."""

from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.host import Vendor
from isp_addons.vendor_api import OutcomeUnknown, SeenLicence, SeenState, Unavailable, VendorError

APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def everything(vendor: Vendor) -> dict[str, SeenLicence]:
    return {licence.key: licence for page in vendor.list_licences() for licence in page}


@pytest.fixture
def five(make_vendor: Any, make_licence: Any) -> Vendor:
    vendor: Vendor = make_vendor(page_size="2")
    for number in range(5):
        vendor.do(Step.ORDER, make_licence(f"L-{number}", account=f"10{number}"))
    return vendor


def test_the_list_tells_every_station_and_whether_it_is_blocked_now(five: Vendor, make_licence: Any, control: Any) -> None:
    five.do(Step.BLOCK, make_licence("L-1"))
    five.do(Step.BEFORE_PERIOD_END, make_licence("L-2", suspend_from=APRIL))
    five.do(Step.CANCEL, make_licence("L-3"))
    control("POST", "stations", {"id": "alien", "user_id": "9", "expires": "2026-03-01T00:00:00+00:00"})
    found = everything(five)
    assert set(found) == {"L-0", "L-1", "L-2", "L-4", "alien"}
    assert {key for key, licence in found.items() if licence.state is SeenState.SUSPENDED} == {"L-1"}


@pytest.mark.usefixtures("five")
def test_a_list_of_many_stations_costs_two_calls_and_no_reading_one_by_one(make_vendor: Any, control: Any) -> None:
    before = control("GET", "calls")["counts"]
    assert len(everything(make_vendor(page_size="100"))) == 5
    after = control("GET", "calls")["counts"]
    assert sum(after.values()) - sum(before.values()) == 2
    assert after.get("stations/info", 0) == before.get("stations/info", 0)


def test_the_list_comes_in_pages(five: Vendor) -> None:
    assert [len(page) for page in five.list_licences()] == [2, 2, 1]


def test_an_empty_server_has_an_empty_list(vendor: Vendor) -> None:
    assert everything(vendor) == {}


@pytest.mark.usefixtures("five")
def test_a_page_that_is_exactly_full_is_not_the_end(make_vendor: Any) -> None:
    assert len(everything(make_vendor(page_size="5"))) == 5
    assert len(everything(make_vendor(page_size="1"))) == 5


@pytest.mark.parametrize("script", ["groups/stations-list", "stations/list-by-state"])
def test_a_list_that_is_cut_off_raises_instead_of_ending(five: Vendor, make_licence: Any, control: Any, script: str) -> None:
    for number in range(3):
        five.do(Step.BLOCK, make_licence(f"L-{number}"))
    control.fault("partial", script=script, times=None)
    with pytest.raises(Unavailable, match=r"cut off: \d came, \d were announced"):
        everything(five)


def test_a_list_that_is_cut_off_once_is_read_again(five: Vendor, control: Any) -> None:
    control.fault("partial", script="groups/stations-list")
    assert len(everything(five)) == 5


@pytest.mark.parametrize("kind", ["refuse_before", "error_500", "unavailable_503", "timeout_after", "garbage", "rate_limit"])
@pytest.mark.parametrize("script", ["groups/stations-list", "stations/list-by-state"])
def test_a_page_that_fails_raises_instead_of_ending(five: Vendor, control: Any, kind: str, script: str) -> None:
    control.fault(kind, script=script)
    with pytest.raises(VendorError) as caught:
        everything(five)
    assert not isinstance(caught.value, OutcomeUnknown)
