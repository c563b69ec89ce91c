"""Everything that stands at ESET, page by page, or an error: never less."""

from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import OutcomeUnknown, SeenLicence, SeenState, Unavailable, VendorError
from isp_addons_eset.sandbox import EsetSandbox


def everything(vendor: Vendor) -> dict[str, SeenLicence]:
    return {licence.key: licence for page in vendor.list_licences() for licence in page}


def order_five(vendor: Vendor, make_licence: Any) -> Vendor:
    for number in range(5):
        vendor.do(Step.ORDER, make_licence(f"L-{number}", account=f"10{number}", quantity=number + 1))
    return vendor


@pytest.fixture
def five(make_vendor: Any, make_licence: Any) -> Vendor:
    return order_five(make_vendor(page_size="2"), make_licence)


def test_the_list_tells_key_account_state_and_quantity(five: Vendor, make_licence: Any, control: Any) -> None:
    five.do(Step.BLOCK, make_licence("L-1"))
    five.do(Step.CANCEL, make_licence("L-3"))
    found = everything(five)
    assert {key: (each.account, each.state.value, each.quantity) for key, each in found.items()} == {
        "L-0": ("100", "active", 1),
        "L-1": ("101", "suspended", 2),
        "L-2": ("102", "active", 3),
        "L-3": ("103", "ended", 4),
        "L-4": ("104", "active", 5),
    }
    assert found["L-0"].reference == control.license("L-0")["publicLicenseKey"]


def test_a_list_costs_two_calls_a_page_and_no_reading_one_by_one(make_vendor: Any, make_licence: Any, control: Any) -> None:
    order_five(make_vendor(), make_licence)
    made = len(control.calls())
    assert len(everything(make_vendor())) == 5
    assert control.calls()[made:] == ["Search/Licenses", "User/Current", "Company/Children"]


def test_the_list_comes_in_pages(five: Vendor) -> None:
    assert [len(page) for page in five.list_licences()] == [2, 2, 1]


def test_nothing_there_is_an_empty_list(vendor: Vendor) -> None:
    assert everything(vendor) == {}


def test_a_licence_of_a_customer_made_by_hand_is_told_under_esets_key(five: Vendor, control: Any) -> None:
    control("POST", "companies", {"name": "Bakery"})
    company = control("GET", "companies")["companies"][-1]["id"]
    key = control("POST", "licenses", {"company": company, "quantity": 7})["publicLicenseKey"]
    assert everything(five)[key] == SeenLicence(key=key, state=SeenState.ACTIVE, reference=key, account="Bakery", quantity=7)


def test_customers_of_somebody_else_and_obsolete_licences_are_not_told(five: Vendor, control: Any) -> None:
    control("POST", "companies/L-0", {"somebody_else": True})
    control("POST", "licenses/L-1", {"obsolete": True})
    assert set(everything(five)) == {"L-2", "L-3", "L-4"}


def test_a_company_in_which_several_stand_is_left_to_be_read(five: Vendor, make_licence: Any, control: Any) -> None:
    control("POST", "licenses", {"company": "L-2", "product": "103"})
    assert everything(five)["L-2"].state is SeenState.UNKNOWN
    reference = five.read(make_licence("L-2")).reference
    assert five.read(make_licence("L-2", reference=reference)).state is SeenState.ACTIVE


@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize("full_rows", [True, False])
@pytest.mark.parametrize("size", ["1", "2", "5", "100"])
def test_lists_that_tell_less_are_read_whole_too(
    make_vendor: Any, make_licence: Any, totals: bool, full_rows: bool, size: str
) -> None:
    with EsetSandbox(totals=totals, full_rows=full_rows) as server:
        vendor = order_five(make_vendor(server=server, page_size=size), make_licence)
        vendor.do(Step.BLOCK, make_licence("L-1"))
        found = everything(vendor)
    assert len(found) == 5
    assert found["L-1"].state is SeenState.SUSPENDED


@pytest.mark.parametrize("action", ["Search/Licenses", "Company/Children"])
def test_a_list_that_is_cut_off_raises_instead_of_ending(five: Vendor, control: Any, action: str) -> None:
    control.fault("partial", action=action, times=None)
    with pytest.raises(Unavailable, match=r"cut off: \d came, 5 were announced"):
        everything(five)


@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize("action", ["Search/Licenses", "Company/Children"])
def test_a_page_that_is_cut_off_once_is_made_up_for(make_vendor: Any, make_licence: Any, totals: bool, action: str) -> None:
    with EsetSandbox(totals=totals) as server:
        vendor = order_five(make_vendor(server=server), make_licence)
        server.faults.add(server.fault(kind="partial", action=action))
        assert len(everything(vendor)) == 5


@pytest.mark.parametrize(
    "kind", ["refuse_before", "error_500", "unavailable_503", "timeout_after", "garbage", "rate_limit", "not_found_404"]
)
@pytest.mark.parametrize("action", ["Search/Licenses", "Company/Children", "User/Current"])
def test_a_page_that_fails_raises_instead_of_ending(five: Vendor, control: Any, kind: str, action: str) -> None:
    control.fault(kind, action=action)
    with pytest.raises(VendorError) as caught:
        everything(five)
    assert not isinstance(caught.value, OutcomeUnknown)
