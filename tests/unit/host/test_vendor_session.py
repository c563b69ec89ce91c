"""HTTP to a vendor: every call has a time-out, every failure is one decision, no secret is told."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.clock import ReplayClock, SystemClock
from isp_addons.vendor_api import OutcomeUnknown, RateLimited, Rejected, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.http import CLOCK_HEADER, VendorSession, retry_after, star

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SECRET = "pä55 wörd&"


class Server:
    """Answers each request with what it is told to, byte by byte, and keeps what came."""

    def __init__(self) -> None:
        self.answer: Callable[[socket.socket], None] = self.saying(200)
        self.requests: list[str] = []
        self.connections = 0
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def saying(self, status: int, *headers: str, body: bytes = b"<ok/>") -> Callable[[socket.socket], None]:
        lines = "\r\n".join((f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers))
        return lambda connection: connection.sendall(lines.encode() + b"\r\n\r\n" + body)

    def close(self) -> None:
        self._stop.set()
        self._socket.close()

    def wait(self) -> None:
        """Say nothing for as long as the test lasts."""
        self._stop.wait(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while request := self._read(stream):
                self.requests.append(request)
                try:
                    self.answer(connection)
                except OSError:
                    return

    def _read(self, stream: BinaryIO) -> str:
        lines = []
        while (line := stream.readline()) not in (b"", b"\r\n"):
            lines.append(line.decode("latin-1"))
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length")), 0)
        return "".join(lines) + stream.read(length).decode("latin-1") if lines else ""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def session(server: Server) -> Iterator[VendorSession]:
    session = VendorSession(
        server.url, clock=ReplayClock(NOW), timeout=(1.0, 0.2), auth=("isp", SECRET), secrets=[SECRET], user_agent="vendor 7"
    )
    yield session
    session.close()


def _get(session: VendorSession, *, changes: bool = True) -> None:
    session.send("GET", "/api/change", action="change L-1", changes=changes, params={"id": "L-1"})


def test_a_call_says_who_calls_and_when_and_keeps_its_connection(server: Server, session: VendorSession) -> None:
    for _ in range(3):
        answer = session.send("GET", "/api/a b/change.ds", action="x", changes=True, params={"id": "L-1", "name": "a&b=ü"})
    assert answer.content == b"<ok/>"
    assert server.connections == 1
    head, *lines = server.requests[2].split("\r\n")
    assert head == "GET /api/a%20b/change.ds?id=L-1&name=a%26b%3D%C3%BC HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines if line)
    assert headers[CLOCK_HEADER] == NOW.isoformat()
    assert headers["User-Agent"].startswith("isp-addons/")
    assert headers["User-Agent"].endswith("vendor 7")
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == f"isp:{SECRET}"


def test_the_clock_is_sent_only_while_it_is_replayed(server: Server) -> None:
    session = VendorSession(server.url, clock=SystemClock())
    _get(session)
    assert CLOCK_HEADER not in server.requests[0]
    session.close()


def test_a_form_and_a_body_are_sent_as_such(server: Server, session: VendorSession) -> None:
    session.send("POST", "/form", action="x", changes=True, data={"id": "L-1", "name": "ü"})
    session.send("POST", "/json", action="x", changes=True, data=b'{"id": 7}', headers={"Content-Type": "application/json"})
    session.send("DELETE", "/none", action="x", changes=True)
    form, body, none = server.requests
    assert form.endswith("id=L-1&name=%C3%BC")
    assert "application/x-www-form-urlencoded" in form
    assert body.endswith('{"id": 7}')
    assert "application/json" in body
    assert "Content-Length: 0" in none


def test_cookies_are_not_kept(server: Server, session: VendorSession) -> None:
    server.answer = server.saying(200, "Set-Cookie: session=1")
    _get(session)
    _get(session)
    assert "session=1" not in server.requests[1]


@pytest.mark.parametrize(
    ("status", "when_changing", "when_reading"),
    [
        (301, Rejected, Rejected),
        (400, Rejected, Rejected),
        (401, Unauthorised, Unauthorised),
        (403, Unauthorised, Unauthorised),
        (404, Rejected, Rejected),
        (408, OutcomeUnknown, Unavailable),
        (409, Rejected, Rejected),
        (422, Rejected, Rejected),
        (429, RateLimited, RateLimited),
        (500, OutcomeUnknown, Unavailable),
        (502, OutcomeUnknown, Unavailable),
        (503, Unavailable, Unavailable),
        (504, OutcomeUnknown, Unavailable),
    ],
)
def test_each_status_is_one_decision(
    server: Server, session: VendorSession, status: int, when_changing: type[VendorError], when_reading: type[VendorError]
) -> None:
    server.answer = server.saying(status, "Location: http://elsewhere/")
    for changes, expected in ((True, when_changing), (False, when_reading)):
        with pytest.raises(VendorError) as caught:
            _get(session, changes=changes)
        assert type(caught.value) is expected
        assert (caught.value.status, caught.value.action) == (status, "change L-1")
    assert len(server.requests) == 2, "nothing is repeated here, and nobody is followed"


@pytest.mark.parametrize("status", [429, 503])
def test_the_vendors_own_word_when_to_come_back_is_kept(server: Server, session: VendorSession, status: int) -> None:
    server.answer = server.saying(status, "Retry-After: 90")
    with pytest.raises(RateLimited) as caught:
        _get(session)
    assert caught.value.until == NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("0", NOW),
        (" 7 ", NOW + timedelta(seconds=7)),
        ("999999999999", NOW + timedelta(days=1)),
        ("Tue, 10 Mar 2026 12:05:00 GMT", NOW + timedelta(minutes=5)),
        ("Tue, 10 Mar 2026 12:05:00 -0000", NOW + timedelta(minutes=5)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", NOW + timedelta(days=1)),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, until: datetime | None) -> None:
    assert retry_after(value, NOW) == until


@given(st.text(max_size=40))
def test_retry_after_never_fails_and_never_waits_longer_than_a_day(value: str) -> None:
    until = retry_after(value, NOW)
    assert until is None or until <= NOW + timedelta(days=1)


def test_an_answer_that_does_not_come_in_time_is_unknown_for_a_change_and_unavailable_for_a_question(
    server: Server, session: VendorSession
) -> None:
    server.answer = lambda _connection: server.wait()
    with pytest.raises(OutcomeUnknown, match=r"did not answer within 0\.2 s"):
        _get(session)
    with pytest.raises(Unavailable):
        _get(session, changes=False)


@pytest.mark.parametrize(
    "broken",
    [
        lambda connection: connection.shutdown(socket.SHUT_RDWR),
        lambda connection: (connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"), connection.shutdown(2)),
        lambda connection: (connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"), connection.shutdown(2)),
    ],
    ids=["cut", "cut in half", "not HTTP"],
)
def test_a_connection_that_breaks_leaves_the_outcome_unknown(
    server: Server, session: VendorSession, broken: Callable[[socket.socket], None]
) -> None:
    server.answer = broken
    with pytest.raises(OutcomeUnknown, match="broke before the answer was complete"):
        _get(session)


def test_who_cannot_be_reached_did_nothing() -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
        session = VendorSession(url, clock=ReplayClock(NOW), timeout=(0.5, 0.5))
        with pytest.raises(Unavailable, match="cannot be reached"):
            _get(session)
        session.close()


def test_no_secret_is_told_in_any_form(server: Server, session: VendorSession) -> None:
    basic = base64.b64encode(f"isp:{SECRET}".encode()).decode()
    server.answer = server.saying(400, body=f"you sent {SECRET}, p%C3%A455%20w%C3%B6rd%26 and {basic}".encode())
    with pytest.raises(Rejected) as caught:
        _get(session)
    assert caught.value.answer == "you sent *, * and *"


def test_the_longest_secret_is_starred_first() -> None:
    assert star("abc abcdef", ["abc", "", "abcdef"]) == "* *"


def test_threads_have_connections_of_their_own_and_leave_none_behind(server: Server, session: VendorSession) -> None:
    threads = [threading.Thread(target=_get, args=(session,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.connections == 4
    assert len(session._opened) == 0, "the sessions of threads that ended are gone"
