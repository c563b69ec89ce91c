"""A stand-in AV-Desk server: real HTTP on 127.0.0.1, its stations in memory, living at the moment that a call names.

For trials and tests without a vendor: scripts under ``/api/`` and ``/api/3.0/``, doors of its own under ``/sandbox/``. What
it shares with a real server, and what it assumes, is told in this package's README.
"""

import base64
import logging
import socket
import socketserver
from datetime import datetime
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from isp_addons.vendor_api import SystemClock
from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons_avdesk.sandbox_api import Api
from isp_addons_avdesk.sandbox_control import Control
from isp_addons_avdesk.sandbox_faults import CallLog, Faults
from isp_addons_avdesk.sandbox_http import Connection, Reply, Request
from isp_addons_avdesk.sandbox_stations import Stations

log = logging.getLogger(__name__)

_CALLS_KEPT = 200_000
_STOP_SECONDS = 5.0
_CLOCK = CLOCK_HEADER.lower()


class AvDeskSandbox:
    """The stand-in. ``with AvDeskSandbox() as server:`` or `start` and `stop`; stations outlive a stop, not the object.

    *port* 0 takes a free one and keeps it; *licensed* is how many stations the key allows (None = any number); *latency* is
    added to every call, in seconds.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        login: str = "admin",
        password: str = "sandbox",  # noqa: S107 - of a stand-in on loopback
        time_zone: str = "UTC",
        licensed: int | None = None,
        latency: float = 0.0,
    ) -> None:
        self._port = port
        self._clock = SystemClock()
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self._stopping = Event()
        self._changed = Condition()
        self._open: set[socket.socket] = set()
        zone = ZoneInfo(time_zone)
        basic = "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
        stations, faults, calls = Stations(zone=zone, licensed=licensed), Faults(), CallLog(limit=_CALLS_KEPT)
        self._control = Control(stations, faults, calls)
        self._api = Api(stations, faults, calls, zone, basic, latency, self._wait)

    @property
    def url(self) -> str:
        """Where it listens; a port of 0 becomes known with the first start."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, in a thread of its own. Raises `OSError` when the port is taken."""
        if self._server is not None:
            return
        self._stopping.clear()
        self._server = _Server(("127.0.0.1", self._port), self._connection)
        self._port = int(self._server.server_address[1])
        self._api.url = self.url
        serve, pace = self._server.serve_forever, {"poll_interval": 0.02}
        self._thread = Thread(target=serve, kwargs=pace, name="avdesk-sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut every connection, as a server that goes down does."""
        with self._changed:  # `serve_forever` stops as well, in its own thread
            server, thread = self._server, self._thread
            self._server = self._thread = None
        if server is None or thread is None:
            return
        self._stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
        with self._changed:
            for connection in self._open:
                _cut(connection)
            self._changed.wait_for(lambda: not self._open, timeout=_STOP_SECONDS)

    def serve_forever(self) -> None:
        """Serve until `stop` is called from another thread, or the command is interrupted."""
        self.start()
        try:
            self._stopping.wait()
        finally:
            self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def opened(self, connection: socket.socket) -> None:
        """See `Answering.opened`."""
        with self._changed:
            self._open.add(connection)
            if self._stopping.is_set():
                _cut(connection)

    def closed(self, connection: socket.socket) -> None:
        """See `Answering.closed`."""
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()

    def answer(self, request: Request) -> Reply | None:
        """See `Answering.answer`. The moment is the one that the request names, or now."""
        try:
            now = self._moment(request)
        except ValueError:
            return Reply(400, f"{CLOCK_HEADER} must be an ISO time with its zone\n".encode(), kind="text/plain")
        if not request.path.startswith("/sandbox/"):
            return self._api.answer(request, now)
        status, body = self._control.answer(request.method, request.path, dict(request.query), request.body, now)
        return Reply(status, body, kind="application/json")

    def _moment(self, request: Request) -> int:
        told = request.headers.get(_CLOCK)
        moment = datetime.fromisoformat(told) if told else self._clock.now()
        if moment.tzinfo is None:
            raise ValueError("a time without zone")
        return int(moment.timestamp())

    def _wait(self, seconds: float) -> None:
        """Let time pass, but not past a stop."""
        if seconds > 0:
            self._stopping.wait(seconds)

    def _connection(self, request: Any, client_address: Any, server: socketserver.BaseServer) -> Connection:
        return Connection(request, client_address, server, behind=self)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class names them
        """A defect of the stand-in: it goes to the log, not to the terminal."""
        log.exception("the stand-in failed to serve %s", client_address)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:  # the client was faster
        log.debug("already closed: %s", error)
