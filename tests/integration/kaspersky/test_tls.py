"""The client certificate, over real TLS."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor_api import LicenceView, OutcomeUnknown, SeenState, Unauthorised, Unavailable
from isp_addons_kaspersky.sandbox import KasperskySandbox

LOOPBACK = Path(__file__).parents[2] / "unit" / "stand_in" / "loopback.pem"
"""A certificate and key of 127.0.0.1, known to everybody and trusted by these tests alone."""


def context(verify: ssl.VerifyMode, *, newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED) -> ssl.SSLContext:
    """A server's side of TLS that trusts that certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.maximum_version = newest
    made.load_cert_chain(LOOPBACK)
    made.load_verify_locations(LOOPBACK)
    made.verify_mode = verify
    return made


@pytest.fixture
def server() -> Iterator[KasperskySandbox]:
    """A stand-in that ends the handshake with whom it does not know."""
    with KasperskySandbox(tls=context(ssl.CERT_REQUIRED), needs_certificate=True) as made:
        yield made


def test_a_client_certificate_is_shown_to_the_service(make_vendor: Any, licence: LicenceView, server: KasperskySandbox) -> None:
    vendor = make_vendor(server=server, ca_file=str(LOOPBACK), cert_file=str(LOOPBACK))
    vendor.do(Step.ORDER, licence)
    assert vendor.read(licence).state is SeenState.ACTIVE
    assert vendor.check().findings[-1] == "Products without a product_id of their own are ordered as KISMD."


def test_the_certificate_and_its_key_may_be_two_files(
    make_vendor: Any, licence: LicenceView, server: KasperskySandbox, tmp_path: Path
) -> None:
    both = LOOPBACK.read_text(encoding="utf-8")
    parts = {"cert_file": "CERTIFICATE", "key_file": "PRIVATE KEY"}
    for name, word in parts.items():
        begin, end = both.index(f"-----BEGIN {word}"), both.index(f"-----END {word}-----")
        (tmp_path / name).write_text(both[begin:end] + f"-----END {word}-----\n", encoding="utf-8")
    files = {name: str(tmp_path / name) for name in parts}
    assert make_vendor(server=server, ca_file=str(LOOPBACK), **files).read(licence).state is SeenState.ABSENT


def test_who_shows_no_certificate_is_told_which_settings_to_make(make_vendor: Any, licence: LicenceView) -> None:
    with KasperskySandbox(tls=context(ssl.CERT_REQUIRED, newest=ssl.TLSVersion.TLSv1_2)) as server:
        vendor = make_vendor(server=server, ca_file=str(LOOPBACK))
        with pytest.raises(Unauthorised, match=r"without a client certificate.*Set cert_file and key_file"):
            vendor.do(Step.ORDER, licence)
        assert server.calls.after() == []


def test_a_handshake_that_just_breaks_has_done_nothing_and_says_no_more(
    make_vendor: Any, licence: LicenceView, server: KasperskySandbox
) -> None:
    # In TLS 1.3 the client has sent its request before it hears of it, so it may find the connection closed instead.
    vendor = make_vendor(server=server, ca_file=str(LOOPBACK))
    with pytest.raises((Unauthorised, OutcomeUnknown)):
        vendor.do(Step.ORDER, licence)
    assert server.calls.after() == []


def test_a_service_that_reads_first_and_then_misses_the_certificate_pauses_the_vendor_too(
    make_vendor: Any, licence: LicenceView
) -> None:
    with KasperskySandbox(tls=context(ssl.CERT_OPTIONAL), needs_certificate=True) as server:
        vendor = make_vendor(server=server, ca_file=str(LOOPBACK))
        with pytest.raises(Unauthorised, match="HTTP 403"):
            vendor.do(Step.ORDER, licence)


def test_a_service_whose_own_certificate_is_not_trusted_is_told_nothing(
    make_vendor: Any, licence: LicenceView, server: KasperskySandbox
) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        make_vendor(server=server, cert_file=str(LOOPBACK)).do(Step.ORDER, licence)
    assert server.calls.after() == []
