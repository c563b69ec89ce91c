"""How Aircall's answers are read: users, pages, and when to come back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.vendor_api import VendorUser
from isp_addons_aircall.client import Meta, reset_at
from isp_addons_aircall.translate import read_user

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NOON = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (str(NOON + 30), NOW + timedelta(seconds=30)),
        (f" {NOON + 30} ", NOW + timedelta(seconds=30)),
        (str(NOON - 500), NOW),
        (str(NOON + 10**7), NOW + timedelta(days=1)),
        (str(NOON * 1000), None),
        ("9" * 40, None),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_when_to_come_back_is_believed_within_reason(value: str | None, expected: datetime | None) -> None:
    assert reset_at(value, NOW) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"id": 7, "email": "a@b.c", "name": "Anna"}, VendorUser(reference="7", account="42", email="a@b.c", name="Anna")),
        ({"id": "u-7", "first_name": "Anna", "last_name": "B"}, VendorUser(reference="u-7", account="42", name="Anna B")),
        ({"id": 7, "email": None, "name": 5}, VendorUser(reference="7", account="42")),
        ({"id": 7, "email": "a" * 255}, VendorUser(reference="7", account="42")),
        ({"id": 7, "name": " x\ty "}, VendorUser(reference="7", account="42", name="x y")),
    ],
)
def test_a_user_is_read(row: dict[str, Any], expected: VendorUser) -> None:
    assert read_user(row, account="42") == expected


@pytest.mark.parametrize("row", [None, [], "7", {}, {"id": None}, {"id": True}, {"id": 1.5}, {"id": ""}, {"id": "\x00"}])
def test_what_is_no_user_is_refused(row: object) -> None:
    with pytest.raises(ValueError, match="a user"):
        read_user(row, account="42")


@pytest.mark.parametrize(
    "told",
    [None, {}, {"total": "3", "current_page": 1}, {"total": True, "current_page": 1}, {"total": 3, "current_page": 2}],
)
def test_a_page_that_does_not_say_what_it_is_part_of_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match=r"total|page"):
        Meta(told, 1)


@pytest.mark.parametrize(
    ("different", "came", "on_page", "last"),
    [(3, 4, 2, False), (4, 4, 2, False), (2, 2, 2, True), (2, 2, 0, False), (0, 0, 0, True)],
)
def test_pages_that_are_not_what_they_announce_are_refused(different: int, came: int, on_page: int, last: bool) -> None:
    meta = Meta({"total": 3 if came else 0, "current_page": 1, "next_page_link": None if last else "next"}, 1)

    with pytest.raises(ValueError, match=r"twice|announced|empty|no user"):
        meta.check(different, came, on_page)


def test_a_whole_list_passes() -> None:
    Meta({"total": 3, "current_page": 1, "next_page_link": "next"}, 1).check(2, 2, 2)
    Meta({"total": 3, "current_page": 2, "next_page_link": None}, 2).check(3, 3, 1)
