"""Everything that stands behind a gateway, part by part, or an error: never less."""

from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import OutcomeUnknown, SeenLicence, SeenState, Unavailable, VendorError


def everything(vendor: Vendor) -> dict[str, SeenLicence]:
    return {licence.key: licence for page in vendor.list_licences() for licence in page}


@pytest.fixture
def five(make_vendor: Any, make_licence: Any) -> Vendor:
    vendor: Vendor = make_vendor(page_size="2")
    for number in range(5):
        vendor.do(Step.ORDER, make_licence(f"L-{number}"))
    return vendor


def test_the_list_tells_what_has_not_ended(five: Vendor, make_licence: Any, control: Any) -> None:
    five.do(Step.BLOCK, make_licence("L-1"))
    five.do(Step.CANCEL, make_licence("L-3"))
    control("POST", "rows/alien", {"account": "9", "quantity": 7})
    found = everything(five)
    assert set(found) == {"L-0", "L-1", "L-2", "L-4", "alien"}
    assert {key for key, licence in found.items() if licence.state is SeenState.SUSPENDED} == {"L-1"}
    assert (found["alien"].quantity, found["alien"].account, found["L-2"].quantity) == (7, "9", 3)


def test_the_list_comes_in_parts_of_the_size_that_was_set(five: Vendor, make_vendor: Any) -> None:
    assert [len(page) for page in five.list_licences()] == [2, 2, 1]
    assert [len(page) for page in make_vendor(page_size="5").list_licences()] == [5]
    assert [len(page) for page in make_vendor(page_size="1").list_licences()] == [1] * 5


def test_an_empty_gateway_has_an_empty_list(vendor: Vendor) -> None:
    assert everything(vendor) == {}


def test_a_list_that_is_cut_off_raises_instead_of_ending(five: Vendor, make_vendor: Any, control: Any) -> None:
    control.fault("partial", action="list")
    with pytest.raises(Unavailable, match="is cut off or has changed: 4 licences came, 5 were announced"):
        everything(five)
    control.fault("partial", action="list")
    with pytest.raises(Unavailable, match="2 licences came, 5 were announced"):
        everything(make_vendor(page_size="100"))


def test_a_licence_that_goes_while_the_list_is_read_makes_it_unknown(five: Vendor, make_licence: Any) -> None:
    pages = five.list_licences()
    next(pages)
    five.do(Step.CANCEL, make_licence("L-0"))
    with pytest.raises(Unavailable, match="5 licences came, 4 were announced"):
        list(pages)


ROW = {"key": "L-0", "state": "active", "quantity": 1}
TWO = [ROW, {**ROW, "key": "L-1"}]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([{"licences": [ROW, ROW], "total": 2, "complete": True}], "names a licence twice"),
        ([{"licences": [ROW], "total": 2, "complete": False, "next": "a"}] * 2, "names a licence twice"),
        ([{"licences": TWO, "total": 2, "complete": False}], "must either be complete or name the next part"),
        ([{"licences": TWO, "total": 2, "complete": True, "next": "a"}], "must either be complete or name the next part"),
        ([{"licences": [], "total": 2, "complete": False, "next": "a"}], "has an empty part that is not the last one"),
        ([{"licences": TWO, "total": 1, "complete": True}], "2 licences came, 1 were announced"),
        ([{"licences": TWO, "total": 1, "complete": False, "next": "a"}], "2 licences came, 1 were announced"),
        ([{"licences": [], "total": 1, "complete": True}], "0 licences came, 1 were announced"),
        ([{"licences": TWO, "complete": True}], "total: Field required"),
        ([{"licences": TWO, "total": 2}], "complete: Field required"),
        ([[ROW]], "JSON of another shape"),
    ],
)
def test_a_list_that_cannot_be_whole_is_no_list(vendor: Vendor, control: Any, answers: list[Any], says: str) -> None:
    for answer in answers:
        control.will_answer(action="list", body=answer)
    with pytest.raises(Unavailable, match=says):
        everything(vendor)


@pytest.mark.parametrize("kind", ["refuse_before", "error_500", "unavailable_503", "timeout_after", "garbage", "rate_limit"])
def test_a_part_that_fails_raises_instead_of_ending(five: Vendor, control: Any, kind: str) -> None:
    pages = five.list_licences()
    assert len(next(pages)) == 2
    control.fault(kind, action="list")
    with pytest.raises(VendorError) as caught:
        list(pages)
    assert not isinstance(caught.value, OutcomeUnknown)
