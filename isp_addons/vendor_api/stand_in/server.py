"""The base of every vendor's stand-in: listens, lives at the moment that a call names, shows faults, keeps the log."""

import logging
import socket
import socketserver
import ssl
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition, Event, RLock, Thread
from types import TracebackType
from typing import Any, ClassVar, Self

from isp_addons.clock import SystemClock
from isp_addons.domain.licence import SeenState
from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons.vendor_api.stand_in import doors
from isp_addons.vendor_api.stand_in.calls import CallLog
from isp_addons.vendor_api.stand_in.faults import STATUS, Fault, FaultKind, Faults
from isp_addons.vendor_api.stand_in.http import Connection, Reply, Request
from isp_addons.vendor_api.types import LicenceView

log = logging.getLogger(__name__)

_STOP_SECONDS = 5.0
_CLOCK = CLOCK_HEADER.lower()
_GARBAGE = b"<html><body>Gateway error</bod"


@dataclass(slots=True)
class Call:
    """One request, understood: which action on which object ("" = none), at which moment.

    ``refused`` is the answer to a call that is turned away before any fault or work; ``told`` is what `StandIn.route` has
    parsed for `StandIn.serve`; ``fault`` is what the call meets, for a vendor with batches that are done in part.
    """

    request: Request
    now: datetime
    action: str
    object: str = ""
    told: Any = None
    refused: Reply | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One licence as the vendor has it. ``id`` is the vendor's; ``key`` ours, where the vendor keeps it. ENDED: deleted.

    ``suspended_from``: a suspension that lies ahead; until then the state is ACTIVE.
    """

    id: str
    state: SeenState
    key: str = ""
    quantity: int = 1
    paid_until: datetime | None = None
    suspended_from: datetime | None = None


class StandIn(ABC):
    """A vendor's stand-in. ``with StandIn() as server:`` or `start` and `stop`; its state outlives a stop, not the object.

    *port* 0 takes a free one and keeps it; *latency*, in seconds, is added to every call; with *tls* it speaks HTTPS.
    """

    aliases: ClassVar[Mapping[str, str]] = {}
    """The vendor's own names of ``action`` and ``object`` at the doors: ``{"script": "action"}``."""

    def __init__(self, *, port: int = 0, latency: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self.lock = RLock()
        self.faults = Faults()
        self.calls = CallLog()
        self.tls = tls
        self._latency = latency
        self._port = port
        self._clock = SystemClock()
        self._server: _Server | None = None
        self._thread: Thread | None = None
        self._stopping = Event()
        self._changed = Condition()
        self._open: set[socket.socket] = set()

    @abstractmethod
    def route(self, request: Request, now: datetime) -> Call:
        """Say what a request is; a wrong login or an unknown path has its answer in `Call.refused`."""

    @abstractmethod
    def serve(self, call: Call) -> Reply:
        """Do it and answer."""

    @abstractmethod
    def licences(self, now: datetime) -> Iterable[Standing]:
        """All that stands here at *now*, also what has ended."""

    @abstractmethod
    def clear(self) -> None:
        """Forget the vendor's state."""

    @abstractmethod
    def options(self) -> dict[str, str]:
        """The settings of a vendor section that speaks to this stand-in; it must have been started once."""

    def control(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime) -> Any:  # noqa: ARG002
        """A door of the vendor's own: *path* after ``/sandbox/``; returns JSON. Raises `NotThere` or `ValueError` (400)."""
        raise doors.NotThere(f"there is no {method} {doors.PREFIX}{'/'.join(path)}")

    def perform(self, hook: str, licence: LicenceView) -> None:
        """Do at the vendor's console what an operator was asked to do by *hook*. Only for vendors with operator tasks."""
        raise NotImplementedError(f"{type(self).__name__} cannot do for an operator what {hook} asks for")

    def failure(self, call: Call, status: int) -> Reply:  # noqa: ARG002
        """How the vendor writes an HTTP error: an empty body unless overridden."""
        return Reply(status, b"", kind="text/plain")

    def fault(self, **told: Any) -> Fault:
        """Make the fault that a door was told of; override to let an action have more than one spelling."""
        return Fault(**told)

    def standing(self, now: datetime) -> list[Standing]:
        """`licences` as they are at one moment, whoever is calling meanwhile."""
        with self.lock:
            return list(self.licences(now))

    def reset(self) -> None:
        """Forget state, faults and calls."""
        with self.lock:
            self.clear()
            self.faults.clear()
            self.calls.clear()

    @property
    def url(self) -> str:
        """Where it listens; a port of 0 becomes known with the first start."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, in a thread of its own. Raises `OSError` when the port is taken."""
        if self._server is not None:
            return
        self._stopping.clear()
        self._server = _Server(("127.0.0.1", self._port), self._connection)
        self._port = int(self._server.server_address[1])
        serve, pace = self._server.serve_forever, {"poll_interval": 0.02}
        self._thread = Thread(target=serve, kwargs=pace, name=type(self).__name__, daemon=True)
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
        try:
            if request.path.startswith(doors.PREFIX):
                return doors.answer(self, request, now)
            return self._answer(request, now)
        except Exception as error:
            log.exception("%s failed to serve %s %s", type(self).__name__, request.method, request.path)
            return Reply(500, f"the stand-in has a defect: {type(error).__name__}\n".encode(), kind="text/plain")

    def _answer(self, request: Request, now: datetime) -> Reply | None:
        with self.lock:
            call = self.route(request, now)
        self._wait(self._latency)
        if call.refused is not None:
            return self._noted(call, call.refused)
        fault = call.fault = self.faults.take(call.action, call.object)
        if fault is not None and fault.kind in STATUS:
            return self._stopped(call, fault)
        if fault is not None and fault.kind is FaultKind.SLOW:
            self._wait(fault.seconds or 0.0)
        with self.lock:
            reply = self.serve(call)
        self._noted(call, reply)
        return reply if fault is None else self._spoilt(reply, fault)

    def _stopped(self, call: Call, fault: Fault) -> Reply | None:
        status = STATUS[fault.kind]
        if status is None:
            self._log(call, "cut")
            return None
        reply = self._noted(call, self.failure(call, status))
        if status != 429:
            return reply
        return replace(reply, headers={**reply.headers, "Retry-After": str(int(fault.seconds or 0))})

    def _spoilt(self, reply: Reply, fault: Fault) -> Reply | None:
        match fault.kind:
            case FaultKind.TIMEOUT_AFTER:
                self._wait(fault.seconds or 0.0)
                return None
            case FaultKind.GARBAGE:
                return Reply(200, _GARBAGE, kind="text/html")
            case FaultKind.PARTIAL if reply.half is not None:
                return replace(reply, body=reply.half())
            case FaultKind.PARTIAL:
                return replace(reply, sent=len(reply.body) // 2)
        return reply

    def _noted(self, call: Call, reply: Reply) -> Reply:
        self._log(call, reply.outcome or ("ok" if reply.status < 400 else str(reply.status)))
        return reply

    def _log(self, call: Call, outcome: str) -> None:
        fault = "" if call.fault is None else call.fault.kind.value
        self.calls.add(time=int(call.now.timestamp()), action=call.action, of=call.object, outcome=outcome, fault=fault)

    def _moment(self, request: Request) -> datetime:
        told = request.headers.get(_CLOCK)
        moment = datetime.fromisoformat(told) if told else self._clock.now()
        if moment.tzinfo is None:
            raise ValueError("a time without zone")
        return moment

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
        """What escapes a connection, such as a failed TLS handshake: it goes to the log, not to the terminal."""
        log.warning("the stand-in failed to serve %s", client_address, exc_info=True)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:  # the client was faster
        log.debug("already closed: %s", error)
