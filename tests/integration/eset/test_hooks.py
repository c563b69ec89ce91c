"""Every hook of the ESET plugin, called as the product calls it."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Done, LicenceView, OutcomeUnknown, Rejected, SeenLicence, SeenState, SuspendKind

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
KEY = "ia7f-1-1"


def test_the_capabilities_are_what_the_vendor_can_do(vendor: Vendor) -> None:
    can = vendor.capabilities
    assert (can.suspends, can.changes_quantity, can.endless, can.lists) == (SuspendKind.STATE, True, True, True)
    assert (can.can_schedule, can.counts_seats, can.longest_suspension) == (False, False, None)
    assert can.daily_cut == (time(0, 30), ZoneInfo("Europe/Bratislava"))


def test_an_order_makes_a_company_that_bears_our_key_and_a_licence_in_it(
    vendor: Vendor, licence: LicenceView, control: Any
) -> None:
    done = vendor.do(Step.ORDER, licence)
    stands = control.license(KEY)
    assert done == Done(reference=stands["publicLicenseKey"], show={"licence_id": stands["publicLicenseKey"]})
    assert (stands["productCode"], stands["quantity"], stands["state"], stands["trial"]) == ("101", 3, 1, False)
    company = control("GET", "companies")["companies"][0]
    assert (company["name"], company["custom_identifier"]) == ("1042 [ia7f-1-1]", KEY)
    assert company["address"] == {"streetAddress": "Example street 1", "city": "Exampleton", "zipCode": "12345"}
    assert control.calls() == ["Search/Companies", "Company/Create/customer", "License/Order"]


def test_the_products_code_wins_over_the_vendors(vendor: Vendor, make_licence: Any, control: Any) -> None:
    vendor.do(Step.ORDER, make_licence(options={"product_code": "102"}))
    assert control.license(KEY)["productName"] == "ESET Endpoint Security"


def test_an_order_without_any_product_code_is_rejected_before_a_call(
    make_vendor: Any, licence: LicenceView, control: Any
) -> None:
    with pytest.raises(Rejected, match=r"Antivirus names no product_code.*Set the product's option product_code"):
        make_vendor(product_code="").do(Step.ORDER, licence)
    assert control.calls() == []


def test_a_product_that_eset_does_not_sell_us_is_rejected_in_its_words(vendor: Vendor, make_licence: Any) -> None:
    with pytest.raises(Rejected, match=r"refuses ia7f-1-1: the product is not available.*\(code 8, subCode 27\)"):
        vendor.do(Step.ORDER, make_licence(options={"product_code": "999"}))


@pytest.mark.parametrize("paid_until", [None, APRIL])
def test_a_charge_of_a_full_licence_only_looks_whether_it_is_there(
    vendor: Vendor, ordered: LicenceView, control: Any, paid_until: datetime | None
) -> None:
    before = control.license(KEY)
    assert vendor.do(Step.CHARGE, replace(ordered, paid_until=paid_until)) == Done(reference=ordered.reference)
    assert control.license(KEY) == before
    assert control.calls()[3:] == ["License/Detail"]


def test_a_block_suspends_the_licence_and_nothing_else(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    before = control.license(KEY)
    assert vendor.do(Step.BLOCK, ordered) == Done()
    assert control.license(KEY) == {**before, "state": 3}
    assert control.companies() == ["1042 [ia7f-1-1]"]
    assert control.calls()[3:] == ["License/Suspend"]


def test_an_unblock_brings_back_the_same_key_and_seats(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    before = control.license(KEY)
    vendor.do(Step.BLOCK, ordered)
    assert vendor.do(Step.UNBLOCK, ordered) == Done()
    assert control.license(KEY) == before


def test_a_period_that_cannot_be_paid_is_suspended_at_once(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    assert vendor.do(Step.BEFORE_PERIOD_END, replace(ordered, suspend_from=APRIL)) == Done()
    assert control.license(KEY)["state"] == 3


@pytest.mark.parametrize("quantity", [1, 2, 10])
def test_a_change_sets_the_quantity_up_or_down(vendor: Vendor, ordered: LicenceView, control: Any, quantity: int) -> None:
    assert vendor.do(Step.CHANGE, replace(ordered, quantity=quantity), old_quantity=3) == Done()
    assert control.license(KEY)["quantity"] == quantity


def test_what_is_so_already_is_done(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    assert vendor.do(Step.UNBLOCK, ordered) == Done()
    for _ in range(2):
        assert vendor.do(Step.BLOCK, ordered) == Done()
    for _ in range(2):
        assert vendor.do(Step.UNBLOCK, ordered) == Done()
    assert vendor.do(Step.CHANGE, ordered, old_quantity=1) == Done()
    assert control.calls()[3:] == [
        "License/Unsuspend 36",
        "License/Suspend",
        "License/Suspend 21",
        "License/Unsuspend",
        "License/Unsuspend 22",
        "License/UpdateQuantity 48",
    ]


def test_a_change_of_one_that_is_suspended_there_is_read_first(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control("POST", f"licenses/{KEY}", {"suspended": True})
    with pytest.raises(OutcomeUnknown, match="ESET has ia7f-1-1 suspended"):
        vendor.do(Step.CHANGE, replace(ordered, quantity=5), old_quantity=3)
    assert vendor.read(ordered).state is SeenState.SUSPENDED


def test_a_quantity_that_eset_does_not_take_is_rejected(vendor: Vendor, ordered: LicenceView) -> None:
    with pytest.raises(Rejected, match="the quantity is out of range"):
        vendor.do(Step.CHANGE, replace(ordered, quantity=200_000), old_quantity=3)


def test_a_company_that_was_suspended_in_the_portal_leaves_the_outcome_unknown(
    vendor: Vendor, ordered: LicenceView, control: Any, sandbox: Any
) -> None:
    vendor.do(Step.BLOCK, ordered)
    sandbox.server.msp.companies[control.license(KEY)["customerId"]].status = "suspended"
    with pytest.raises(OutcomeUnknown, match="its state could not be changed"):
        vendor.do(Step.UNBLOCK, ordered)


@pytest.mark.parametrize(("usage", "state"), [(0, 1), (3, 4), (4, 0)])
def test_a_licence_whose_seats_are_used_up_or_overused_is_active(
    vendor: Vendor, ordered: LicenceView, control: Any, usage: int, state: int
) -> None:
    control("POST", f"licenses/{KEY}", {"usage": usage})
    assert control.license(KEY)["state"] == state
    assert vendor.read(ordered).state is SeenState.ACTIVE


def test_reading_tells_state_quantity_and_reference_with_and_without_it(vendor: Vendor, ordered: LicenceView) -> None:
    expected = SeenLicence(key=KEY, state=SeenState.ACTIVE, reference=ordered.reference, quantity=3)
    assert vendor.read(ordered) == expected
    assert vendor.read(replace(ordered, reference=None)) == expected
    vendor.do(Step.BLOCK, ordered)
    assert vendor.read(ordered) == replace(expected, state=SeenState.SUSPENDED)


def test_reading_what_was_never_there_says_absent(vendor: Vendor, licence: LicenceView) -> None:
    assert vendor.read(licence) == SeenLicence(key=KEY, state=SeenState.ABSENT)


def test_an_obsolete_licence_is_none(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control("POST", f"licenses/{KEY}", {"obsolete": True})
    assert vendor.read(ordered).state is SeenState.ABSENT


def test_a_cancel_suspends_and_marks_the_company_as_ended(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    assert vendor.do(Step.CANCEL, ordered) == Done()
    assert (control.license(KEY)["state"], control.companies()) == (3, ["1042 [ia7f-1-1, ended]"])
    assert vendor.read(ordered).state is SeenState.ENDED
    assert vendor.read(replace(ordered, reference=None)).state is SeenState.ENDED


def test_a_suspended_licence_that_is_cancelled_has_ended(vendor: Vendor, ordered: LicenceView) -> None:
    vendor.do(Step.BLOCK, ordered)
    vendor.do(Step.CANCEL, ordered)
    assert vendor.read(ordered).state is SeenState.ENDED


def test_a_cancel_of_what_is_not_there_is_done(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    assert vendor.do(Step.CANCEL, licence) == Done()
    assert control.companies() == []


def test_an_ended_licence_that_runs_again_is_active_whatever_its_companys_name(
    vendor: Vendor, ordered: LicenceView, control: Any
) -> None:
    vendor.do(Step.CANCEL, ordered)
    control("POST", f"licenses/{KEY}", {"suspended": False})
    assert vendor.read(ordered).state is SeenState.ACTIVE


def test_an_ended_licence_ordered_again_is_the_same_one_resumed(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    vendor.do(Step.CANCEL, ordered)
    done = vendor.do(Step.ORDER, replace(ordered, reference=None, quantity=5))
    assert isinstance(done, Done)
    assert done.reference == ordered.reference
    assert (control.license(KEY)["state"], control.license(KEY)["quantity"]) == (1, 5)
    assert control.companies() == ["1042 [ia7f-1-1]"]


@pytest.mark.parametrize("step", [Step.BLOCK, Step.UNBLOCK, Step.CHANGE, Step.CHARGE])
def test_a_change_of_a_missing_licence_is_rejected_by_its_key(vendor: Vendor, licence: LicenceView, step: Step) -> None:
    with pytest.raises(Rejected, match="ESET has no licence for ia7f-1-1"):
        vendor.do(step, licence)


@pytest.mark.parametrize("step", [Step.BLOCK, Step.UNBLOCK, Step.CHANGE])
def test_a_licence_that_went_to_somebody_else_is_rejected_without_pausing_the_vendor(
    vendor: Vendor, ordered: LicenceView, control: Any, step: Step
) -> None:
    control("POST", f"companies/{KEY}", {"somebody_else": True})
    with pytest.raises(Rejected, match=r"refuses ia7f-1-1: Forbidden.*belong to somebody else") as caught:
        vendor.do(step, ordered)
    assert caught.value.status == 403
    assert vendor.read(ordered).state is SeenState.ABSENT


@pytest.mark.parametrize(
    "step", [Step.ORDER, Step.CHARGE, Step.BLOCK, Step.BEFORE_PERIOD_END, Step.UNBLOCK, Step.CHANGE, Step.CANCEL, Step.READ]
)
def test_calling_a_hook_twice_changes_nothing_more(vendor: Vendor, ordered: LicenceView, control: Any, step: Step) -> None:
    asked = replace(ordered, quantity=4) if step is Step.CHANGE else ordered
    first = vendor.do(step, asked, old_quantity=3)
    once = (control.license(KEY), control.companies())
    assert vendor.do(step, asked, old_quantity=3) == first
    assert (control.license(KEY), control.companies()) == once


def test_no_hook_but_cancel_ever_ends_or_removes(vendor: Vendor, make_licence: Any, control: Any) -> None:
    for number, options in enumerate(({}, {"trial": "yes"})):
        licence = make_licence(f"L-{number}", options=options)
        for step in (Step.ORDER, Step.CHARGE, Step.BLOCK, Step.BEFORE_PERIOD_END, Step.UNBLOCK, Step.CHANGE, Step.READ):
            vendor.do(step, licence, old_quantity=3)
    assert list(vendor.list_licences())
    vendor.check()
    made = {"Company/Create/customer", "License/Order"}
    changes = {"License/Detail", "License/Suspend", "License/Unsuspend", "License/UpdateQuantity"}
    reads = {"Search/Companies", "Search/Licenses", "Company/Detail", "Company/Children", "User/Current", "Token/Get"}
    assert set(control("GET", "calls")["counts"]) <= made | changes | reads
