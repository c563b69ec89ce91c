"""uvicorn in a thread of its own: listens before it says so, and ends in order."""

import socket
from threading import Event, Thread
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from isp_addons.domain.problem import Problem, Refused

_MOST_AT_ONCE = 200
_END_SECONDS = 5
_LOOK_SECONDS = 0.5


class Listener:
    """Serves *web* at *host* and *port* (0: any free one) while the ``with`` block lasts. Raises `Refused` (``port``)."""

    def __init__(self, web: FastAPI, *, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self._server = uvicorn.Server(
            uvicorn.Config(
                web,
                log_config=None,  # the product's own log
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="off",
                limit_concurrency=_MOST_AT_ONCE,
                timeout_graceful_shutdown=_END_SECONDS,
            )
        )
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def wait(self, stop: Event) -> None:
        """Go on until *stop* is set. Raises `Problem` when the server ends by itself."""
        while not stop.wait(_LOOK_SECONDS):
            if not self._thread.is_alive():
                raise Problem("The HTTP server ended by itself; the log says why.")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on: who connects before the server is up waits for it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Refused(f"{host} is not an address to listen on: {error.strerror}.", code="port") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise Refused(
            f"The port {port} of {host} cannot be used: {error.strerror}; take another --port.", code="port"
        ) from error
    return listening
