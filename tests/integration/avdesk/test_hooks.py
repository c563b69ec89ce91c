"""Every hook of the AV-Desk plugin, called as the product calls it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.host import Vendor
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    Rejected,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unsupported,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
PREMIUM = "91644cc3-1dc1-42dc-a41e-5ea001f5538d"
STANDARD = "ebe76ffc-69e1-4757-b2b3-41506832bc9b"


def test_the_capabilities_are_what_the_vendor_can_do(vendor: Vendor, make_vendor: Any) -> None:
    can = vendor.capabilities
    assert (can.suspends, can.can_schedule, can.counts_seats, can.endless) == (SuspendKind.BLOCK_WINDOW, True, True, True)
    assert (can.lists, can.changes_quantity, can.longest_suspension) == (True, False, YEAR)
    assert make_vendor(suspend_days="90").capabilities.longest_suspension == timedelta(days=90)
    assert not make_vendor(generation="3.x").capabilities.lists


def test_an_order_creates_a_station_with_our_id_and_terms(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    assert vendor.do(Step.ORDER, licence) == Done(reference="L-1")
    station = control.station("L-1")
    assert (station["user_id"], station["rate"], station["name"]) == ("1042", PREMIUM, "1042 Antivirus Premium")
    assert (station["expires"], station["state"]) == ("2026-04-01T00:00:00+00:00", "unactivated")


def test_an_order_without_end_never_expires(vendor: Vendor, make_licence: Any, control: Any) -> None:
    vendor.do(Step.ORDER, make_licence(paid_until=None))
    assert control.station("L-1")["expires"] is None


def test_the_products_tariff_wins_over_the_vendors(make_vendor: Any, make_licence: Any, control: Any) -> None:
    vendor = make_vendor(tariff=STANDARD)
    vendor.do(Step.ORDER, make_licence("L-1", options={"tariff": PREMIUM, "group": "homes"}))
    vendor.do(Step.ORDER, make_licence("L-2", options={}))
    assert (control.station("L-1")["rate"], control.station("L-1")["groups"]) == (PREMIUM, ["homes"])
    assert control.station("L-2")["rate"] == STANDARD


def test_an_unknown_tariff_is_rejected_with_the_vendors_words(vendor: Vendor, make_licence: Any, control: Any) -> None:
    with pytest.raises(Rejected, match="L-1: Tariff group 'no-such' does not exist"):
        vendor.do(Step.ORDER, make_licence(options={"tariff": "no-such"}))
    assert control("GET", "stations")["total"] == 0


def test_a_charge_moves_the_end(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.CHARGE, replace(licence, paid_until=MAY)) == Done()
    assert control.station("L-1")["expires"] == "2026-05-01T00:00:00+00:00"


def test_a_block_sets_a_window_from_now_and_tells_its_end(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.BLOCK, licence) == Done(suspended_until=NOW + YEAR)
    station = control.station("L-1")
    assert (station["state"], station["deleted"], station["rate"]) == ("blocked", False, PREMIUM)
    assert (station["block_begin"], station["block_end"]) == (NOW.isoformat(), (NOW + YEAR).isoformat())


def test_a_window_rolls_on_when_the_block_is_asked_for_again(
    vendor: Vendor, licence: LicenceView, control: Any, clock: ReplayClock
) -> None:
    vendor.do(Step.ORDER, licence)
    vendor.do(Step.BLOCK, licence)
    clock.moment = NOW + timedelta(days=300)
    assert vendor.do(Step.BLOCK, licence) == Done(suspended_until=NOW + timedelta(days=665))
    clock.moment = NOW + timedelta(days=600)
    assert control.station("L-1")["state"] == "blocked"


def test_before_the_period_ends_the_block_is_dated_to_what_is_paid(
    vendor: Vendor, licence: LicenceView, control: Any, clock: ReplayClock
) -> None:
    vendor.do(Step.ORDER, licence)
    answer = vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL))
    assert answer == Done(suspended_from=APRIL, suspended_until=APRIL + YEAR)
    assert control.station("L-1")["state"] == "unactivated"
    read = vendor.do(Step.READ, licence)
    assert isinstance(read, SeenLicence)
    assert (read.state, read.suspended_from) == (SeenState.SUSPENDED, APRIL)
    clock.moment = APRIL
    assert control.station("L-1")["state"] == "blocked"


def test_before_the_period_ends_the_block_comes_at_once_where_that_is_set(
    make_vendor: Any, licence: LicenceView, control: Any
) -> None:
    vendor = make_vendor(before_period_end="at_once")
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL)) == Done(suspended_until=NOW + YEAR)
    assert control.station("L-1")["state"] == "blocked"


@pytest.mark.parametrize("suspend_from", [None, NOW - timedelta(days=3)])
def test_an_unpaid_period_that_has_begun_is_blocked_now(
    vendor: Vendor, licence: LicenceView, control: Any, suspend_from: datetime | None
) -> None:
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=suspend_from)) == Done(suspended_until=NOW + YEAR)
    assert control.station("L-1")["state"] == "blocked"


def test_an_unblock_clears_the_window_and_sets_the_end_in_one_call(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    before = control.station("L-1")
    vendor.do(Step.BLOCK, licence)
    assert vendor.do(Step.UNBLOCK, replace(licence, paid_until=MAY)) == Done()
    station = control.station("L-1")
    assert station == {**before, "expires": "2026-05-01T00:00:00+00:00"}
    assert control.scripts() == ["stations/add", "stations/change", "stations/change"]


def test_an_unblock_lifts_a_dated_block_too(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL))
    vendor.do(Step.UNBLOCK, licence)
    assert control.station("L-1")["block_begin"] is None


def test_a_cancel_deletes_and_the_licence_has_ended(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.CANCEL, licence) == Done()
    assert control.station("L-1")["state"] == "deleted"
    read = vendor.do(Step.READ, licence)
    assert isinstance(read, SeenLicence)
    assert read.state is SeenState.ENDED


def test_reading_tells_state_account_and_end(vendor: Vendor, licence: LicenceView) -> None:
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.READ, licence) == SeenLicence(
        key="L-1", state=SeenState.ACTIVE, reference="L-1", account="1042", paid_until=APRIL
    )
    vendor.do(Step.BLOCK, licence)
    assert vendor.do(Step.READ, licence) == SeenLicence(
        key="L-1",
        state=SeenState.SUSPENDED,
        reference="L-1",
        account="1042",
        paid_until=APRIL,
        suspended_until=NOW + YEAR,
    )


def test_reading_what_was_never_there_says_absent(vendor: Vendor, licence: LicenceView) -> None:
    assert vendor.do(Step.READ, licence) == SeenLicence(key="L-1", state=SeenState.ABSENT)


def test_a_licence_with_the_vendors_own_reference_is_found_by_it(vendor: Vendor, make_licence: Any, control: Any) -> None:
    control("POST", "stations", {"id": "made-by-hand", "user_id": "1042"})
    licence = make_licence("L-9", reference="made-by-hand")
    vendor.do(Step.BLOCK, licence)
    read = vendor.do(Step.READ, licence)
    assert isinstance(read, SeenLicence)
    assert (read.key, read.reference, read.state) == ("L-9", "made-by-hand", SeenState.SUSPENDED)


@pytest.mark.parametrize("step", [Step.BLOCK, Step.BEFORE_PERIOD_END, Step.UNBLOCK, Step.CHARGE])
def test_a_change_of_a_missing_station_is_rejected_by_its_name(vendor: Vendor, licence: LicenceView, step: Step) -> None:
    with pytest.raises(Rejected, match=r"L-1: Station 'L-1' does not exist \(code 17\)"):
        vendor.do(step, licence)


def test_a_cancel_of_a_missing_station_is_done(vendor: Vendor, licence: LicenceView) -> None:
    assert vendor.do(Step.CANCEL, licence) == Done()


def test_a_change_of_quantity_is_unsupported(vendor: Vendor, licence: LicenceView) -> None:
    with pytest.raises(Unsupported):
        vendor.do(Step.CHANGE, licence, old_quantity=2)


@pytest.mark.parametrize(
    "step", [Step.ORDER, Step.CHARGE, Step.BLOCK, Step.BEFORE_PERIOD_END, Step.UNBLOCK, Step.CANCEL, Step.READ]
)
def test_calling_a_hook_twice_changes_nothing_more(vendor: Vendor, licence: LicenceView, control: Any, step: Step) -> None:
    vendor.do(Step.ORDER, licence)
    asked = replace(licence, suspend_from=APRIL)
    first = vendor.do(step, asked)
    once = control.station("L-1")
    assert vendor.do(step, asked) == first
    assert control.station("L-1") == once


def test_no_hook_but_cancel_ever_deletes(make_vendor: Any, make_licence: Any, control: Any) -> None:
    for number, policy in enumerate(("at_period_end", "at_once")):
        vendor = make_vendor(before_period_end=policy)
        licence = make_licence(f"L-{number}", suspend_from=APRIL)
        for step in (Step.ORDER, Step.CHARGE, Step.BLOCK, Step.BEFORE_PERIOD_END, Step.UNBLOCK, Step.READ, Step.ORDER):
            vendor.do(step, licence)
        assert list(vendor.list_licences())
        vendor.check()
    assert "stations/delete" not in control("GET", "calls")["counts"]
    vendor.do(Step.CANCEL, licence)
    assert control("GET", "calls")["counts"]["stations/delete"] == 1


def test_generation_3_orders_with_links_and_blocks(make_vendor: Any, licence: LicenceView, control: Any) -> None:
    vendor = make_vendor(generation="3.x")
    answer = vendor.do(Step.ORDER, licence)
    assert isinstance(answer, Done)
    assert answer.show["download_android"].endswith("id=L-1&os=android")
    vendor.do(Step.BLOCK, licence)
    read = vendor.do(Step.READ, licence)
    assert isinstance(read, SeenLicence)
    assert (read.state, read.account) == (SeenState.SUSPENDED, None)
    assert vendor.do(Step.ORDER, licence) == Done(reference="L-1", show=answer.show)
    assert control.station("L-1")["state"] == "unactivated"
    with pytest.raises(Unsupported, match=r"3\.x cannot list"):
        list(vendor.list_licences())


def test_generation_3_cannot_restore_and_says_what_to_do(make_vendor: Any, licence: LicenceView) -> None:
    vendor = make_vendor(generation="3.x")
    vendor.do(Step.ORDER, licence)
    vendor.do(Step.CANCEL, licence)
    with pytest.raises(Rejected, match="Restore it in the Control Center"):
        vendor.do(Step.ORDER, licence)
