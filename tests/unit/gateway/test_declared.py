"""What a vendor is said to be able to do, against what it says itself: the settings rule, but they must be possible."""

from typing import Any

import pytest

from isp_addons.vendor_api import Rejected
from isp_addons_gateway import wire
from isp_addons_gateway.declared import DeclaredOptions, compared

ALL = {"can_schedule": "yes", "changes_quantity": "yes", "endless": "yes", "lists": "yes"}


def check(declared: dict[str, str], **told: Any) -> tuple[str, ...]:
    answer = wire.Capabilities.model_validate({"protocol": 1, **told}, strict=False)
    return compared(DeclaredOptions.model_validate(declared), answer, teller="The gateway")


def test_nothing_told_is_nothing_to_compare() -> None:
    assert check({}) == ()
    assert check({**ALL, "suspends": "soft_cancel", "longest_suspension_days": "30"}) == ()


def test_what_agrees_needs_no_word() -> None:
    told = {"can_schedule": True, "changes_quantity": True, "endless": True, "lists": True, "counts_seats": False}
    assert check(ALL, suspends="state", **told) == ()
    assert check({"longest_suspension_days": "30"}, longest_suspension_days=30) == ()
    assert check({"longest_suspension_days": "30"}, longest_suspension_days=90) == ()


def test_what_is_not_used_is_named_with_the_setting_that_uses_it() -> None:
    assert check({}, lists=True, changes_quantity=True) == (
        "It can also change the quantity (changes_quantity = yes), list its licences (lists = yes).",
    )
    assert check({"suspends": "none"}, suspends="state") == ("It can also suspend (suspends = state).",)


@pytest.mark.parametrize(
    ("declared", "told", "says"),
    [
        ({"can_schedule": "yes"}, {"can_schedule": False}, r"cannot suspend from a later date \(can_schedule = no\)"),
        ({"changes_quantity": "yes"}, {"changes_quantity": False}, r"cannot change the quantity \(changes_quantity = no\)"),
        ({"endless": "yes"}, {"endless": False}, r"cannot have licences without an end date \(endless = no\)"),
        ({"lists": "yes"}, {"lists": False}, r"cannot list its licences \(lists = no\)"),
        ({}, {"suspends": "none"}, r"suspends by none, not by state \(suspends = none\)"),
        ({}, {"suspends": "block_window"}, r"suspends by block_window, not by state \(suspends = block_window\)"),
        ({}, {"counts_seats": True}, r"counts seats \(counts_seats = yes\)"),
        ({"counts_seats": "yes"}, {"counts_seats": False}, r"does not count seats \(counts_seats = no\)"),
        ({}, {"longest_suspension_days": 90}, r"after 90 days \(longest_suspension_days = 90\)"),
        ({"longest_suspension_days": "91"}, {"longest_suspension_days": 90}, "after 90 days"),
    ],
)
def test_a_setting_that_the_vendor_cannot_keep_fails_the_check(
    declared: dict[str, str], told: dict[str, Any], says: str
) -> None:
    with pytest.raises(Rejected, match=rf"The gateway cannot do what the settings say: it .*{says}"):
        check(declared, **told)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Rejected, match=r"it cannot list.*; it counts seats.*Correct the vendor's section"):
        check({"lists": "yes"}, lists=False, counts_seats=True)
