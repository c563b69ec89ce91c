"""Between the words of isp-addons and those of Kaspersky, and what no text may tell."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.vendor_api import SeenState
from isp_addons_kaspersky import items
from isp_addons_kaspersky.answers import hide
from isp_addons_kaspersky.translate import Status, read_number, read_subscription, read_time, seen

TOLD = {
    "Status": "Started",
    "StartTime": "2026-03-10T12:00:00Z",
    "EndTime": "indefinite",
    "LicenseCount": "3",
    "ProductId": "KISMD",
    "ActivationCode": "AAAAA-BBBBB",
}


def told(**changed: str | None) -> Any:
    return SimpleNamespace(**{**TOLD, **changed})


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("NotStarted", SeenState.ACTIVE),
        ("Started", SeenState.ACTIVE),
        ("Paused", SeenState.SUSPENDED),
        ("SoftCancelled", SeenState.SUSPENDED),
        ("HardCancelled", SeenState.ENDED),
    ],
)
def test_every_status_has_one_word_of_ours_and_only_hard_cancelled_is_over(status: str, state: SeenState) -> None:
    subscription = read_subscription(told(Status=status), subscriber="a")
    assert seen(subscription, key="k").state is state
    assert (subscription.active, subscription.suspended, subscription.ended) == (
        state is SeenState.ACTIVE,
        state is SeenState.SUSPENDED,
        state is SeenState.ENDED,
    )
    assert set(Status) == {"NotStarted", "Started", "Paused", "SoftCancelled", "HardCancelled"}


def test_a_subscription_is_read_whole_and_its_code_is_not_in_its_repr() -> None:
    subscription = read_subscription(
        told(EndTime="2026-04-01T03:00:00+03:00"), subscriber="a", links={"download_ios": "http://x"}
    )
    assert (subscription.quantity, subscription.product_id) == (3, "KISMD")
    assert subscription.end == datetime(2026, 4, 1, tzinfo=UTC)
    assert subscription.show == {"activation_code": "AAAAA-BBBBB", "download_ios": "http://x"}
    assert "AAAAA" not in repr(subscription)
    assert "http://x" not in repr(subscription)


@pytest.mark.parametrize("end", ["indefinite", None])
def test_no_end_is_none(end: str | None) -> None:
    assert read_subscription(told(EndTime=end), subscriber="a").end is None


@pytest.mark.parametrize(
    "changed",
    [
        {"Status": None},
        {"Status": "started"},
        {"LicenseCount": None},
        {"ActivationCode": ""},
        {"ProductId": None},
        {"EndTime": ""},
    ],
)
def test_what_makes_no_sense_is_an_error(changed: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_subscription(told(**changed), subscriber="a")


def test_info_without_a_subscription_is_an_error() -> None:
    with pytest.raises(ValueError, match="no Subscription"):
        read_subscription(None, subscriber="a")


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_a_time_comes_back_as_it_was_sent_whatever_its_zone(naive: datetime, hours: int) -> None:
    moment = naive.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    text = items.time_text(moment)
    assert text.endswith("Z")
    assert len(text) == 20
    assert read_time(text) == moment


def test_without_end_is_said_by_a_word() -> None:
    assert items.renew("a", end=None).details == {"EndTime": "indefinite"}
    assert items.renew("a", end=datetime(2026, 4, 1, tzinfo=UTC)).details == {"EndTime": "2026-04-01T00:00:00Z"}


@pytest.mark.parametrize(("text", "number"), [("5", 5), (" 202 ", 202), ("-1", -1)])
def test_a_number_is_read(text: str, number: int) -> None:
    assert read_number(text, name="ErrorCode") == number


@pytest.mark.parametrize("text", [None, "", "x", "1.5", "٣", "--1", "9" * 50])
def test_what_is_no_number_is_an_error(text: str | None) -> None:
    with pytest.raises(ValueError, match="ErrorCode is no number"):
        read_number(text, name="ErrorCode")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('<Activate ActivationCode="AAAAA-BBBBB" UnitId="1"/>', '<Activate ActivationCode="*" UnitId="1"/>'),
        ("<a ActivationCode = 'AAAAA'/>", "<a ActivationCode = '*'/>"),
        ('<a ActivationCode="AAAAA-cut', '<a ActivationCode="*'),
        ('<DownloadLink Url="https://x/y"/>', '<DownloadLink Url="*"/>'),
        ("nothing of it", "nothing of it"),
    ],
)
def test_codes_and_links_are_starred_even_when_the_text_is_cut_off(text: str, shown: str) -> None:
    assert hide(text) == shown
