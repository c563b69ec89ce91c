import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.period import add_months, next_term, parse_moment, parse_whole, time_zone
from isp_addons.domain.problem import BadInput

KYIV = ZoneInfo("Europe/Kyiv")
NEW_YORK = ZoneInfo("America/New_York")

zones = st.sampled_from([ZoneInfo("UTC"), KYIV, NEW_YORK, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Auckland")])
moments = st.integers(1_577_836_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # 2020 to 2100
months = st.integers(1, 120)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "start", "count", "end"),
    [
        (ZoneInfo("UTC"), "2026-01-31T10:00+00:00", 1, "2026-02-28T10:00+00:00"),
        (ZoneInfo("UTC"), "2028-01-31T10:00+00:00", 1, "2028-02-29T10:00+00:00"),
        (ZoneInfo("UTC"), "2026-02-28T10:00+00:00", 1, "2026-03-28T10:00+00:00"),
        (ZoneInfo("UTC"), "2028-02-29T10:00+00:00", 12, "2029-02-28T10:00+00:00"),
        (KYIV, "2026-03-15T12:00+02:00", 1, "2026-04-15T12:00+03:00"),
        (KYIV, "2026-10-15T12:00+03:00", 1, "2026-11-15T12:00+02:00"),
        (KYIV, "2026-02-28T22:30+00:00", 1, "2026-03-31T21:30+00:00"),  # 1 March in Kyiv
        (NEW_YORK, "2026-02-08T02:30-05:00", 1, "2026-03-08T03:30-04:00"),  # an hour that the clocks leave out
        (NEW_YORK, "2026-10-01T01:30-04:00", 1, "2026-11-01T01:30-04:00"),  # an hour that comes twice: its first pass
        (KYIV, "2026-04-01T00:00+03:00", -1, "2026-03-01T00:00+02:00"),
    ],
)
def test_months_are_added_on_the_accounts_own_wall(zone: ZoneInfo, start: str, count: int, end: str) -> None:
    found = add_months(at(start), count, zone)
    assert found == at(end)
    assert found.tzinfo is UTC


@given(moments, months, zones)
def test_the_day_of_the_month_stays_or_is_its_last(moment: datetime, count: int, zone: ZoneInfo) -> None:
    before, after = moment.astimezone(zone), add_months(moment, count, zone).astimezone(zone)
    last = calendar.monthrange(after.year, after.month)[1]
    skipped = timedelta(hours=1)  # at most so much does a wall clock leave out
    assert (
        abs(
            after.replace(tzinfo=None)
            - before.replace(year=after.year, month=after.month, day=min(before.day, last), tzinfo=None)
        )
        <= skipped
    )
    assert (after.year * 12 + after.month) - (before.year * 12 + before.month) == count


@given(moments, moments, months, zones)
def test_later_stays_later(one: datetime, other: datetime, count: int, zone: ZoneInfo) -> None:
    first, second = sorted((one, other))
    tolerance = timedelta(hours=1)  # the hour that comes twice is read as its first pass
    assert add_months(first, count, zone) <= add_months(second, count, zone) + tolerance


@given(moments, moments, months, zones)
def test_a_renewal_starts_at_the_old_end_when_early_and_now_when_late(
    paid_until: datetime, now: datetime, count: int, zone: ZoneInfo
) -> None:
    start, end = next_term(paid_until, now=now, months=count, zone=zone)
    assert end == add_months(max(paid_until, now), count, zone)
    assert end > now
    assert start == max(paid_until, now)
    assert next_term(None, now=now, months=count, zone=zone) == (now, add_months(now, count, zone))


@given(moments, zones)
def test_a_moment_is_read_back_whatever_zone_it_is_written_in(moment: datetime, zone: ZoneInfo) -> None:
    assert parse_moment(moment.astimezone(zone).isoformat()) == moment


def test_a_moment_is_cut_to_whole_seconds_and_becomes_utc() -> None:
    found = parse_moment("2026-12-31T21:00:00.999999+03:00")
    assert found == datetime(2026, 12, 31, 18, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-12-31T21:00", "naive_time"),
        ("2026-12-31", "naive_time"),
        ("tomorrow", "bad_time"),
        ("", "bad_time"),
        ("2026-02-30T00:00Z", "bad_time"),
        ("0001-01-01T00:00+03:00", "bad_time"),
        ("9999-12-31T23:59-03:00", "bad_time"),
    ],
)
def test_what_is_no_moment_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_moment(text)
    assert refused.value.code == code
    assert repr(text) in refused.value.message


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        assert parse_moment(text).tzinfo is UTC
    except BadInput:
        return


@given(st.integers(1, 120))
def test_plain_numbers_are_read(number: int) -> None:
    assert parse_whole(str(number), name="term", most=120) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "121", "1e2", "５", " 5", "5 ", "+5", "05", "", "x", "1_0", "5\n"])
def test_what_is_no_plain_whole_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_whole(text, name="term", most=120)
    assert refused.value.message == f"The term {text!r} is not a whole number from 1 to 120."
    assert refused.value.code == "bad_term"


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "UTC+3", "Europe", "a\0b"])
def test_what_is_no_time_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadInput) as refused:
        time_zone(name)
    assert refused.value.code == "bad_zone"
