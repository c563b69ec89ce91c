"""How many months of the calendar something lasts: what a vendor takes for it is reckoned with that."""

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from isp_addons.services.purchase_cost import months

KYIV, HERE = ZoneInfo("Europe/Kyiv"), ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        ("2026-03-01T00:00", "2026-04-01T00:00", HERE, Fraction(1)),
        ("2026-02-28T22:00", "2026-03-31T21:00", KYIV, Fraction(1)),
        ("2026-01-01T00:00", "2027-01-01T00:00", HERE, Fraction(12)),
        ("2026-04-10T00:00", "2026-05-01T00:00", HERE, Fraction(21, 30)),
        ("2026-03-16T00:00", "2026-05-01T00:00", HERE, Fraction(1) + Fraction(16, 31)),
        ("2026-05-01T00:00", "2026-05-01T00:00", HERE, Fraction(0)),
        ("2026-05-02T00:00", "2026-05-01T00:00", HERE, Fraction(0)),
    ],
)
def test_whole_months_count_whole_and_the_rest_by_time(start: str, end: str, zone: ZoneInfo, expected: Fraction) -> None:
    begin, over = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end))
    assert months(begin, over, zone=zone) == expected
