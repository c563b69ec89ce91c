"""Whatever goes wrong on the way to AV-Desk, the product is told what it may do next."""

import base64
import logging
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.host import Vendor
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SeenLicence,
    SeenState,
    Unauthorised,
    Unavailable,
    VendorError,
)
from isp_addons_avdesk.sandbox import AvDeskSandbox

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)

LOST = [
    ("refuse_before", OutcomeUnknown, "active"),
    ("error_500", OutcomeUnknown, "active"),
    ("unavailable_503", Unavailable, "active"),
    ("rate_limit", RateLimited, "active"),
    ("slow", OutcomeUnknown, "blocked"),
    ("timeout_after", OutcomeUnknown, "blocked"),
    ("garbage", OutcomeUnknown, "blocked"),
    ("partial", OutcomeUnknown, "blocked"),
]


def read(vendor: Vendor, licence: LicenceView) -> SeenLicence:
    found = vendor.do(Step.READ, licence)
    assert isinstance(found, SeenLicence)
    return found


@pytest.mark.parametrize(("kind", "error", "state"), LOST)
def test_a_change_that_goes_wrong_is_told_as_what_is_known_of_it(
    vendor: Vendor, licence: LicenceView, control: Any, kind: str, error: type[VendorError], state: str
) -> None:
    vendor.do(Step.ORDER, licence)
    control.fault(kind, script="stations/change")
    with pytest.raises(error, match="stations/change L-1") as caught:
        vendor.do(Step.BLOCK, licence)
    assert type(caught.value) is error
    if kind != "slow":  # a slow server is still at it
        assert control.station("L-1")["state"].replace("unactivated", "active") == state
    assert vendor.do(Step.BLOCK, licence) == Done(suspended_until=NOW + timedelta(days=365))


@pytest.mark.parametrize("kind", [kind for kind, _, _ in LOST])
def test_a_question_that_goes_wrong_is_asked_again_later(vendor: Vendor, licence: LicenceView, control: Any, kind: str) -> None:
    vendor.do(Step.ORDER, licence)
    control.fault(kind, script="stations/info")
    with pytest.raises(RateLimited if kind == "rate_limit" else Unavailable, match="stations/info L-1"):
        vendor.do(Step.READ, licence)
    assert read(vendor, licence).state is SeenState.ACTIVE


@pytest.mark.parametrize("kind", ["timeout_after", "garbage", "partial"])
def test_an_order_whose_answer_was_lost_is_found_again(vendor: Vendor, licence: LicenceView, control: Any, kind: str) -> None:
    control.fault(kind, script="stations/add")
    with pytest.raises(OutcomeUnknown):
        vendor.do(Step.ORDER, licence)
    assert read(vendor, licence) == SeenLicence(
        key="L-1", state=SeenState.ACTIVE, reference="L-1", account="1042", paid_until=APRIL
    )


def test_an_order_that_never_arrived_is_found_absent(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.fault("refuse_before", script="stations/add")
    with pytest.raises(OutcomeUnknown):
        vendor.do(Step.ORDER, licence)
    assert read(vendor, licence).state is SeenState.ABSENT


def test_a_cancel_whose_answer_was_lost_is_done_when_repeated(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    control.fault("timeout_after", script="stations/delete")
    with pytest.raises(OutcomeUnknown):
        vendor.do(Step.CANCEL, licence)
    assert read(vendor, licence).state is SeenState.ENDED
    assert vendor.do(Step.CANCEL, licence) == Done()


def test_a_rate_limit_tells_when_to_come_back(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.fault("rate_limit", seconds=90)
    with pytest.raises(RateLimited) as caught:
        vendor.do(Step.ORDER, licence)
    assert caught.value.until == NOW + timedelta(seconds=90)


def test_a_server_that_is_down_has_done_nothing(vendor: Vendor, licence: LicenceView, sandbox: AvDeskSandbox) -> None:
    vendor.do(Step.ORDER, licence)
    sandbox.stop()
    with pytest.raises(Unavailable, match="cannot be reached"):
        vendor.do(Step.BLOCK, licence)
    sandbox.start()
    vendor.do(Step.BLOCK, licence)
    assert read(vendor, licence).state is SeenState.SUSPENDED


def test_a_wrong_password_pauses_the_vendor(make_vendor: Any, licence: LicenceView) -> None:
    with pytest.raises(Unauthorised, match="Check the login and its rights"):
        make_vendor(password="wrong").do(Step.ORDER, licence)


def test_no_free_licence_is_rejected_in_the_vendors_words(make_vendor: Any, make_licence: Any) -> None:
    with AvDeskSandbox(licensed=1) as small:
        vendor = make_vendor(url=small.url, login="admin", password="sandbox")
        vendor.do(Step.ORDER, make_licence("L-1"))
        with pytest.raises(Rejected, match="L-2: There is no free licence"):
            vendor.do(Step.ORDER, make_licence("L-2"))
        vendor.do(Step.CANCEL, make_licence("L-1"))
        vendor.do(Step.ORDER, make_licence("L-2"))
        with pytest.raises(Rejected, match="no free licence"):
            vendor.do(Step.ORDER, make_licence("L-1"))


def test_a_fault_for_one_station_spares_the_others(vendor: Vendor, make_licence: Any, control: Any) -> None:
    control.fault("error_500", station="L-2", times=None)
    vendor.do(Step.ORDER, make_licence("L-1"))
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            vendor.do(Step.ORDER, make_licence("L-2"))
    control("DELETE", "faults")
    vendor.do(Step.ORDER, make_licence("L-2"))


def test_no_password_reaches_a_log_or_an_error(
    make_vendor: Any, licence: LicenceView, control: Any, sandbox: AvDeskSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    password = "pa55-of-av-desk"
    secrets = (password, base64.b64encode(f"billing:{password}".encode()).decode())
    caplog.set_level(logging.DEBUG)
    vendor = make_vendor(download_links="yes")
    told = [repr(vendor.plugin.context), str(vendor.check())]
    vendor.do(Step.ORDER, licence)
    for kind, _, _ in LOST:
        for step in (Step.BLOCK, Step.READ):
            control.fault(kind)
            with pytest.raises(VendorError) as caught:
                vendor.do(step, licence)
            told += [str(caught.value), repr(caught.value), caught.value.answer, *traceback.format_exception(caught.value)]
    sandbox.stop()
    with pytest.raises(VendorError) as caught:
        vendor.do(Step.CANCEL, licence)
    told += [str(caught.value), caught.value.answer, *traceback.format_exception(caught.value)]
    assert "stations/change.ds" in caplog.text  # the library's own debug log was on
    assert not [secret for secret in secrets if secret in caplog.text or secret in "\n".join(told)]


def test_the_moment_of_a_replay_reaches_the_server(
    vendor: Vendor, licence: LicenceView, control: Any, clock: ReplayClock
) -> None:
    clock.moment = datetime(2031, 1, 1, tzinfo=UTC)
    vendor.do(Step.ORDER, licence)
    assert control.station("L-1")["created"] == "2031-01-01T00:00:00+00:00"
    assert control("GET", "calls")["calls"][0]["time"] == "2031-01-01T00:00:00+00:00"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
@pytest.mark.parametrize("end", [datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC), datetime(2026, 7, 31, 22, tzinfo=UTC)])
def test_dates_come_back_as_they_were_sent_whatever_the_servers_zone(
    make_vendor: Any, make_licence: Any, zone: str, end: datetime
) -> None:
    with AvDeskSandbox(time_zone=zone) as server:
        vendor = make_vendor(url=server.url, login="admin", password="sandbox", time_zone=zone)
        licence = make_licence(paid_until=end, suspend_from=end)
        vendor.do(Step.ORDER, licence)
        vendor.do(Step.BEFORE_PERIOD_END, licence)
        found = read(vendor, licence)
    assert (found.paid_until, found.suspended_until) == (end, max(end, NOW) + timedelta(days=365))
    assert found.suspended_from == (end if end > NOW else None)
