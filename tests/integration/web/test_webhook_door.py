"""The door for webhooks: verified, stored once, answered at once; everything else refused by RFC 9457 and one line of log."""

import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration.web.conftest import TOKEN, Door
from isp_addons.domain.problem import TryAgain
from isp_addons.web import webhooks


def test_a_verified_call_is_stored_and_nothing_is_done_yet(door: Door) -> None:
    answer = door.tell({"key": "e1", "user": "7"}, {"key": "e2", "user": "8"})

    assert (answer.status, answer.value) == (200, {"events": 2, "new": 2})
    told = {"vendor": "caller", "reference": "7", "email": "", "name": ""}
    assert door.stored() == [
        ("webhook:caller:e1", "user_created", "42", told),
        ("webhook:caller:e2", "user_created", "42", {**told, "reference": "8"}),
    ]


def test_a_repeated_call_is_stored_once(door: Door) -> None:
    door.tell({"key": "e1", "user": "7"})

    assert door.tell({"key": "e1", "user": "7"}).value == {"events": 1, "new": 0}
    assert door.tell({"key": "e1", "user": "7"}, {"key": "e1", "user": "7"}).status == 200
    assert len(door.stored()) == 1


def test_many_calls_at_once_are_each_stored_once(door: Door) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: door.tell({"key": f"e{number % 20}", "user": "7"}), range(60)))

    assert {answer.status for answer in answers} == {200}
    assert sum(answer.value["new"] for answer in answers) == 20
    assert len(door.stored()) == 20


def test_what_concerns_nobody_is_taken_and_stores_nothing(door: Door) -> None:
    assert (door.tell().status, door.stored()) == (200, [])


def test_a_problem_is_told_as_rfc_9457_has_it(door: Door) -> None:
    answer = door.tell({"key": "e1", "user": "7"}, token="wrong")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.value == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The signature or token is not the vendor's.",
        "code": "unauthorised",
    }
    assert door.stored() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/webhooks/caller", b"{", 400, "bad_webhook"),
        ("POST", "/webhooks/nobody", b"[]", 404, "unknown_vendor"),
        ("POST", "/webhooks/CALLER", b"[]", 404, "unknown_vendor"),
        ("POST", "/webhooks/caller%20", b"[]", 404, "unknown_vendor"),
        ("POST", "/webhooks/caller/", b"[]", 404, "not_found"),
        ("POST", "/webhooks/..%2Fcaller", b"[]", 404, "not_found"),
        ("POST", "/webhooks/", b"[]", 404, "not_found"),
        ("POST", "/webhooks/off", b"[]", 404, "unknown_vendor"),
        ("POST", "/webhooks/dumb", b"[]", 404, "no_webhooks"),
        ("POST", "/webhooks/broken", b"[]", 503, "vendor_broken"),
        ("POST", "/webhooks/caller", b'{"defect": 1}', 503, "vendor_broken"),
        ("GET", "/webhooks/caller", None, 405, "method_not_allowed"),
        ("GET", "/", None, 404, "not_found"),
        ("GET", "/docs", None, 404, "not_found"),
        ("GET", "/openapi.json", None, 404, "not_found"),
    ],
)
def test_what_is_refused_says_why_and_stores_nothing(
    door: Door, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    answer = door(method, path, body, x_token=TOKEN)

    assert (answer.status, answer.value["code"], answer.value["status"]) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    for inside in ("Traceback", "defect", TOKEN, "dumb,", "ZeroDivision"):
        assert inside not in str(answer.value)
    assert door.stored() == []


def test_a_body_is_never_read_beyond_the_limit(door: Door) -> None:
    fits = b"[" + b" " * (webhooks.LARGEST_BODY - 2) + b"]"
    assert door("POST", "/webhooks/caller", fits, x_token=TOKEN).status == 200

    answer = door("POST", "/webhooks/caller", fits + b" ", x_token=TOKEN)

    assert (answer.status, answer.value["code"]) == (413, "too_large")


def test_a_body_in_chunks_is_counted_too(door: Door) -> None:
    chunk = b"186a0\r\n" + b" " * 100_000 + b"\r\n"
    head = b"POST /webhooks/caller HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert b"413" in door.raw(head + chunk * 10 + chunk[:1000]).split(b"\r\n")[0]


def test_a_body_that_does_not_come_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.2)
    begun = time.monotonic()

    said = door.raw(b"POST /webhooks/caller HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[")

    assert said.startswith(b"HTTP/1.1 408")
    assert b"too_slow" in said
    assert time.monotonic() - begun < 4


def test_a_caller_who_goes_before_the_end_disturbs_nobody(door: Door) -> None:
    host, _, port = door.address.partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /webhooks/caller HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[")

    assert door.tell({"key": "e1", "user": "7"}).status == 200


def test_what_is_no_http_is_turned_away(door: Door) -> None:
    assert door.raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_a_busy_database_asks_the_vendor_to_come_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> int:
        raise TryAgain("The database is busy; nothing was changed, try again.", code="busy")

    monkeypatch.setattr(webhooks.vendor_users, "store_now", busy)

    answer = door.tell({"key": "e1", "user": "7"})

    assert (answer.status, answer.value["code"], answer.headers["retry-after"]) == (503, "busy", "10")


def test_each_refused_call_is_one_line_of_log_without_the_token(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    door.tell({"key": "e1", "user": "7"}, token="a-stolen-word")
    door("POST", "/webhooks/caller", b"{", x_token=TOKEN)
    door("POST", "/webhooks/nobody%0Ainjected", b"[]", x_token=TOKEN)

    lines = [record.getMessage() for record in caplog.records if record.name.startswith("isp_addons.web")]
    assert [line.split("): ")[0] for line in lines] == [
        "webhook '/webhooks/caller' refused (unauthorised",
        "webhook '/webhooks/caller' refused (bad_webhook",
        "webhook '/webhooks/nobodyinjected' refused (unknown_vendor",
    ]
    for told in (TOKEN, "a-stolen-word"):
        assert told not in caplog.text


def test_a_disabled_vendor_answers_as_one_that_is_not_there_and_the_log_says_why(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    disabled, unknown = (door("POST", f"/webhooks/{name}", b"[]") for name in ("off", "nobody"))

    assert (disabled.status, disabled.value) == (unknown.status, unknown.value)
    lines = [record.getMessage() for record in caplog.records if "/webhooks/off" in record.getMessage()]
    assert lines == [
        "webhook '/webhooks/off' refused (unknown_vendor): The vendor off is disabled; set enabled = yes in [vendor:off]."
    ]


def test_a_defect_of_our_own_is_told_without_a_trace(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object, **__: object) -> int:
        raise RuntimeError("an inner matter")

    monkeypatch.setattr(webhooks.vendor_users, "store_now", defect)

    answer = door.tell({"key": "e1", "user": "7"})

    assert (answer.status, answer.value["code"]) == (500, "problem")
    assert "inner matter" not in str(answer.value)
