"""How an answer in JSON is read, and what is said of one that is something else."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from isp_addons_gateway import wire
from isp_addons_gateway.wire import State, Unfit

APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def test_each_outcome_is_known_by_its_word() -> None:
    assert wire.parse(wire.OUTCOME, b'{"outcome": "done", "reference": "V-1"}') == wire.Done(outcome="done", reference="V-1")
    assert wire.parse(wire.OUTCOME, b'{"outcome": "pending", "poll_after_seconds": 60}') == wire.Pending(
        outcome="pending", poll_after_seconds=60
    )
    assert wire.parse(wire.OUTCOME, b'{"outcome": "needs_operator", "instructions": "Add 3."}') == wire.NeedsOperator(
        outcome="needs_operator", instructions="Add 3."
    )
    assert wire.parse(wire.OUTCOME, b'{"outcome": "rejected", "code": "x", "text": "y"}') == wire.Rejected(
        outcome="rejected", code="x", text="y"
    )


def test_times_are_read_with_their_zone_and_in_whole_seconds() -> None:
    told = wire.parse(wire.STANDING, b'{"key":"L","state":"active","quantity":1,"paid_until":"2026-04-01T03:00:00.9+03:00"}')
    assert told.paid_until == APRIL


def test_what_is_not_known_is_left_alone_and_control_characters_go() -> None:
    told = wire.parse(wire.STANDING, b'{"key":"L","state":"active","quantity":1,"colour":"red","reference":"a\\u0000b\\nc"}')
    assert (told.state, told.reference) == (State.ACTIVE, "a b c")


@pytest.mark.parametrize(
    ("body", "media", "says"),
    [
        (b"", "", "nothing at all"),
        (b" \n", "application/json", "nothing at all"),
        (b"<html>Welcome</html>", "text/html; charset=utf-8", r"a web page or XML instead of JSON \(text/html, 20 bytes\)"),
        (b"\n <?xml version='1.0'?>", "", r"a web page or XML instead of JSON \(no type, 23 bytes\)"),
        (b"OK", "text/plain", r"something that is no JSON \(text/plain, 2 bytes\)"),
        (b'{"outcome": "done"', "application/json", r"something that is no JSON \(application/json, 18 bytes\)"),
        (b"\xff\xfe", "", "something that is no JSON"),
        (b"[]", "", "JSON of another shape"),
        (b"null", "", "JSON of another shape"),
        (b'{"result": "ok"}', "", r"JSON of another shape \(Unable to extract tag using discriminator 'outcome'\)"),
        (b'{"outcome": "OK"}', "", "JSON of another shape"),
        (b'{"outcome": "pending"}', "", r"JSON of another shape \(pending.poll_after_seconds: Field required\)"),
        (b'{"outcome": "pending", "poll_after_seconds": "60"}', "", "should be a valid integer"),
        (b'{"outcome": "done", "suspended_from": "2026-04-01T00:00:00"}', "", "should have timezone info"),
        (b'{"outcome": "done", "suspended_from": "0001-01-01T00:00:00+05:00"}', "", "outside the years"),
        (b'{"outcome": "done", "reference": "' + b"x" * 121 + b'"}', "", "at most 120 characters"),
        (b'{"outcome": "needs_operator", "instructions": ""}', "", "at least 1 character"),
    ],
)
def test_something_else_is_named_for_what_it_is(body: bytes, media: str, says: str) -> None:
    with pytest.raises(Unfit, match=says):
        wire.parse(wire.OUTCOME, body, media=media)


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        (wire.STANDING, b'{"key": "L", "state": "gone", "quantity": 1}', "'absent', 'active'"),
        (wire.STANDING, b'{"key": "L", "state": "unknown", "quantity": 1}', "'absent', 'active'"),
        (wire.STANDING, b'{"key": "L", "state": "active"}', "quantity: Field required"),
        (wire.STANDING, b'{"key": "L", "state": "active", "quantity": -1}', "greater than or equal to 0"),
        (wire.STANDING, b'{"key": "L", "state": "active", "quantity": true}', "valid integer"),
        (wire.STANDING, b'{"key": "L", "state": "active", "quantity": 2147483648}', "less than 2147483648"),
        (wire.PAGE, b'{"licences": [], "complete": true}', "total: Field required"),
        (wire.PAGE, b'{"licences": [{"key": "L"}], "complete": true, "total": 1}', r"licences.0.state: Field required"),
        (wire.CAPABILITIES, b"{}", "protocol: Field required"),
        (wire.CAPABILITIES, b'{"protocol": 2}', "protocol: Input should be 1"),
    ],
)
def test_a_missing_or_wrong_field_is_named(kind: TypeAdapter[object], body: bytes, says: str) -> None:
    with pytest.raises(Unfit, match=says):
        wire.parse(kind, body)


def test_what_stands_in_a_wrong_answer_is_not_repeated() -> None:
    with pytest.raises(Unfit) as caught:
        wire.parse(wire.STANDING, b'{"key": ["s3cret"], "state": "active", "quantity": 1}')
    assert "s3cret" not in str(caught.value)
