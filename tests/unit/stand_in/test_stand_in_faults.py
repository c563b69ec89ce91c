"""Faults that a stand-in is told to show: what is done meanwhile, and what the client sees."""

import http.client

import pytest

from isp_addons.vendor_api.stand_in import Fault, FaultKind
from unit.stand_in.serving import TERMS, Server, Wire, put


@pytest.mark.parametrize(
    ("kind", "status"),
    [("error_500", 500), ("unavailable_503", 503), ("rate_limit", 429), ("unauthorised_401", 401), ("not_found_404", 404)],
)
def test_an_error_before_doing_is_written_as_the_vendor_writes_it(server: Server, wire: Wire, kind: str, status: int) -> None:
    server.faults.add(Fault(FaultKind(kind), seconds=90))
    answered = put(wire)
    assert (answered.status, answered.json()) == (status, {"failed": "PUT licences"})
    assert answered.headers.get("retry-after") == ("90" if kind == "rate_limit" else None)
    assert server.rows == []
    assert put(wire).status == 200


def test_a_refused_connection_has_done_nothing_and_a_lost_answer_everything(server: Server) -> None:
    for kind, rows in ((FaultKind.REFUSE_BEFORE, 0), (FaultKind.TIMEOUT_AFTER, 1)):
        server.faults.add(Fault(kind, seconds=0.01))
        wire = Wire(server)
        with pytest.raises(http.client.RemoteDisconnected):
            put(wire)
        wire.connection.close()
        assert len(server.rows) == rows


def test_garbage_and_half_an_answer_come_after_doing(server: Server) -> None:
    server.faults.add(Fault(FaultKind.GARBAGE))
    server.faults.add(Fault(FaultKind.PARTIAL))
    wire = Wire(server)
    assert put(wire).body == b"<html><body>Gateway error</bod"
    with pytest.raises(http.client.IncompleteRead):
        put(wire, "b")
    wire.connection.close()
    assert [row.key for row in server.rows] == ["a", "b"]


def test_half_a_list_announces_the_whole(server: Server, wire: Wire) -> None:
    for key in "abcd":
        put(wire, key)
    server.faults.add(Fault(FaultKind.PARTIAL))
    told = wire("GET", "/licences?page=1&size=10").json()
    assert (told["total"], [row["key"] for row in told["rows"]]) == (4, ["a", "b"])


def test_a_slow_answer_comes(server: Server, wire: Wire) -> None:
    server.faults.add(Fault(FaultKind.SLOW, seconds=0.01))
    assert put(wire).status == 200


def test_a_fault_meets_only_its_action_and_its_object_and_so_many_times(server: Server, wire: Wire) -> None:
    server.faults.add(Fault(FaultKind.ERROR_500, times=2, action="PUT licences", object="b"))
    assert [put(wire, key).status for key in "abbb"] == [200, 500, 500, 200]
    server.faults.add(Fault(FaultKind.ERROR_500, times=None))
    assert [put(wire).status for _ in range(3)] == [500, 500, 500]
    server.faults.clear()
    assert put(wire).status == 200


def test_who_is_turned_away_meets_no_fault_and_is_logged(server: Server, wire: Wire) -> None:
    server.faults.add(Fault(FaultKind.GARBAGE))
    assert wire("PUT", "/licences/a", TERMS, token="wrong").status == 401
    [call] = server.calls.after()
    assert (call.action, call.object, call.outcome, call.fault) == ("PUT licences", "a", "401", "")
    assert len(server.faults.listed()) == 1
