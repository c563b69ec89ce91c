"""Orders that find something there already, and trials."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Done, LicenceView, Rejected, SeenState
from isp_addons_eset.sandbox import EsetSandbox

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
KEY = "ia7f-1-1"
DAYS_30 = timedelta(days=30)


def reference(answer: object) -> str:
    assert isinstance(answer, Done)
    assert answer.reference is not None
    return answer.reference


def test_an_order_in_a_company_without_a_licence_is_made_there(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control("POST", "companies", {"name": "1042 [ia7f-1-1]"})
    vendor.do(Step.ORDER, licence)
    assert control.calls() == ["Search/Companies", "Search/Licenses", "License/Order"]
    assert control.companies() == ["1042 [ia7f-1-1]"]


def test_an_order_for_what_is_there_takes_it_without_a_change(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    assert reference(vendor.do(Step.ORDER, replace(ordered, reference=None))) == ordered.reference
    assert control.calls()[3:] == ["Search/Companies", "Search/Licenses"]


@pytest.mark.parametrize("differs", [{"suspended": True}, {"quantity": 9}, {"suspended": True, "quantity": 1}])
def test_an_order_for_what_is_there_makes_it_as_ordered(
    vendor: Vendor, ordered: LicenceView, control: Any, differs: dict[str, Any]
) -> None:
    as_ordered = control.license(KEY)
    control("POST", f"licenses/{KEY}", differs)
    assert control.license(KEY) != as_ordered
    vendor.do(Step.ORDER, replace(ordered, reference=None))
    assert control.license(KEY) == as_ordered


def test_a_company_that_was_renamed_in_the_portal_is_found_by_its_identifier(
    vendor: Vendor, ordered: LicenceView, control: Any
) -> None:
    control("POST", f"companies/{KEY}", {"name": "Ivanov, flat 7"})
    assert vendor.read(replace(ordered, reference=None)).reference == ordered.reference
    assert reference(vendor.do(Step.ORDER, replace(ordered, reference=None))) == ordered.reference
    vendor.do(Step.CANCEL, ordered)
    assert control.companies() == ["Ivanov, flat 7 [ia7f-1-1, ended]"]
    assert vendor.read(ordered).state is SeenState.ENDED


def test_a_key_that_begins_like_another_is_not_taken_for_it(vendor: Vendor, make_licence: Any) -> None:
    long = reference(vendor.do(Step.ORDER, make_licence("ia7f-1-10")))
    assert vendor.read(make_licence("ia7f-1-1")).state is SeenState.ABSENT
    assert reference(vendor.do(Step.ORDER, make_licence("ia7f-1-1"))) != long


def test_a_renamed_company_whose_identifier_begins_alike_is_not_taken_for_it(
    vendor: Vendor, make_licence: Any, control: Any
) -> None:
    vendor.do(Step.ORDER, make_licence("ia7f-1-10"))
    control("POST", "companies/ia7f-1-10", {"name": "Bakery"})
    assert vendor.read(make_licence("ia7f-1-1")).state is SeenState.ABSENT


def test_two_companies_that_bear_one_key_are_shown_to_a_person(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control("POST", "companies", {"name": "copy of 1042 [ia7f-1-1]"})
    with pytest.raises(Rejected, match=r"ESET has 2 companies that bear the key ia7f-1-1\. Rename all but one"):
        vendor.do(Step.ORDER, replace(ordered, reference=None))


def test_an_account_may_order_the_same_product_twice(vendor: Vendor, make_licence: Any, control: Any) -> None:
    one, two = (reference(vendor.do(Step.ORDER, make_licence(key))) for key in ("ia7f-1-1", "ia7f-2-1"))
    assert one != two
    vendor.do(Step.CANCEL, make_licence("ia7f-1-1", reference=one))
    assert control.license(two)["state"] == 1


def test_a_licence_added_by_hand_to_our_company_is_left_alone(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    other = control("POST", "licenses", {"company": KEY, "product": "103"})
    by_key = replace(ordered, reference=None)
    assert vendor.read(by_key).reference == ordered.reference
    vendor.do(Step.BLOCK, by_key)
    assert control.license(other["publicLicenseKey"]) == other


def test_several_licences_of_which_none_is_ours_for_sure_are_shown_to_a_person(
    vendor: Vendor, ordered: LicenceView, control: Any
) -> None:
    control("POST", "licenses", {"company": KEY, "product": "103"})
    with pytest.raises(Rejected, match="several licences in the company of ia7f-1-1"):
        vendor.read(replace(ordered, reference=None, options={"product_code": "102"}))


def test_a_licence_in_a_company_made_by_hand_is_cancelled_without_renaming_the_company(
    vendor: Vendor, make_licence: Any, control: Any
) -> None:
    control("POST", "companies", {"name": "Bakery"})
    company = control("GET", "companies")["companies"][0]["id"]
    made = control("POST", "licenses", {"company": company})
    licence = make_licence(reference=made["publicLicenseKey"])
    vendor.do(Step.CANCEL, licence)
    assert control.companies() == ["Bakery"]
    assert control.license(made["publicLicenseKey"])["state"] == 3


TRIAL = {"trial": "yes"}


@pytest.fixture
def trial(vendor: Vendor, make_licence: Any) -> LicenceView:
    licence: LicenceView = make_licence(options=TRIAL)
    return replace(licence, reference=reference(vendor.do(Step.ORDER, licence)))


def test_a_trial_has_an_end_of_its_own(vendor: Vendor, trial: LicenceView, control: Any) -> None:
    assert control.license(KEY)["trial"] is True
    has = vendor.read(trial)
    assert (has.state, has.paid_until) == (SeenState.ACTIVE, NOW + DAYS_30)


@pytest.mark.parametrize(("later", "extensions"), [(1, 0), (15, 0), (16, 1), (31, 1), (46, 2)])
def test_a_trial_is_extended_when_more_than_half_an_extension_is_missing(
    vendor: Vendor, trial: LicenceView, control: Any, later: int, extensions: int
) -> None:
    asked = replace(trial, paid_until=NOW + DAYS_30 + timedelta(days=later))
    for _ in range(2):
        assert vendor.do(Step.CHARGE, asked) == Done(reference=trial.reference)
        assert control.license(KEY)["trialExtensions"] == extensions


def test_a_trial_cannot_be_extended_for_ever(vendor: Vendor, trial: LicenceView) -> None:
    with pytest.raises(Rejected, match="a trial cannot be extended more often"):
        vendor.do(Step.CHARGE, replace(trial, paid_until=NOW + 4 * DAYS_30))


def test_a_trial_that_has_run_out_is_active_until_the_past(vendor: Vendor, trial: LicenceView, clock: ReplayClock) -> None:
    clock.moment = NOW + 2 * DAYS_30
    assert vendor.read(trial).paid_until == NOW + DAYS_30
    with pytest.raises(Rejected, match="it has expired"):
        vendor.do(Step.CHARGE, replace(trial, paid_until=NOW + 3 * DAYS_30))


@pytest.mark.parametrize("new_key", [True, False])
def test_a_trial_whose_product_is_no_trial_any_more_becomes_a_full_licence(
    make_vendor: Any, make_licence: Any, new_key: bool
) -> None:
    with EsetSandbox(new_key_on_convert=new_key) as server:
        vendor = make_vendor(server=server)
        old = reference(vendor.do(Step.ORDER, make_licence(options=TRIAL)))
        full = make_licence(reference=old, quantity=5)
        new = reference(vendor.do(Step.CHARGE, full))
        assert (new != old) is new_key
        for known in (old, new, None):
            has = vendor.read(replace(full, reference=known))
            assert (has.state, has.quantity, has.paid_until, has.reference) == (SeenState.ACTIVE, 5, None, new)


def test_a_key_that_was_replaced_is_found_anew(make_vendor: Any, make_licence: Any) -> None:
    with EsetSandbox() as server:
        vendor = make_vendor(server=server)
        old = reference(vendor.do(Step.ORDER, make_licence()))
        stored = server.server.msp.licences
        row = stored.pop(old)
        row.key = "3AA-NEW-KEY"
        stored[row.key] = row
        assert vendor.do(Step.BLOCK, make_licence(reference=old)) == Done(reference="3AA-NEW-KEY")
        assert row.suspended


def test_a_cancelled_trial_is_removed(vendor: Vendor, trial: LicenceView, control: Any) -> None:
    for _ in range(2):
        assert vendor.do(Step.CANCEL, trial) == Done()
        assert vendor.read(trial).state is SeenState.ENDED
    assert control.license(KEY)["removed"] is True
    assert control.companies() == ["1042 [ia7f-1-1, ended]"]


def test_a_removed_trial_can_be_ordered_again(vendor: Vendor, trial: LicenceView, control: Any) -> None:
    vendor.do(Step.CANCEL, trial)
    again = reference(vendor.do(Step.ORDER, replace(trial, reference=None, options={})))
    assert again != trial.reference
    assert (control.license(KEY)["trial"], control.companies()) == (False, ["1042 [ia7f-1-1]"])


def test_trials_that_are_not_allowed_are_rejected_in_esets_words(make_vendor: Any, make_licence: Any) -> None:
    with EsetSandbox(trials=False) as server, pytest.raises(Rejected, match="trials are not allowed"):
        make_vendor(server=server).do(Step.ORDER, make_licence(options=TRIAL))


def test_an_option_trial_that_is_neither_yes_nor_no_is_rejected(vendor: Vendor, make_licence: Any, control: Any) -> None:
    with pytest.raises(Rejected, match=r"The option trial of the product Antivirus is 'maybe'.*Write yes or no"):
        vendor.do(Step.ORDER, make_licence(options={"trial": "maybe"}))
    assert control.calls() == []
