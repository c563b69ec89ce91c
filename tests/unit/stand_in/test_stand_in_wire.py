"""A stand-in as a server: it stops and starts, takes its time, speaks TLS, and refuses what is no HTTP."""

import http.client
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from isp_addons.vendor_api.stand_in import Call, Fault, FaultKind, Reply
from unit.stand_in.serving import TOKEN, Server, Wire, put

LOOPBACK = Path(__file__).with_name("loopback.pem")
"""A certificate and key of 127.0.0.1, known to everybody and trusted by these tests alone."""


def test_state_and_port_outlive_a_stop_which_cuts_who_is_connected(server: Server, wire: Wire) -> None:
    put(wire)
    url = server.url
    server.stop()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        put(wire)
    wire.connection.close()
    server.start()
    server.start()  # a second start is harmless
    assert server.url == url
    assert wire("GET", "/licences/a").json()["quantity"] == 3


def test_a_stop_does_not_wait_for_the_slow(server: Server) -> None:
    server.faults.add(Fault(FaultKind.SLOW, seconds=3600))
    wire = Wire(server)

    def ask() -> None:
        with suppress(http.client.RemoteDisconnected, ConnectionError):  # it is answered, or cut
            put(wire)

    asking = Thread(target=ask)
    asking.start()
    while server.faults.listed():
        assert asking.is_alive()
    server.stop()
    asking.join(timeout=5)
    assert not asking.is_alive()
    wire.connection.close()


def test_latency_is_added_to_every_call() -> None:
    with Server(token=TOKEN, latency=3600) as slow:
        wire = Wire(slow)
        wire.connection.timeout = 0.1
        with pytest.raises(TimeoutError):
            put(wire)
        wire.connection.close()


@pytest.mark.parametrize("raw", [b"hello\r\n\r\n", b"PUT /a HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n"])
def test_what_cannot_be_served_is_told_so(server: Server, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5) as client:
        client.sendall(raw)
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


class TlsServer(Server):
    """Tells whether the client showed a certificate."""

    def serve(self, call: Call) -> Reply:
        return Reply.json({"certificate": call.request.certificate})


@pytest.mark.parametrize("shown", [True, False])
def test_it_speaks_tls_and_sees_a_clients_certificate(shown: bool) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(LOOPBACK)
    serving.load_verify_locations(LOOPBACK)
    serving.verify_mode = ssl.CERT_OPTIONAL
    asking = ssl.create_default_context(cafile=str(LOOPBACK))
    if shown:
        asking.load_cert_chain(LOOPBACK)
    with TlsServer(token=TOKEN, tls=serving) as server:
        assert server.url.startswith("https://127.0.0.1:")
        wire = Wire(server)
        wire.connection = http.client.HTTPSConnection(
            "127.0.0.1", int(server.url.rpartition(":")[2]), timeout=5, context=asking
        )
        assert wire("GET", "/hello").json() == {"certificate": shown}
        assert wire("GET", "/hello").json() == {"certificate": shown}
        wire.connection.close()


def test_who_speaks_plainly_to_tls_is_logged_and_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(LOOPBACK)
    with TlsServer(token=TOKEN, tls=serving) as server:
        wire = Wire(server)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            wire("GET", "/hello")
        wire.connection.close()
    assert "failed to serve" in caplog.text
