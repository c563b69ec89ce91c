"""The stand-in gateway: whom it believes, what it takes for a repeat, its doors."""

import http.client
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import LicenceView, Rejected, ReplayClock, SystemClock, Unauthorised
from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons_gateway.sandbox import GatewaySandbox
from isp_addons_gateway.signature import KEY_ID, SIGNATURE, TIMESTAMP, sign

SECRET = "k3y-that-signs-everything"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())


def ask(sandbox: Any, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
    """One request, rightly signed unless *headers* say otherwise."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]), timeout=5)
    signature = sign(SECRET, timestamp=AT, method=method, target=path, body=body.encode())
    told = {KEY_ID: "isp-addons", TIMESTAMP: str(AT), SIGNATURE: signature, CLOCK_HEADER: NOW.isoformat()}
    names = {"key": KEY_ID, "timestamp": TIMESTAMP, "signature": SIGNATURE}
    for name, value in headers.items():
        told[names[name]] = value
    try:
        connection.request(method, path, body or None, {name: value for name, value in told.items() if value})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_signed_request_is_served(sandbox: Any) -> None:
    assert ask(sandbox, "GET", "/licences/L-1")[1] == {"key": "L-1", "state": "absent", "quantity": 0}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"signature": ""}, "not_signed"),
        ({"key": ""}, "not_signed"),
        ({"timestamp": ""}, "not_signed"),
        ({"key": "somebody"}, "unknown_key"),
        ({"signature": "v1=00"}, "wrong_signature"),
        ({"timestamp": str(AT + 1)}, "wrong_signature"),
    ],
)
def test_a_request_that_is_not_ours_is_turned_away(sandbox: Any, headers: dict[str, str], code: str) -> None:
    status, told = ask(sandbox, "GET", "/licences", **headers)
    assert (status, told["code"]) == (401, code)


def test_a_body_that_was_changed_on_the_way_is_turned_away(sandbox: Any) -> None:
    good = sign(SECRET, timestamp=AT, method="POST", target="/licences/L-1/cancel", body=b"{}")
    status, told = ask(sandbox, "POST", "/licences/L-1/cancel", '{"a": 1}', signature=good)
    assert (status, told["code"]) == (401, "wrong_signature")


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
def test_a_clock_that_is_off_by_more_than_five_minutes_is_turned_away(sandbox: Any, seconds: int, status: int) -> None:
    at = AT + seconds
    signature = sign(SECRET, timestamp=at, method="GET", target="/licences", body=b"")
    answered, told = ask(sandbox, "GET", "/licences", timestamp=str(at), signature=signature)
    assert answered == status
    assert status == 200 or told == {
        "code": "stale",
        "text": f"the request's time is {-seconds} s away from ours; 300 s are allowed",
    }


def test_a_machine_whose_clock_is_wrong_is_told_so(make_vendor: Any, licence: LicenceView) -> None:
    class Ahead(SystemClock):
        """Ten minutes ahead, and real: the gateway is not told to follow."""

        def now(self) -> datetime:
            return super().now() + timedelta(minutes=10)

    with pytest.raises(Unauthorised, match=r"the request's time is -?6.. s away from ours.*that both clocks are right"):
        make_vendor(clock=Ahead()).do(Step.ORDER, licence)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("GET", "/licence", "", 404, "no such address"),
        ("DELETE", "/licences/L-1", "", 404, "no such address"),
        ("POST", "/licences/L-1/delete", "{}", 404, "no such address"),
        ("GET", "/licences/L-1/order", "", 404, "no such address"),
        ("GET", "/licences?limit=0", "", 400, "limit is a number from 1"),
        ("POST", "/licences/L-1/order", "{}", 400, "idempotency_key: Field required"),
        ("POST", "/licences/L-1/order", "order, please", 400, "Invalid JSON"),
    ],
)
def test_what_is_no_request_of_the_protocol_is_refused(
    sandbox: Any, method: str, path: str, body: str, status: int, says: str
) -> None:
    answered, told = ask(sandbox, method, path, body)
    assert answered == status
    assert says in told["text"]


def test_a_repeat_is_answered_as_before_and_done_once(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    for _ in range(3):
        vendor.do(Step.ORDER, licence)
    assert control.calls() == [("order", "ok"), ("order", "replayed"), ("order", "replayed")]
    assert control.row("L-1")["done"] == 1


def test_the_same_want_after_another_one_is_no_repeat(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    for step in (Step.ORDER, Step.BLOCK, Step.UNBLOCK, Step.BLOCK):
        vendor.do(step, licence)
    assert control.row("L-1")["state"] == "suspended"
    assert [outcome for _, outcome in control.calls()] == ["ok"] * 4


def test_what_was_undone_behind_our_back_is_done_again(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    vendor.do(Step.BLOCK, licence)
    control("POST", "rows/L-1", {"suspended_from": None})
    vendor.do(Step.BLOCK, licence)
    assert control.row("L-1")["state"] == "suspended"


def test_a_suspension_that_is_renewed_is_no_repeat(make_vendor: Any, licence: LicenceView, clock: ReplayClock) -> None:
    with GatewaySandbox(can={"longest_suspension_days": "1"}) as short:
        vendor = make_vendor(**short.options())
        vendor.do(Step.ORDER, licence)
        vendor.do(Step.BLOCK, licence)
        clock.moment += timedelta(hours=12)
        assert vendor.do(Step.BLOCK, licence).suspended_until == NOW + timedelta(hours=36)


def test_a_refusal_is_not_remembered(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control("POST", "rows/L-1", {"account": "7"})
    with pytest.raises(Rejected, match="code taken"):
        vendor.do(Step.ORDER, licence)
    control("DELETE", "rows/L-1")
    vendor.do(Step.ORDER, licence)
    assert control.row("L-1")["account"] == "1042"


def test_the_doors_say_what_they_cannot_do(control: Any) -> None:
    assert control("GET", "rows/L-1", status=404) == {"error": "there is no licence L-1"}
    assert "colour cannot be edited" in control("POST", "rows/L-1", {"colour": "red"}, status=400)["error"]
    assert control("POST", "rows/L-1", {"paid_until": "2026-04-01"}, status=400)["error"] == "paid_until must have a time zone"


def test_an_ended_licence_keeps_its_reference_when_it_is_ordered_again(
    vendor: Vendor, licence: LicenceView, control: Any
) -> None:
    for step in (Step.ORDER, Step.CANCEL, Step.ORDER):
        vendor.do(step, replace(licence, quantity=5))
    row = control.row("L-1")
    assert (row["reference"], row["ended"], row["quantity"]) == ("V-1", False, 5)
