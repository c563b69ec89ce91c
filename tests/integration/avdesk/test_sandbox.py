"""The stand-in server itself, spoken to without the plugin: what it shares with a real one, and its own doors."""

import base64
import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons_avdesk import AvDesk
from isp_addons_avdesk.sandbox import AvDeskSandbox

BASIC = "Basic " + base64.b64encode(b"billing:pa55-of-av-desk").decode()
NOW = "2026-03-10T12:00:00+00:00"
STAMP = 1773144000
EVERYONE = "20e27d73-d21d-b211-a788-85419c46f0e6"
PREMIUM = "91644cc3-1dc1-42dc-a41e-5ea001f5538d"


class Answered(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def root(self) -> Element:
        read: Element = fromstring(self.body)
        return read


class Wire:
    """One connection that stays open, as long as the server lets it."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)

    def __call__(
        self,
        path: str,
        *,
        method: str = "GET",
        form: Mapping[str, str] | None = None,
        at: str = NOW,
        **headers: str,
    ) -> Answered:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": BASIC, CLOCK_HEADER: at, **named}
        self.connection.request(method, path, urlencode(form) if form else None, sent)
        answer = self.connection.getresponse()
        return Answered(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


@pytest.fixture
def wire(sandbox: AvDeskSandbox) -> Iterator[Wire]:
    made = Wire(int(sandbox.url.rpartition(":")[2]))
    yield made
    made.connection.close()


def code(answered: Answered, word: str = "errno") -> str | None:
    assert (answered.status, answered.root.get("status")) == (200, "false")
    return answered.root.findtext(f"error/{word}")


def test_a_refusal_is_http_200_with_status_false_in_body_and_header(wire: Wire) -> None:
    answered = wire("/api/stations/change.ds?id=nobody&expires=0")
    assert code(answered) == "17"
    assert answered.headers["x-drweb-api-status"] == "false"
    assert answered.headers["x-drweb-srv-type"] == "AVDesk"


def test_an_answer_has_the_envelope_of_its_generation(wire: Wire) -> None:
    new, old = wire("/api/stations/add.ds?id=a").root, wire("/api/3.0/stations/add.ds?id=b").root
    assert (new.tag, new.get("status"), new.get("api_version"), new.get("timestamp")) == (
        "drweb-avdesk-api",
        "true",
        "4.1.3",
        str(STAMP),
    )
    assert [child.tag for child in new] == ["station"]
    assert (old.get("api_version"), old.get("operation"), old.get("local_timestamp")) == ("3.2.0", "stations-add", str(STAMP))
    assert old.find("stations/station/packages/package[@os='windows']") is not None
    assert code(wire("/api/3.0/stations/add.ds?id=b"), "code") == "18"


@pytest.mark.parametrize("path", ["stations/list-by-state.ds?state=new", "stations/list_by_state.ds?state=new"])
def test_dash_and_underscore_are_equal_in_script_names(wire: Wire, path: str) -> None:
    assert wire(f"/api/{path}").root.get("status") == "true"


def test_parameters_come_in_the_query_or_as_a_form(wire: Wire) -> None:
    assert wire("/api/stations/add.ds", method="POST", form={"id": "a", "user-id": "7"}).root.get("status") == "true"
    assert wire("/api/stations/add.ds?id=b", method="POST").root.get("status") == "true"
    assert wire("/api/stations/info.ds?id=a").root.findtext("stations/station/user-id") == "7"


def test_json_is_answered_to_who_asks_for_it(wire: Wire) -> None:
    wire("/api/stations/add.ds?id=a")
    read = json.loads(wire("/api/stations/state.ds?id=a&format=json").body)
    assert (read["head"]["status"], read["data"]) == (True, {"states": {"a": "unactivated"}})
    by_header = wire("/api/stations/delete.ds?id=a", X_drweb_api_response_type="json")
    assert json.loads(by_header.body)["data"] == {"stations": {"total": 1, "list": [{"id": "a"}]}}
    refused = json.loads(wire("/api/stations/info.ds?id=nobody&format=json").body)
    assert (refused["head"]["status"], refused["error"]["errno"]) == (False, 17)


def test_a_wrong_login_is_401_without_a_challenge(wire: Wire) -> None:
    answered = wire("/api/tariffs/list.ds", Authorization="Basic d3Jvbmc6d3Jvbmc=")
    assert answered.status == 401
    assert "www-authenticate" not in answered.headers


@pytest.mark.parametrize(
    "path", ["/api/stations/no-such.ds", "/api/2.0/get-server-info.ds", "/api/3.0/stations/restore.ds", "/elsewhere"]
)
def test_a_script_that_is_not_there_is_404(wire: Wire, path: str) -> None:
    assert wire(path).status == 404


STATE = "/api/stations/state.ds?id=a"


def word(wire: Wire, at: str = NOW) -> str | None:
    return wire(STATE, at=at).root.findtext("states/state")


def test_the_state_follows_from_the_window_the_end_and_the_moment(wire: Wire) -> None:
    wire("/api/stations/add.ds?id=a&expires=20260401")
    wire("/api/stations/change.ds?id=a&block-begin=20260320&block-end=20260325")
    assert word(wire, "2026-03-19T23:59:59+00:00") == "unactivated"
    assert word(wire, "2026-03-20T00:00:00+00:00") == "blocked"
    assert word(wire, "2026-03-25T23:59:59+00:00") == "blocked"
    assert word(wire, "2026-03-26T00:00:00+00:00") == "unactivated"
    assert word(wire, "2026-04-01T23:59:59+00:00") == "unactivated"
    assert word(wire, "2026-04-02T00:00:00+00:00") == "expired"
    wire("/api/stations/change.ds?id=a&block-begin=20260320&block-end=0")
    assert word(wire, "2036-01-01T00:00:00+00:00") == "blocked"
    wire("/api/stations/delete.ds?id=a")
    assert word(wire, "2036-01-01T00:00:00+00:00") == "deleted"


@pytest.mark.parametrize("date", ["2026-03-20", "20261301", "tomorrow", ""])
def test_a_bad_date_is_refused_and_nothing_is_changed(wire: Wire, control: Any, date: str) -> None:
    wire("/api/stations/add.ds?id=a&user-id=7")
    assert code(wire(f"/api/stations/change.ds?id=a&user-id=8&block-begin={date}")) == "9002"
    assert control.station("a")["user_id"] == "7"


def test_delete_keeps_the_row_and_restore_brings_it_back_whole(wire: Wire, control: Any) -> None:
    wire(f"/api/stations/add.ds?id=a&user-id=7&rate={PREMIUM}&expires=20260401000000")
    before = control.station("a")
    wire("/api/stations/delete.ds?id=a")
    assert wire("/api/stations/info.ds?id=a").root.find("stations/station").get("deleted") == str(STAMP)  # type: ignore[union-attr]
    assert code(wire("/api/stations/add.ds?id=a")) == "18"
    assert code(wire("/api/stations/change.ds?id=a&expires=0")) == "17"
    root = wire("/api/stations/restore.ds?id=a&id=nobody").root
    assert ([e.text for e in root.iterfind("success/station")], [e.text for e in root.iterfind("fail/station")]) == (
        ["a"],
        ["nobody"],
    )
    assert control.station("a") == before


def test_lists_are_paged_and_announce_the_whole(wire: Wire) -> None:
    for number in range(5):
        wire(f"/api/stations/add.ds?id=s{number}&user-id={number % 2}")
    root = wire(f"/api/groups/stations-list.ds?id={EVERYONE}&page=2&per-page=2").root
    assert root.find("stations").get("total") == "5"  # type: ignore[union-attr]
    assert [station.get("id") for station in root.iter("station")] == ["s2", "s3"]
    root = wire("/api/stations/list-by-user-id.ds?user-id=0&per-page=2").root
    assert root.find("pages").attrib == {"total": "2", "current": "1", "objects-per-page": "2"}  # type: ignore[union-attr]
    counted = wire("/api/stations/states.ds").root
    assert counted.find("stations/new").get("total") == "5"  # type: ignore[union-attr]
    assert code(wire("/api/stations/list-by-state.ds?state=sleepy")) == "9004"
    assert code(wire("/api/stations/list-by-state.ds?state=new&page=0")) == "9004"


def test_a_replay_that_names_no_zone_is_refused(wire: Wire) -> None:
    assert wire("/api/tariffs/list.ds", at="2026-03-10T12:00:00").status == 400
    assert wire("/api/tariffs/list.ds", at="yesterday").status == 400


def test_the_log_of_calls_is_numbered_and_tells_what_came_of_them(wire: Wire, control: Any) -> None:
    wire("/api/stations/add.ds?id=a&password=of-the-station")
    wire("/api/stations/add.ds?id=a")
    control.fault("unavailable_503", script="stations/add.ds", times=1)
    wire("/api/stations/add.ds?id=b")
    log = control("GET", "calls?since=1&limit=1")
    assert log["last"] == 3
    assert log["counts"] == {"stations/add": 3}
    first = {"number": 2, "time": NOW, "action": "stations/add", "object": "a", "outcome": "18", "fault": ""}
    assert log["calls"] == [{**first, "script": "stations/add", "station": "a", "id": "a"}]
    assert control("GET", "calls?since=2")["calls"][0]["fault"] == "unavailable_503"
    assert "of-the-station" not in json.dumps(control("GET", "calls"))


def test_a_station_can_be_edited_behind_the_billings_back(control: Any) -> None:
    control("POST", "stations", {"id": "alien", "activated": True, "online": True})
    assert control.station("alien")["state"] == "online"
    edited = control("POST", "stations/alien", {"block_begin": "2026-03-01T00:00:00+00:00", "user_id": "7"})
    assert (edited["state"], edited["user_id"], edited["block_end"]) == ("blocked", "7", None)
    assert control("POST", "stations/alien", {"block_begin": None, "deleted": True})["state"] == "deleted"
    control("DELETE", "stations/alien")
    assert control("GET", "stations") == {"total": 0, "stations": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "stations", {"user_id": "7"}, 400),
        ("POST", "stations/a", {"expires": "2026-03-01T00:00:00"}, 400),
        ("POST", "stations/a", {"colour": "red"}, 400),
        ("POST", "stations/a", {"deleted": "yes"}, 400),
        ("POST", "faults", {"kind": "earthquake"}, 400),
        ("POST", "faults", {"kind": "slow", "times": 0}, 400),
        ("POST", "faults", {"kind": "slow", "colour": "red"}, 400),
        ("GET", "calls?since=x", None, 400),
        ("GET", "stations/nobody", None, 404),
        ("GET", "nothing", None, 404),
    ],
)
def test_a_wrong_word_at_the_control_doors_changes_nothing(
    wire: Wire, control: Any, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    wire("/api/stations/add.ds?id=a")
    before = control.station("a")
    assert "error" in control(method, path, body, status=status)
    assert control.station("a") == before
    assert control("GET", "faults") == {"faults": []}


def test_reset_forgets_stations_faults_and_calls(wire: Wire, control: Any) -> None:
    wire("/api/stations/add.ds?id=a")
    control.fault("slow", times=None)
    control("POST", "reset")
    assert control("GET", "stations")["total"] == 0
    assert control("GET", "faults") == {"faults": []}
    assert control("GET", "calls") == {"last": 1, "counts": {}, "calls": []}


def test_one_connection_serves_many_calls(wire: Wire) -> None:
    wire("/api/stations/add.ds?id=a")
    first = wire.connection.sock
    for _ in range(3):
        wire(STATE)
    assert wire.connection.sock is first


def test_stations_outlive_a_stop_and_the_port_is_kept(sandbox: AvDeskSandbox, wire: Wire) -> None:
    wire("/api/stations/add.ds?id=a")
    url = sandbox.url
    sandbox.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    sandbox.start()
    assert sandbox.url == url
    wire.connection.close()  # cut by the stop; connect anew
    assert word(wire) == "unactivated"


def test_what_is_no_http_is_told_so(sandbox: AvDeskSandbox) -> None:
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), timeout=5) as raw:
        raw.sendall(b"hello\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")


def test_serving_for_good_ends_with_a_stop_from_elsewhere() -> None:
    server = AvDeskSandbox()
    server.start()
    serving = Thread(target=server.serve_forever)
    serving.start()
    server.stop()
    serving.join(timeout=5)
    assert not serving.is_alive()
    server.stop()  # a second stop is harmless


def test_latency_is_added_to_every_call() -> None:
    with AvDesk.sandbox(login="billing", password="pa55-of-av-desk", latency=0.2, port=0) as slow:
        made = Wire(int(slow.url.rpartition(":")[2]))
        made.connection.timeout = 0.1
        with pytest.raises(TimeoutError):
            made("/api/tariffs/list.ds")
        made.connection.close()
