"""Whatever goes wrong on the way to a gateway, the product is told what it may do next, and what came instead of an answer."""

import logging
import traceback
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import (
    LicenceView,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SeenState,
    Unauthorised,
    Unavailable,
    VendorError,
)

SECRET = "k3y-that-signs-everything"
HTML = {"text": "<html><body>Please log in</body></html>", "kind": "text/html"}


def failed(vendor: Vendor, step: Step, licence: LicenceView) -> VendorError:
    with pytest.raises(VendorError) as caught:
        vendor.do(step, licence)
    return caught.value


@pytest.mark.parametrize("done", [False, True])
def test_a_web_page_with_200_leaves_a_verb_unknown(vendor: Vendor, licence: LicenceView, control: Any, done: bool) -> None:
    vendor.do(Step.ORDER, licence)
    control.will_answer(action="suspend", done=done, **HTML)
    error = failed(vendor, Step.BLOCK, licence)
    assert type(error) is OutcomeUnknown
    expected = "answered with a web page or XML instead of JSON (text/html, 39 bytes). (HTTP 200)"
    assert str(error).startswith("suspend L-1: the gateway http://127.0.0.1:")
    assert str(error).endswith(expected)
    assert error.answer == HTML["text"]
    assert vendor.read(licence).state is (SeenState.SUSPENDED if done else SeenState.ACTIVE)


def test_a_web_page_with_200_answers_no_question(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    for ask in (lambda: vendor.read(licence), lambda: list(vendor.list_licences()), vendor.check):
        control.will_answer(**HTML)
        with pytest.raises(Unavailable, match="a web page or XML instead of JSON"):
            ask()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"text": ""}, "nothing at all"),
        ({"text": "OK"}, r"something that is no JSON \(text/plain, 2 bytes\)"),
        ({"body": {"status": "ok"}}, r"JSON of another shape \(Unable to extract tag"),
        ({"body": []}, "JSON of another shape"),
        ({"body": {"outcome": "pending", "poll_after_seconds": 0}}, "JSON of another shape .*greater than or equal to 1"),
        (
            {"body": {"outcome": "done", "suspended_until": "tomorrow"}},
            "JSON of another shape .*suspended_until: Input should be a valid datetime",
        ),
        ({"status": 204, "text": ""}, "nothing at all"),
    ],
)
def test_an_answer_of_another_shape_leaves_a_verb_unknown(
    vendor: Vendor, licence: LicenceView, control: Any, answer: dict[str, Any], says: str
) -> None:
    control.will_answer(action="order", **answer)
    with pytest.raises(OutcomeUnknown, match=f"answered with {says}"):
        vendor.do(Step.ORDER, licence)


def test_an_answer_about_another_licence_is_no_answer(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.will_answer(action="read", body={"key": "L-2", "state": "active", "quantity": 3})
    with pytest.raises(Unavailable, match="answered about another licence"):
        vendor.read(licence)


def test_a_wrong_secret_or_name_pauses_the_vendor(make_vendor: Any, licence: LicenceView) -> None:
    with pytest.raises(Unauthorised, match=r"It says: the signature is not that of this request.*Check secret and key_id"):
        make_vendor(secret="another-secret-of-ours").do(Step.ORDER, licence)
    with pytest.raises(Unauthorised, match="there is no secret of that name"):
        make_vendor(key_id="somebody").do(Step.ORDER, licence)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (404, Rejected), (409, Rejected), (302, Rejected), (403, Unauthorised), (500, OutcomeUnknown)],
)
def test_an_http_error_is_told_with_what_the_gateway_says_of_it(
    vendor: Vendor, licence: LicenceView, control: Any, status: int, kind: type[VendorError]
) -> None:
    control.will_answer(status=status, body={"code": "plan", "text": "there is no such plan"})
    error = failed(vendor, Step.ORDER, licence)
    assert type(error) is kind
    assert "there is no such plan" in f"{error} {error.answer}"


def test_an_address_that_is_wrong_is_said_to_be_wrong(
    make_vendor: Any, sandbox: Any, licence: LicenceView, control: Any
) -> None:
    with pytest.raises(Rejected, match="there is no such address"):
        make_vendor(url=f"{sandbox.url}/isp").do(Step.ORDER, licence)
    control.will_answer(status=404, text="<h1>Not found</h1>", kind="text/html")
    with pytest.raises(Rejected, match="check url in the vendor's section"):
        make_vendor().do(Step.ORDER, licence)
    control.will_answer(status=301, text="", kind="text/html")
    with pytest.raises(Rejected, match="set url to the final address"):
        make_vendor().do(Step.ORDER, licence)


def test_a_rate_limit_and_a_server_that_is_down_have_done_nothing(
    vendor: Vendor, licence: LicenceView, control: Any, sandbox: Any
) -> None:
    control.fault("rate_limit", seconds=90)
    error = failed(vendor, Step.ORDER, licence)
    assert isinstance(error, RateLimited)
    assert error.until is not None
    sandbox.stop()
    with pytest.raises(Unavailable, match="cannot be reached"):
        vendor.do(Step.ORDER, licence)
    sandbox.start()
    assert vendor.read(licence).state is SeenState.ABSENT


def test_no_secret_reaches_a_log_or_an_error(
    make_vendor: Any, licence: LicenceView, control: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor = make_vendor()
    told = [repr(vendor.plugin.context)]
    echo = {"code": f"x {SECRET}", "text": f"your secret is {SECRET}"}
    for answer in (
        {"status": 400, "body": echo},
        {"status": 401, "body": echo},
        {"status": 500, "body": echo},
        {"body": {"outcome": "rejected", **echo}},
        {"body": {"outcome": f"{SECRET}"}},
        {"body": {"outcome": "needs_operator", "instructions": SECRET}},
        {"text": f"{'x' * 290}{SECRET}"},
        {"text": f"<html>{SECRET}</html>", "kind": f"text/html+{SECRET}"},
    ):
        control.will_answer(**answer)
        try:
            told.append(repr(vendor.do(Step.ORDER, licence)))
        except VendorError as error:
            told += [str(error), repr(error), error.answer, error.hint, *traceback.format_exception(error)]
    everything = "\n".join([*told, caplog.text])
    assert "licences/L-1/order" in caplog.text, "the library's own debug log was on"
    assert SECRET not in everything
    assert SECRET[:10] not in everything, "nor a part of it"
