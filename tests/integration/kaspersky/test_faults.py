"""Whatever goes wrong on the way to Kaspersky, the product is told what it may do next, and nobody reads a secret."""

import logging
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

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
from isp_addons.vendor_api.stand_in import Call, Reply
from isp_addons_kaspersky.sandbox import KasperskySandbox

MAY = datetime(2026, 5, 1, tzinfo=UTC)
UPI = b"http://schemas.kaspersky.com/services/subscription/2.0/"

BOMB = b"""<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>&c;</e:Body></e:Envelope>"""
OUTSIDE = b"""<!DOCTYPE b SYSTEM "http://127.0.0.1:9/there"><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>"""
ENVELOPE = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>'
FAULT = ENVELOPE % b"<e:Fault><faultcode>e:Server</faultcode><faultstring>The end is near.</faultstring></e:Fault>"
OTHER = ENVELOPE % (b'<Container xmlns="%s"><Timestamp>2026</Timestamp></Container>' % UPI)
EMPTY = ENVELOPE % (
    b'<SubscriptionResponseContainer xmlns="%s"><Timestamp>2026-03-10T12:00:00Z</Timestamp><TransactionId/>'
    b"</SubscriptionResponseContainer>" % UPI
)
UNREADABLE = [
    (b"", "it is no SOAP envelope"),
    (b"\xff\x00{}", "it is no SOAP envelope"),
    (b"<html><body>Gateway</body></html>", "it is no SOAP envelope"),
    (ENVELOPE % b"", "its shape is another"),
    (OTHER, "it answers 0 items where 1 were asked"),
    (EMPTY, "it answers 0 items where 1 were asked"),
    (FAULT, r"it is a SOAP fault \(The end is near.\)"),
    (BOMB, "it is XML with a document type"),
    (OUTSIDE, "it is XML with a document type"),
    (b"<a>" * 5000 + b"</a>" * 5000, "it is no SOAP envelope"),
]


def answering(monkeypatch: pytest.MonkeyPatch, sandbox: KasperskySandbox, body: bytes, status: int = 200) -> None:
    """Let the stand-in do what it is asked, and answer with *body*."""
    serve = sandbox.serve

    def twisted(call: Call) -> Reply:
        return replace(serve(call), body=body, status=status)

    monkeypatch.setattr(sandbox, "serve", twisted)


@pytest.mark.parametrize(("body", "why"), UNREADABLE)
def test_what_cannot_be_read_is_unknown_for_a_change_and_asked_again_for_a_question(
    vendor: Vendor,
    ordered: LicenceView,
    sandbox: KasperskySandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    why: str,
) -> None:
    answering(monkeypatch, sandbox, body)
    with pytest.raises(OutcomeUnknown, match=rf"Pause ia7f-1-1: the answer of .* cannot be read: {why}"):
        vendor.do(Step.BLOCK, ordered)
    with pytest.raises(Unavailable, match=rf"GetInfo ia7f-1-1: .*{why}"):
        vendor.read(ordered)
    monkeypatch.undo()
    assert vendor.read(ordered).state is SeenState.SUSPENDED
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (b'Status="Started"', b'Status="Exploded"'),
        (b'Status="Started"', b""),
        (b'EndTime="2026-04-01T00:00:00Z"', b'EndTime="never"'),
        (b'EndTime="2026-04-01T00:00:00Z"', b'EndTime="9999-12-31T23:59:59-03:00"'),
        (b'LicenseCount="3"', b'LicenseCount="many"'),
        (b'LicenseCount="3"', b'LicenseCount="0"'),
        (b'LicenseCount="3"', b'LicenseCount="99999999999999"'),
        (b'ProductId="KISMD"', b""),
    ],
)
def test_a_subscription_that_makes_no_sense_is_unknown_and_never_taken_for_another(
    vendor: Vendor, ordered: LicenceView, sandbox: KasperskySandbox, monkeypatch: pytest.MonkeyPatch, here: bytes, there: bytes
) -> None:
    serve = sandbox.serve

    def twisted(call: Call) -> Reply:
        reply = serve(call)
        assert here in reply.body
        return replace(reply, body=reply.body.replace(here, there))

    monkeypatch.setattr(sandbox, "serve", twisted)
    with pytest.raises(Unavailable, match=r"GetInfo ia7f-1-1: .*cannot be read"):
        vendor.read(ordered)


def test_an_end_that_is_told_with_a_zone_or_fractions_is_the_same_end(
    vendor: Vendor, ordered: LicenceView, sandbox: KasperskySandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve = sandbox.serve
    for told in (b"2026-04-01T03:00:00+03:00", b"2026-04-01T00:00:00.0000000Z", b"2026-04-01T00:00:00"):

        def twisted(call: Call, told: bytes = told) -> Reply:
            reply = serve(call)
            return replace(reply, body=reply.body.replace(b'EndTime="2026-04-01T00:00:00Z"', b'EndTime="%s"' % told))

        monkeypatch.setattr(sandbox, "serve", twisted)
        assert vendor.read(ordered).paid_until == datetime(2026, 4, 1, tzinfo=UTC)


def test_an_order_whose_answer_holds_no_code_is_read_first(
    vendor: Vendor, licence: LicenceView, sandbox: KasperskySandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve = sandbox.serve

    def twisted(call: Call) -> Reply:
        reply = serve(call)
        code = sandbox.standing(call.now)[0]
        assert code.quantity == 3
        start = reply.body.index(b'ActivationCode="') + len(b'ActivationCode="')
        return replace(reply, body=reply.body[:start] + reply.body[reply.body.index(b'"', start) :])

    monkeypatch.setattr(sandbox, "serve", twisted)
    with pytest.raises(OutcomeUnknown, match="it has no activation code"):
        vendor.do(Step.ORDER, licence)
    monkeypatch.undo()
    assert vendor.read(licence).state is SeenState.ACTIVE


@pytest.mark.parametrize("kind", ["refuse_before", "error_500", "timeout_after", "garbage", "partial"])
def test_an_order_whose_answer_was_lost_is_read_and_never_made_twice(
    vendor: Vendor, licence: LicenceView, control: Any, kind: str
) -> None:
    control.fault(kind, action="Activate")
    with pytest.raises(OutcomeUnknown, match="Activate ia7f-1-1"):
        vendor.do(Step.ORDER, licence)
    done = kind not in ("refuse_before", "error_500")
    assert vendor.read(licence).state is (SeenState.ACTIVE if done else SeenState.ABSENT)
    code = control.subscriber()["code"] if done else None
    answer = vendor.do(Step.ORDER, licence)
    assert isinstance(answer, Done)
    assert answer.show["activation_code"] == (code or control.subscriber()["code"])


def test_a_wrong_password_pauses_the_vendor_and_names_the_settings(
    make_vendor: Any, licence: LicenceView, control: Any
) -> None:
    with pytest.raises(
        Unauthorised, match=r"refused the whole request \(error 9001: Access denied.\).*Check user_name, password"
    ):
        make_vendor(password="wrong").do(Step.ORDER, licence)
    assert control("GET", "subscribers") == {"subscribers": []}


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (1, "Access denied.", Unauthorised),
        (2, "", Unauthorised),
        (3, "The contract has ended.", Unauthorised),
        (4, "Duplicate UnitId.", Rejected),
        (5, "There are too many items.", Rejected),
        (202, "XML is not valid.", Rejected),
    ],
)
def test_an_error_of_the_whole_container_is_about_our_access_unless_it_speaks_of_the_request(
    vendor: Vendor,
    ordered: LicenceView,
    sandbox: KasperskySandbox,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    text: str,
    kind: type[VendorError],
) -> None:
    message = f' ErrorMessage="{text}"'.encode() if text else b""
    error = b'<TransactionError ErrorCode="%d"%s/></SubscriptionResponseContainer>' % (code, message)
    answering(monkeypatch, sandbox, EMPTY.replace(b"</SubscriptionResponseContainer>", error))
    with pytest.raises(kind, match=f"error {code}") as caught:
        vendor.read(ordered)
    assert type(caught.value) is kind


def test_more_items_than_the_service_takes_are_turned_away_whole(make_vendor: Any, licence: LicenceView) -> None:
    with KasperskySandbox(most_items=1) as small:
        vendor = make_vendor(server=small)
        vendor.do(Step.ORDER, licence)
        with pytest.raises(Rejected, match="error 9004: There are too many items in the container"):
            vendor.do(Step.CHANGE, replace(licence, quantity=7), old_quantity=3)
        assert vendor.read(licence).quantity == 3


def test_each_request_has_a_transaction_id_of_its_own(make_vendor: Any, licence: LicenceView) -> None:
    with KasperskySandbox(rejects_repeats=True) as strict:
        vendor = make_vendor(server=strict)
        vendor.do(Step.ORDER, licence)
        for _ in range(3):
            assert vendor.read(licence).state is SeenState.ACTIVE


def test_a_server_that_is_down_has_done_nothing(vendor: Vendor, ordered: LicenceView, sandbox: KasperskySandbox) -> None:
    sandbox.stop()
    with pytest.raises(Unavailable, match="cannot be reached"):
        vendor.do(Step.BLOCK, ordered)
    sandbox.start()
    assert vendor.read(ordered).state is SeenState.ACTIVE


def test_a_wrong_address_is_told(make_vendor: Any, sandbox: KasperskySandbox, licence: LicenceView) -> None:
    with pytest.raises(Rejected, match="HTTP 404"):
        make_vendor(url=f"{sandbox.url}/soap").do(Step.ORDER, licence)


def test_no_password_code_or_link_reaches_a_log_or_an_error(
    make_vendor: Any,
    licence: LicenceView,
    control: Any,
    sandbox: KasperskySandbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor = make_vendor(platforms="Windows")
    shown = dict(vendor.do(Step.ORDER, licence).show)
    told = [repr(vendor.plugin.context), str(vendor.check()), repr(vendor.plugin._client.look("ia7f-1-1", links=True))]
    secrets = {"pa55&of<kaspersky", "pa55&amp;of&lt;kaspersky", *shown.values()}
    echo = (
        ENVELOPE
        % (
            "<e:Fault><faultcode>e:Server</faultcode><faultstring>pa55&amp;of&lt;kaspersky</faultstring>"
            f'<detail><Activate ActivationCode="{shown["activation_code"]}"/><DownloadLink Url="{shown["download_windows"]}"/>'
            f"<Password>pa55&amp;of&lt;kaspersky</Password></detail></e:Fault>"
        ).encode()
    )
    junk = EMPTY.replace(
        b"</Subscr", f'<Junk ActivationCode="{shown["activation_code"]}" Url="{shown["download_windows"]}"/></Subscr'.encode()
    )
    refused = EMPTY.replace(
        b"</Subscr",
        b'<TransactionError ErrorCode="1" ErrorMessage="No user isp-example with pa55&amp;of&lt;kaspersky"/></Subscr',
    )
    for body, status in ((echo, 500), (echo, 200), (echo[:200], 200), (junk, 200), (refused, 200), (echo, 400)):
        with monkeypatch.context() as patch:
            answering(patch, sandbox, body, status)
            for step in (Step.ORDER, Step.BLOCK, Step.READ, Step.CHARGE):
                with pytest.raises(VendorError) as caught:
                    vendor.do(step, licence)
                told += [str(caught.value), repr(caught.value), caught.value.answer, *traceback.format_exception(caught.value)]
    vendor.do(Step.UNBLOCK, licence)  # it was paused all the same
    for item in ("Activate", "Pause", "Renew"):
        control.refuse(item, 5000, f'pa55&of<kaspersky is wrong, ActivationCode="{shown["activation_code"]}"')
    for step in (Step.ORDER, Step.BLOCK, Step.CHARGE):
        with pytest.raises(VendorError) as caught:
            vendor.do(step, replace(licence, key="ia7f-1-2" if step is Step.ORDER else licence.key, paid_until=MAY))
        told += [str(caught.value), *traceback.format_exception(caught.value)]
    for kind in ("garbage", "partial", "timeout_after", "rate_limit", "unauthorised_401"):
        control.fault(kind, times=None, seconds=0.01)
        for step in (Step.ORDER, Step.BLOCK, Step.READ, Step.CHANGE):
            with pytest.raises(VendorError) as caught:
                vendor.do(step, replace(licence, quantity=9), old_quantity=3)
            told += [str(caught.value), repr(caught.value), caught.value.answer, *traceback.format_exception(caught.value)]
        control("DELETE", "faults")
    text = "\n".join([*told, caplog.text])
    assert "/soap/upi" in caplog.text  # the library's own debug log was on
    assert 'ActivationCode="*"' in text
    assert [secret for secret in secrets if secret in text] == []


def test_a_rate_limit_tells_when_to_come_back(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control.fault("rate_limit", seconds=90)
    with pytest.raises(RateLimited) as caught:
        vendor.do(Step.BLOCK, ordered)
    assert caught.value.until == datetime(2026, 3, 10, 12, 1, 30, tzinfo=UTC)
