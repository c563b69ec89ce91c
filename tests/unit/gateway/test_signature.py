"""A request is believed when its signature is that of these very bytes, and of now."""

from datetime import UTC, datetime, timedelta

import pytest

from isp_addons_gateway.signature import complaint, sign

SECRET = "k3y-that-signs-everything"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())


def wrong(
    *, told: str | None = None, at: str = str(AT), target: str = "/licences/L-1/order", now: datetime = NOW
) -> str | None:
    signature = sign(SECRET, timestamp=AT, method="POST", target="/licences/L-1/order", body=b"{}") if told is None else told
    found = complaint(SECRET, signature, at, method="POST", target=target, body=b"{}", now=now)
    return found[0] if found else None


def test_a_signature_is_the_hmac_of_time_method_target_and_body() -> None:
    # printf '1773144000\nPOST\n/licences/L-1/order\n{}' | openssl dgst -sha256 -hmac k3y-that-signs-everything
    expected = "v1=98eb94d04e6684c4bc2e4b939e5c93afffcf5fef4098c9f9d2c7a221e45bf065"
    assert sign(SECRET, timestamp=AT, method="POST", target="/licences/L-1/order", body=b"{}") == expected


def test_a_good_request_is_believed_for_five_minutes_either_way() -> None:
    for seconds in (-300, 0, 300):
        assert wrong(now=NOW + timedelta(seconds=seconds)) is None
    for seconds in (-301, 301):
        assert wrong(now=NOW + timedelta(seconds=seconds)) == "stale"


def test_any_changed_byte_makes_it_somebody_elses() -> None:
    good = sign(SECRET, timestamp=AT, method="POST", target="/licences/L-1/order", body=b"{}")
    for changed in (
        sign(SECRET + "x", timestamp=AT, method="POST", target="/licences/L-1/order", body=b"{}"),
        sign(SECRET, timestamp=AT + 1, method="POST", target="/licences/L-1/order", body=b"{}"),
        sign(SECRET, timestamp=AT, method="GET", target="/licences/L-1/order", body=b"{}"),
        sign(SECRET, timestamp=AT, method="POST", target="/licences/L-2/order", body=b"{}"),
        sign(SECRET, timestamp=AT, method="POST", target="/licences/L-1/order?x=1", body=b"{}"),
        sign(SECRET, timestamp=AT, method="POST", target="/licences/L-1/order", body=b"{ }"),
    ):
        assert changed != good
        assert wrong(told=changed) == "wrong_signature"


@pytest.mark.parametrize("told", ["", "v1=", "é", "v0=00"])
def test_what_is_no_signature_is_refused(told: str) -> None:
    assert wrong(told=told) == "wrong_signature"


@pytest.mark.parametrize("at", ["", "yesterday", "-1", "٣", "9" * 40, str(AT - 1000)])
def test_another_time_than_the_signed_one_is_refused(at: str) -> None:
    assert wrong(at=at) == "wrong_signature"
