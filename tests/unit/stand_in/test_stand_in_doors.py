"""A stand-in's own doors, its log of calls, and the moment at which it lives."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.vendor_api.stand_in import NotThere
from unit.stand_in.serving import NOW, TOKEN, Server, Wire, put
from unit.testing.sample_vendor import SampleStandIn


def test_the_log_numbers_counts_and_names_the_fault_but_keeps_no_parameter(wire: Wire) -> None:
    put(wire)
    wire("POST", "/sandbox/faults", {"kind": "error_500", "object": "b"})
    put(wire, "b")
    told = wire("GET", "/sandbox/calls?since=1&limit=5").json()
    row = {"number": 2, "time": NOW, "action": "PUT licences", "object": "b", "outcome": "500", "fault": "error_500"}
    assert told == {"last": 2, "counts": {"PUT licences": 2}, "calls": [row]}
    assert TOKEN not in json.dumps(wire("GET", "/sandbox/calls").json())


def test_the_log_forgets_the_oldest() -> None:
    server = Server(token=TOKEN)
    calls = type(server.calls)(limit=3)
    for number in range(5):
        calls.add(time=0, action="x", of=str(number), outcome="ok", fault="")
    assert [call.object for call in calls.after()] == ["2", "3", "4"]
    assert [call.object for call in calls.after(3)] == ["3", "4"]
    assert calls.counts() == {"x": 5}


def test_the_door_of_licences_tells_what_stands(wire: Wire) -> None:
    put(wire)
    [told] = wire("GET", "/sandbox/licences").json()["licences"]
    assert told == {
        "id": "v-1",
        "key": "a",
        "state": "active",
        "quantity": 3,
        "paid_until": "2026-04-01T00:00:00+00:00",
        "suspended_from": None,
    }


def test_reset_forgets_state_faults_and_calls(server: Server, wire: Wire) -> None:
    put(wire)
    wire("POST", "/sandbox/faults", {"kind": "slow", "times": None})
    assert wire("POST", "/sandbox/reset").json() == {"faults": []}
    assert (server.rows, server.faults.listed(), server.calls.after()) == ([], [], [])


def test_a_vendor_has_doors_of_its_own(wire: Wire) -> None:
    assert wire("GET", "/sandbox/rows/a%2Fb?x=1").json() == {"key": "a/b", "at": NOW, "asked": {"x": "1"}}
    assert wire("POST", "/sandbox/rows", {}).status == 400
    missing = wire("DELETE", "/sandbox/rows")
    assert (missing.status, missing.json()) == (404, {"error": "there is no DELETE /sandbox/rows"})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/faults", {"kind": "earthquake"}),
        ("/sandbox/faults", {"kind": "slow", "times": 0}),
        ("/sandbox/faults", {"kind": "slow", "times": True}),
        ("/sandbox/faults", {"kind": "slow", "script": "x"}),
        ("/sandbox/faults", {}),
        ("/sandbox/faults", [1]),
        ("/sandbox/faults", b"{"),
    ],
)
def test_nonsense_at_the_doors_is_refused_and_changes_nothing(server: Server, wire: Wire, path: str, body: Any) -> None:
    answered = wire("POST", path, body)
    assert answered.status == 400
    assert answered.json()["error"]
    assert server.faults.listed() == []


def test_every_request_lives_at_the_moment_that_it_names(server: Server, wire: Wire) -> None:
    wire("GET", "/hello", at="2031-01-01T03:00:00+03:00")
    assert server.calls.after()[-1].time == int(datetime(2031, 1, 1, tzinfo=UTC).timestamp())
    assert wire("GET", "/hello", at="2031-01-01T00:00:00").status == 400
    assert wire("GET", "/hello", at="tomorrow").status == 400


def test_a_defect_of_the_stand_in_is_told_and_logged(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    answered = put(wire, "defect")
    assert (answered.status, answered.body) == (500, b"the stand-in has a defect: ZeroDivisionError\n")
    assert "failed to serve PUT /licences/defect" in caplog.text
    assert put(wire).status == 200


def test_an_operators_task_needs_a_console(server: Server) -> None:
    with pytest.raises(NotImplementedError, match="Server cannot do for an operator what on_order asks for"):
        server.perform("on_order", None)  # type: ignore[arg-type]


def test_an_unknown_door_is_named() -> None:
    with pytest.raises(NotThere, match="there is no GET /sandbox/nothing/here"):
        SampleStandIn().control("GET", ["nothing", "here"], {}, {}, datetime(2026, 3, 10, tzinfo=UTC))
