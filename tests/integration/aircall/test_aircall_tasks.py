"""Every step of a licence is told to a person, with the exact values, in the language of the installation."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from integration.aircall.conftest import MakeLicence, MakeVendor
from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Done, LicenceView, NeedsOperator, Rejected, Unsupported

STEPS = [Step.ORDER, Step.CHANGE, Step.BLOCK, Step.UNBLOCK, Step.CANCEL]


def _told(vendor: Vendor, step: Step, licence: LicenceView) -> str:
    answer = vendor.do(step, licence, old_quantity=2)
    assert isinstance(answer, NeedsOperator)
    return answer.instructions


def test_an_order_tells_exactly_what_to_buy_and_for_whom(vendor: Vendor, make_licence: MakeLicence) -> None:
    assert _told(vendor, Step.ORDER, make_licence()) == (
        "Buy 3 licences of AI Assist in Aircall for Bakery Ltd (account 1042)\n"
        "1. Sign in to dashboard.aircall.io as an owner of the company Bakery Ltd.\n"
        "2. Open Plan and buy the add-on in exactly this quantity.\n"
        "3. Open Users & Teams and switch the add-on on for exactly these users; 1 licences stay free.\n"
        "   Company: Bakery Ltd\n"
        "   Add-on: AI Assist\n"
        "   Quantity: 3\n"
        "   Users: anna@example.net, bo@example.net\n"
        "   Our key: ia7f-1-1"
    )


@pytest.mark.parametrize("language", ["en", "de", "ru", "uk", "fr"])
@pytest.mark.parametrize("step", STEPS)
def test_each_step_names_company_add_on_quantity_and_users_in_each_language(
    make_vendor: MakeVendor, make_licence: MakeLicence, step: Step, language: str
) -> None:
    told = _told(make_vendor(language=language), step, make_licence())

    for value in ("Bakery Ltd", "1042", "AI Assist", "3", "anna@example.net, bo@example.net", "ia7f-1-1"):
        assert value in told, value
    assert "{" not in told


@pytest.mark.parametrize("language", ["en", "de", "ru", "uk", "fr"])
@pytest.mark.parametrize("step", [Step.ORDER, Step.BLOCK, Step.UNBLOCK, Step.CANCEL])
def test_an_add_on_for_the_whole_company_names_no_users(
    make_vendor: MakeVendor, make_licence: MakeLicence, step: Step, language: str
) -> None:
    wide = make_licence(options={"add_on": "Analytics+", "scope": "account"}, quantity=1)

    told = _told(make_vendor(language=language), step, wide)

    assert "Analytics+" in told
    assert "anna@example.net" not in told


def test_a_change_names_both_quantities(vendor: Vendor, make_licence: MakeLicence) -> None:
    assert "from 2 to 3 licences" in _told(vendor, Step.CHANGE, make_licence())


def test_what_has_no_quantity_at_aircall_needs_nobody_to_change_it(vendor: Vendor, make_licence: MakeLicence) -> None:
    wide = make_licence(options={"add_on": "Analytics+", "scope": "account"})

    assert vendor.do(Step.CHANGE, wide, old_quantity=2) == Done()


def test_a_payment_needs_nobody(vendor: Vendor, make_licence: MakeLicence) -> None:
    paid = make_licence(paid_until=datetime(2026, 5, 1, tzinfo=UTC))

    assert vendor.do(Step.CHARGE, paid) == Done()


@pytest.mark.parametrize("step", [*STEPS, Step.CHARGE])
def test_a_product_sold_to_another_account_is_refused(vendor: Vendor, make_licence: MakeLicence, step: Step) -> None:
    with pytest.raises(Rejected, match="the company of account 1042, not of 77"):
        vendor.do(step, make_licence(account="77"), old_quantity=2)


def test_a_scope_that_does_not_exist_is_refused(vendor: Vendor, make_licence: MakeLicence) -> None:
    with pytest.raises(Rejected, match="scope = acount; it is one of seat, account"):
        vendor.do(Step.ORDER, make_licence(options={"scope": "acount"}))


def test_without_an_add_on_the_products_own_code_is_told(vendor: Vendor, make_licence: MakeLicence) -> None:
    assert "Add-on: assist\n" in _told(vendor, Step.ORDER, make_licence(options={}))


def test_nobody_with_a_seat_is_a_dash_and_very_many_are_counted(vendor: Vendor, make_licence: MakeLicence) -> None:
    many = tuple(f"user{number:04}@example.net" for number in range(500))

    assert "Users: -\n" in _told(vendor, Step.ORDER, make_licence(users=()))
    told = _told(vendor, Step.ORDER, make_licence(users=many, quantity=500))
    assert "user0000@example.net, user0001@example.net" in told
    assert "… (+" in told
    assert len(told) < 4000


def test_nothing_can_be_read_of_an_add_on(vendor: Vendor, make_licence: MakeLicence) -> None:
    calls: list[Callable[[], object]] = [lambda: vendor.read(make_licence()), lambda: list(vendor.list_licences())]
    for call in calls:
        with pytest.raises(Unsupported):
            call()
