"""HTTP/1.1 of a stand-in, by hand: connections stay open, an answer is one packet. Made for a thousand calls a second."""

import json
import logging
import socket
import socketserver
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

log = logging.getLogger(__name__)

_LONGEST_LINE = 65_536
_LONGEST_BODY = 1_048_576


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case, the path as it was sent. ``certificate``: the client showed one (TLS)."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    certificate: bool = False

    def json(self) -> dict[str, Any]:
        """The body as a JSON object, ``{}`` when there is none. Raises `ValueError`."""
        read = json.loads(self.body) if self.body.strip() else {}
        if not isinstance(read, dict):
            raise ValueError("the body must be a JSON object")
        return read


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``sent``: how many bytes of the body are sent before the connection is cut (None = all of it).

    ``outcome`` is what the log says of the call: ``ok`` or the status when left empty. ``half`` renders the body of a list with
    half of its rows; without it, the fault ``partial`` sends half of the bytes.
    """

    status: int
    body: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    outcome: str = ""
    half: Callable[[], bytes] | None = None

    @classmethod
    def json(cls, value: Any, *, status: int = 200, outcome: str = "", half: Callable[[], Any] | None = None) -> Self:
        """Answer with JSON; *half* makes the value that a cut-off list has."""
        halved = None if half is None else lambda: json.dumps(half()).encode()
        return cls(status, json.dumps(value).encode(), outcome=outcome, half=halved)


class _BadRequest(Exception):
    """What came is no request that can be served."""


class Answering(Protocol):
    """Who is behind the connections."""

    tls: ssl.SSLContext | None

    def opened(self, connection: socket.socket) -> None:
        """A client has connected."""

    def closed(self, connection: socket.socket) -> None:
        """A client has gone."""

    def answer(self, request: Request) -> Reply | None:
        """The answer, or None to cut the connection."""


class Connection(socketserver.StreamRequestHandler):
    """One client's connection, in a thread of its own: request after request until either side closes."""

    disable_nagle_algorithm = True

    def __init__(
        self, request: socket.socket, client_address: tuple[str, int], server: socketserver.BaseServer, *, behind: Answering
    ) -> None:
        self._behind = behind
        super().__init__(request, client_address, server)

    def setup(self) -> None:
        """Shake hands when it is TLS."""
        if self._behind.tls is not None:
            self.request = self._behind.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Close what `setup` made; a plain socket is closed by the server."""
        super().finish()
        if self._behind.tls is not None:
            self.connection.close()

    def handle(self) -> None:
        """Serve until the end."""
        self._behind.opened(self.connection)
        try:
            while self._serve_one():
                pass
        except (ConnectionError, TimeoutError, ssl.SSLError) as error:
            log.debug("a client has gone: %s", error)
        except _BadRequest as error:
            self._send(Reply(400, f"{error}\n".encode(), kind="text/plain"), last=True)
        finally:
            self._behind.closed(self.connection)

    def _serve_one(self) -> bool:
        request = self._read()
        if request is None:
            return False
        reply = self._behind.answer(request)
        if reply is None:
            return False
        last = reply.sent is not None or request.headers.get("connection", "").lower() == "close"
        self._send(reply, last=last)
        return not last

    def _read(self) -> Request | None:
        line = self.rfile.readline(_LONGEST_LINE)
        if not line:
            return None
        method, _, rest = line.decode("latin-1").partition(" ")
        target, _, version = rest.strip().rpartition(" ")
        if not version.startswith("HTTP/1."):
            raise _BadRequest("this is no HTTP/1 request")
        headers = {}
        while line := self.rfile.readline(_LONGEST_LINE).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        told = headers.get("content-length", "0")
        length = int(told) if told.isdecimal() else _LONGEST_BODY + 1
        if length > _LONGEST_BODY:
            raise _BadRequest("the body's length is missing or too long")
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(target)
        query = parse_qsl(parts.query, keep_blank_values=True)
        return Request(method, parts.path, query, headers, body, self._certificate())

    def _certificate(self) -> bool:
        connection = self.connection
        return isinstance(connection, ssl.SSLSocket) and bool(connection.getpeercert(binary_form=True))

    def _send(self, reply: Reply, *, last: bool) -> None:
        headers = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body)), **reply.headers}
        if last:
            headers["Connection"] = "close"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{lines}\r\n"
        self.connection.sendall(head.encode("latin-1") + reply.body[: reply.sent])
