"""A webhook proves itself by its token alone; what it tells makes it unique."""

import json
from typing import Any

import pytest

from integration.aircall.conftest import MakeVendor
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Rejected, Unauthorised, VendorUser, VendorWord, WebhookRequest

BODY: dict[str, Any] = {
    "resource": "user",
    "event": "user.created.v2",
    "timestamp": 1773144000,
    "token": "webhook-of-the-stand-in",
    "data": {"id": 456, "email": "anna@example.net", "name": "Anna"},
}


def _request(body: Any) -> WebhookRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookRequest(headers={"content-type": "application/json"}, body=content)


def test_a_user_who_came_is_an_event(vendor: Vendor) -> None:
    (event,) = vendor.webhook(_request(BODY))

    assert event.word is VendorWord.USER_CREATED
    assert event.user == VendorUser(reference="456", account="1042", email="anna@example.net", name="Anna")
    assert len(event.key) == 64


def test_a_user_who_went_is_another(vendor: Vendor) -> None:
    (event,) = vendor.webhook(_request({**BODY, "event": "user.deleted.v2", "data": {"id": 456}}))

    assert event.word is VendorWord.USER_DELETED
    assert event.user == VendorUser(reference="456", account="1042")


def test_the_same_event_has_the_same_key_however_it_is_written(vendor: Vendor) -> None:
    (first,) = vendor.webhook(_request(BODY))
    (again,) = vendor.webhook(_request({**dict(reversed(BODY.items())), "data": {**BODY["data"], "name": "Anna B."}}))

    assert first.key == again.key


@pytest.mark.parametrize(
    "changed",
    [{"event": "user.deleted.v2"}, {"timestamp": 1773144001}, {"data": {"id": 457}}, {"resource": "person"}],
    ids=lambda changed: next(iter(changed)),
)
def test_another_event_has_another_key(vendor: Vendor, changed: dict[str, Any]) -> None:
    (first,) = vendor.webhook(_request(BODY))
    (other,) = vendor.webhook(_request({**BODY, **changed}))

    assert first.key != other.key


@pytest.mark.parametrize("event", ["call.ended", "user.created", "user.updated.v2", "", None, 5])
def test_what_does_not_concern_us_is_no_event(vendor: Vendor, event: object) -> None:
    assert vendor.webhook(_request({**BODY, "event": event, "data": None})) == ()


@pytest.mark.parametrize(
    "token", ["", "wrong", "webhook-of-the-stand-i", "webhook-of-the-stand-in ", None, 5, ["x"], "ключ", "\ud800"]
)
def test_a_wrong_token_is_unauthorised_whatever_else_is_told(vendor: Vendor, token: object) -> None:
    with pytest.raises(Unauthorised) as caught:
        vendor.webhook(_request({**BODY, "token": token, "event": "call.ended"}))

    assert "webhook-of-the-stand-in" not in str(caught.value)


@pytest.mark.parametrize("body", [{}, [], "text", 5, None, {"event": "user.created.v2"}])
def test_json_without_a_token_is_unauthorised(vendor: Vendor, body: object) -> None:
    with pytest.raises(Unauthorised):
        vendor.webhook(_request(body))


def test_without_a_webhook_token_nothing_is_believed(make_vendor: MakeVendor) -> None:
    with pytest.raises(Unauthorised, match="Set webhook_token"):
        make_vendor(without=("webhook_token",)).webhook(_request({**BODY, "token": ""}))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\x00", b"token=webhook-of-the-stand-in", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_rejected(vendor: Vendor, body: bytes) -> None:
    with pytest.raises(Rejected, match="no JSON"):
        vendor.webhook(_request(body))


@pytest.mark.parametrize("data", [None, [], {}, {"id": None}, {"id": True}, {"id": ""}, {"id": "x" * 121}, {"id": "a\nb"}])
def test_a_user_without_an_id_is_rejected(vendor: Vendor, data: object) -> None:
    with pytest.raises(Rejected, match="cannot be read"):
        vendor.webhook(_request({**BODY, "data": data}))


def test_names_that_no_database_takes_become_plain(vendor: Vendor) -> None:
    data = {"id": 456, "email": "a\x00b@example.net", "first_name": "An\nna", "last_name": "\ud800" + "x" * 200}

    (event,) = vendor.webhook(_request({**BODY, "data": data}))

    assert event.user is not None
    assert event.user.email == "a b@example.net"
    assert event.user.name.startswith("An na ?xxx")
    assert len(event.user.name) == 120
