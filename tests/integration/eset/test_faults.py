"""Whatever goes wrong on the way to ESET, the product is told what it may do next."""

import logging
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SeenState,
    Unauthorised,
    Unavailable,
    VendorError,
)
from isp_addons.vendor_api.stand_in import Call, Request
from isp_addons_eset.sandbox import EsetSandbox

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
KEY = "ia7f-1-1"

LOST = [
    ("refuse_before", OutcomeUnknown, 1),
    ("error_500", OutcomeUnknown, 1),
    ("unavailable_503", Unavailable, 1),
    ("rate_limit", RateLimited, 1),
    ("slow", OutcomeUnknown, None),  # it is still at it
    ("timeout_after", OutcomeUnknown, 3),
    ("garbage", OutcomeUnknown, 3),
    ("partial", OutcomeUnknown, 3),
]


@pytest.mark.parametrize(("kind", "error", "state"), LOST)
def test_a_change_that_goes_wrong_is_told_as_what_is_known_of_it(
    vendor: Vendor, ordered: LicenceView, control: Any, kind: str, error: type[VendorError], state: int | None
) -> None:
    control.fault(kind, action="License/Suspend")
    with pytest.raises(error, match="License/Suspend ia7f-1-1") as caught:
        vendor.do(Step.BLOCK, ordered)
    assert type(caught.value) is error
    if state is not None:
        assert control.license(KEY)["state"] == state
    assert vendor.do(Step.BLOCK, ordered) == Done()
    assert control.license(KEY)["state"] == 3


@pytest.mark.parametrize("action", ["License/Detail", "Search/Companies", "Search/Licenses", "Token/Get"])
@pytest.mark.parametrize("kind", [kind for kind, _, _ in LOST])
def test_a_question_that_goes_wrong_is_asked_again_later(
    make_vendor: Any, ordered: LicenceView, control: Any, kind: str, action: str
) -> None:
    vendor = make_vendor()
    asked = ordered if action in ("License/Detail", "Token/Get") else replace(ordered, reference=None)
    control.fault(kind, action=action, times=None)
    with pytest.raises(RateLimited if kind == "rate_limit" else Unavailable, match=action):
        vendor.read(asked)
    control("DELETE", "faults")
    assert vendor.read(asked).state is SeenState.ACTIVE


@pytest.mark.parametrize("action", ["Company/Create/customer", "License/Order"])
@pytest.mark.parametrize("kind", ["timeout_after", "garbage", "partial", "error_500", "refuse_before"])
def test_an_order_whose_answer_was_lost_is_read_and_never_made_twice(
    vendor: Vendor, licence: LicenceView, control: Any, kind: str, action: str
) -> None:
    control.fault(kind, action=action)
    with pytest.raises(OutcomeUnknown, match=f"{action} ia7f-1-1"):
        vendor.do(Step.ORDER, licence)
    found = vendor.read(licence)
    there = action == "License/Order" and kind not in ("error_500", "refuse_before")
    assert found.state is (SeenState.ACTIVE if there else SeenState.ABSENT)
    done = vendor.do(Step.ORDER, licence)
    assert isinstance(done, Done)
    assert len(control("GET", "licenses")["licenses"]) == 1
    assert len(control.companies()) == 1
    assert found.reference in (None, done.reference)


@pytest.mark.parametrize("action", ["Company/Update/customer", "License/Suspend"])
def test_a_cancel_whose_answer_was_lost_is_done_when_repeated(
    vendor: Vendor, ordered: LicenceView, control: Any, action: str
) -> None:
    control.fault("timeout_after", action=action)
    with pytest.raises(OutcomeUnknown):
        vendor.do(Step.CANCEL, ordered)
    assert vendor.read(ordered).state is (SeenState.ENDED if action == "License/Suspend" else SeenState.ACTIVE)
    assert vendor.do(Step.CANCEL, ordered) == Done()
    assert vendor.read(ordered).state is SeenState.ENDED


def test_a_rate_limit_tells_when_to_come_back(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control.fault("rate_limit", seconds=90)
    with pytest.raises(RateLimited) as caught:
        vendor.do(Step.BLOCK, ordered)
    assert caught.value.until == NOW + timedelta(seconds=90)


def test_maintenance_is_waited_out(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control("POST", "maintenance", {"on": True})
    with pytest.raises(Unavailable, match="down for maintenance") as caught:
        vendor.do(Step.BLOCK, ordered)
    assert caught.value.status == 503
    control("POST", "maintenance", {"on": False})
    assert vendor.do(Step.BLOCK, ordered) == Done()


def test_a_server_that_is_down_has_done_nothing(vendor: Vendor, ordered: LicenceView, sandbox: EsetSandbox) -> None:
    sandbox.stop()
    with pytest.raises(Unavailable, match="cannot be reached"):
        vendor.do(Step.BLOCK, ordered)
    sandbox.start()
    assert vendor.read(ordered).state is SeenState.ACTIVE
    vendor.do(Step.BLOCK, ordered)
    assert vendor.read(ordered).state is SeenState.SUSPENDED


def test_a_wrong_password_pauses_the_vendor(make_vendor: Any, licence: LicenceView) -> None:
    with pytest.raises(Unauthorised, match=r"Token/Get: .*Check the login and its rights"):
        make_vendor(password="wrong").do(Step.ORDER, licence)


def test_a_vendor_that_keeps_refusing_its_own_tokens_is_paused(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    before = control.count("Token/Get")
    control.fault("unauthorised_401", action="License/Suspend", times=None)
    with pytest.raises(Unauthorised):
        vendor.do(Step.BLOCK, ordered)
    assert control.count("Token/Get") == before + 1  # one new token, not one after the other


def test_a_wrong_address_pauses_the_vendor_and_names_the_setting(make_vendor: Any, ordered: LicenceView) -> None:
    class Elsewhere(EsetSandbox):
        """A server of ESET's that has no such pages."""

        def route(self, request: Request, now: datetime) -> Call:
            call = super().route(request, now)
            call.refused = self.failure(call, 403)
            return call

    with Elsewhere() as other, pytest.raises(Unauthorised, match=r"ESET knows no page Token/Get.*Check url"):
        make_vendor(server=other).read(ordered)


@pytest.mark.parametrize("action", ["Token/Get", "License/Suspend", "License/Detail"])
def test_a_page_that_eset_does_not_know_pauses_the_vendor(
    make_vendor: Any, ordered: LicenceView, sandbox: EsetSandbox, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    route = sandbox.route

    def without(request: Request, now: datetime) -> Call:
        call = route(request, now)
        if call.action == action:
            call.refused = sandbox.failure(call, 403)
        return call

    monkeypatch.setattr(sandbox, "route", without)
    step = Step.READ if action == "License/Detail" else Step.BLOCK
    with pytest.raises(Unauthorised, match=f"ESET knows no page {action}"):
        make_vendor().do(step, ordered)


def test_a_login_without_rights_to_order_pauses_the_vendor(vendor: Vendor, licence: LicenceView, make_vendor: Any) -> None:
    somebody = make_vendor(parent_company="11111111-2222-3333-4444-555555555555")
    with pytest.raises(Unauthorised) as caught:
        somebody.do(Step.ORDER, licence)
    assert caught.value.status == 403
    assert vendor.read(licence).state is SeenState.ABSENT


def test_a_refusal_that_is_no_sub_code_is_shown_in_esets_words(make_vendor: Any, ordered: LicenceView, control: Any) -> None:
    control.fault("not_found_404", action="License/Suspend")
    with pytest.raises(Rejected, match="ESET refuses ia7f-1-1: Resource not found"):
        make_vendor().do(Step.BLOCK, ordered)


def test_a_fault_for_one_licence_spares_the_others(vendor: Vendor, make_licence: Any, control: Any) -> None:
    control.fault("error_500", object="L-2", times=None)
    vendor.do(Step.ORDER, make_licence("L-1"))
    with pytest.raises(VendorError):
        vendor.do(Step.ORDER, make_licence("L-2"))
    vendor.do(Step.BLOCK, make_licence("L-1"))


def test_no_password_and_no_token_reaches_a_log_or_an_error(
    make_vendor: Any, ordered: LicenceView, control: Any, sandbox: EsetSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor = make_vendor()
    told = [repr(vendor.plugin.context), str(vendor.check())]
    for kind, _, _ in [*LOST, ("unauthorised_401", None, None)]:
        for step, action in [(Step.BLOCK, "License/Suspend"), (Step.READ, "License/Detail"), (Step.READ, "Token/Get")]:
            if action == "Token/Get":
                control("DELETE", "tokens")
            control.fault(kind, action=action, times=None)
            with pytest.raises(VendorError) as caught:
                vendor.do(step, ordered)
            control("DELETE", "faults")
            told += [str(caught.value), repr(caught.value), caught.value.answer, *traceback.format_exception(caught.value)]
    secrets = {"pa55-of-eset", *sandbox._access, *sandbox._refresh}
    assert len(secrets) > 5
    assert "/api/License/Suspend" in caplog.text  # the library's own debug log was on
    assert not [secret for secret in secrets if secret in caplog.text or secret in "\n".join(told)]


def test_the_moment_of_a_replay_reaches_the_server(
    vendor: Vendor, licence: LicenceView, control: Any, clock: ReplayClock
) -> None:
    clock.moment = datetime(2031, 1, 1, tzinfo=UTC)
    vendor.do(Step.ORDER, licence)
    assert control.license(KEY)["lastUpdate"] == "2031-01-01T00:00:00Z"
