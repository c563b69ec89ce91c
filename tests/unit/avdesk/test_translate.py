"""Times and stations between isp-addons and AV-Desk."""

from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.vendor_api import SeenState
from isp_addons_avdesk.translate import Station, expires_text, local_text, read_station, read_time, seen, window

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ZONES = ("UTC", "Europe/Moscow", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")

zones = st.sampled_from(ZONES).map(ZoneInfo)
seconds = st.integers(0, int(datetime(2090, 1, 1, tzinfo=UTC).timestamp()) - 946_684_800)
moments = seconds.map(lambda passed: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=passed))


def around_a_change_of_clocks(zone: str, year: int) -> list[datetime]:
    """Every quarter of an hour for a day around each change of the zone's offset in that year."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=day) for day in range(366)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    changes = [day for day, here, there in zip(days, offsets, offsets[1:], strict=False) if here != there]
    return [day + timedelta(minutes=15 * quarter) for day in changes for quarter in range(100)]


def element(text: str) -> Element:
    read: Element = fromstring(text)
    return read


@given(moment=moments, zone=zones)
def test_a_moment_survives_the_way_to_local_time_and_back(moment: datetime, zone: ZoneInfo) -> None:
    back = read_time(local_text(moment, zone), zone)
    assert back is not None
    assert local_text(back, zone) == local_text(moment, zone)
    assert back == moment or moment.astimezone(zone).fold == 1


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])
def test_only_the_second_pass_of_the_ambiguous_hour_comes_back_earlier(zone: str) -> None:
    moments = around_a_change_of_clocks(zone, 2026)
    assert moments
    shifted = [moment for moment in moments if read_time(local_text(moment, ZoneInfo(zone)), ZoneInfo(zone)) != moment]
    assert shifted == [moment for moment in moments if moment.astimezone(ZoneInfo(zone)).fold == 1]
    assert shifted


@given(moment=moments, zone=zones)
def test_unix_time_needs_no_zone(moment: datetime, zone: ZoneInfo) -> None:
    if moment > datetime(2001, 9, 10, tzinfo=UTC):  # ten digits from here on; a date has eight
        assert read_time(str(int(moment.timestamp())), zone) == moment


def test_local_time_is_written_in_the_servers_zone() -> None:
    assert local_text(datetime(2026, 1, 31, 21, 0, tzinfo=UTC), ZoneInfo("Europe/Moscow")) == "20260201000000"
    assert local_text(datetime(2026, 7, 1, 12, 30, 15, 999_999, tzinfo=UTC), BERLIN) == "20260701143015"


def test_without_end_is_written_as_zero_and_read_as_none() -> None:
    assert expires_text(None, BERLIN) == "0"
    assert read_time("0", BERLIN) is None
    assert read_time("00000000", BERLIN) is None
    assert read_time("", BERLIN) is None
    assert read_time(None, BERLIN) is None


def test_older_servers_write_local_time_with_milliseconds() -> None:
    assert read_time("20260701143015123", BERLIN) == datetime(2026, 7, 1, 12, 30, 15, tzinfo=UTC)
    assert read_time("20260701", BERLIN) == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["never", "20261332000000", "-5", "9" * 30, "2026-01-01", "²³"])
def test_what_is_no_date_is_an_error_and_not_a_missing_date(text: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        read_time(text, BERLIN)


def test_a_station_is_read_with_attributes_or_children_and_either_dash() -> None:
    with_attributes = element('<station id="a" user-id="7" rate="G" expires="1775000000" block_begin="1774000000"/>')
    with_children = element(
        '<station id="a"><user_id>7</user_id><rate id="G" name="Premium"/><expires>1775000000</expires>'
        '<block begin="1774000000" end="0"/></station>'
    )
    assert read_station(with_attributes, BERLIN) == read_station(with_children, BERLIN)
    station = read_station(with_children, BERLIN)
    assert (station.user_id, station.rate, station.window_told) == ("7", "G", True)
    assert station.block_begin == datetime.fromtimestamp(1774000000, UTC)
    assert station.block_end is None


def test_a_station_that_says_nothing_of_a_window_is_known_for_that() -> None:
    assert not read_station(element('<station id="a"/>'), BERLIN).window_told


@pytest.mark.parametrize("text", ["<station/>", '<station id="a" expires="soon"/>'])
def test_a_station_that_makes_no_sense_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"without id|no date"):
        read_station(element(text), BERLIN)


def test_links_are_named_after_their_system_and_kept_out_of_the_repr() -> None:
    station = read_station(
        element(
            '<station id="a"><packages><package os="windows" arch="all" url="http://av/d?id=a"/>'
            '<package os="linux" arch="64" url="http://av/d?id=a&amp;os=linux"/><package os="android"/></packages></station>'
        ),
        BERLIN,
    )
    assert station.links == {"download_windows": "http://av/d?id=a", "download_linux_64": "http://av/d?id=a&os=linux"}
    assert "http" not in repr(station)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("begin", "end", "state", "suspended_from"),
    [
        (None, None, SeenState.ACTIVE, None),
        (NOW - HOUR, NOW + HOUR, SeenState.SUSPENDED, None),
        (NOW, NOW, SeenState.SUSPENDED, None),
        (NOW - HOUR, None, SeenState.SUSPENDED, None),
        (None, NOW + HOUR, SeenState.SUSPENDED, None),
        (NOW + HOUR, NOW + 2 * HOUR, SeenState.SUSPENDED, NOW + HOUR),
        (NOW - 2 * HOUR, NOW - HOUR, SeenState.ACTIVE, None),
    ],
)
def test_a_block_window_counts_from_when_it_is_set_until_its_end(
    begin: datetime | None, end: datetime | None, state: SeenState, suspended_from: datetime | None
) -> None:
    licence = seen(Station(id="a", block_begin=begin, block_end=end, window_told=True), key="a", now=NOW)
    assert (licence.state, licence.suspended_from) == (state, suspended_from)
    assert licence.suspended_until == (end if state is SeenState.SUSPENDED else None)


def test_an_expired_station_is_active_with_its_past_end() -> None:
    licence = seen(Station(id="a", expires=NOW - HOUR), key="a", now=NOW)
    assert (licence.state, licence.paid_until) == (SeenState.ACTIVE, NOW - HOUR)


def test_a_deleted_station_has_ended_even_inside_a_window() -> None:
    licence = seen(Station(id="a", block_begin=NOW - HOUR, deleted=True), key="a", now=NOW, blocked=True)
    assert (licence.state, licence.suspended_until) == (SeenState.ENDED, None)


def test_a_station_that_the_server_lists_as_blocked_is_suspended_without_a_window() -> None:
    licence = seen(Station(id="a"), key="a", now=NOW, blocked=True)
    assert (licence.state, licence.suspended_from, licence.suspended_until) == (SeenState.SUSPENDED, None, None)


@given(begin=moments, days=st.integers(1, 3650), zone=zones)
def test_a_window_always_ends_and_its_end_can_be_written(begin: datetime, days: int, zone: ZoneInfo) -> None:
    parameters, end = window(begin, days, zone)
    assert end == begin + timedelta(days=days)
    assert parameters == {"block-begin": local_text(begin, zone), "block-end": local_text(end, zone)}
