"""The list of users: whole or not at all, and every failure told as what it is."""

from datetime import UTC, datetime, timedelta

import pytest

from integration.aircall.conftest import NOW, MakeVendor, listed
from isp_addons.clock import ReplayClock
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import RateLimited, Rejected, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.stand_in import Call, Reply
from isp_addons_aircall.sandbox import AircallSandbox
from servers.doors import Doors


def _hire(doors: Doors, *names: str) -> list[str]:
    return [str(doors("POST", "users", {"email": f"{name}@example.net", "name": name.title()})["id"]) for name in names]


def test_all_users_are_listed_page_by_page(vendor: Vendor, doors: Doors) -> None:
    ids = _hire(doors, "anna", "bo", "cleo", "dan")

    found = listed(vendor)

    assert [(each.email, each.name, each.account) for each in found] == [
        ("owner@example.net", "The Owner", "1042"),
        ("anna@example.net", "Anna", "1042"),
        ("bo@example.net", "Bo", "1042"),
        ("cleo@example.net", "Cleo", "1042"),
        ("dan@example.net", "Dan", "1042"),
    ]
    assert [each.reference for each in found[1:]] == ids
    assert doors("GET", "calls")["counts"] == {"GET company": 1, "GET v2/users": 6}  # three pages, read twice


def test_exactly_one_full_page_is_one_page(vendor: Vendor, doors: Doors) -> None:
    _hire(doors, "anna")

    assert len(listed(vendor)) == 2
    assert doors("GET", "calls")["counts"] == {"GET company": 1, "GET v2/users": 1}


def test_the_users_of_another_company_are_not_listed(make_vendor: MakeVendor, clock: ReplayClock) -> None:
    with AircallSandbox(company="Butcher Ltd") as other:
        vendor = make_vendor(**{**other.options(), "company": "Bakery Ltd"})

        with pytest.raises(Rejected, match="belongs to the company 'Butcher Ltd'"):
            listed(vendor)

        assert Doors(other.url, clock)("GET", "calls")["counts"] == {"GET company": 1}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("unauthorised_401", Unauthorised),
        ("not_found_404", Rejected),
        ("rate_limit", RateLimited),
        ("error_500", Unavailable),
        ("unavailable_503", Unavailable),
        ("refuse_before", Unavailable),
        ("timeout_after", Unavailable),
        ("garbage", Unavailable),
        ("partial", Unavailable),
    ],
)
def test_a_list_that_breaks_off_is_no_list(vendor: Vendor, doors: Doors, kind: str, expected: type[VendorError]) -> None:
    _hire(doors, "anna", "bo", "cleo")
    doors.fault(kind, action="GET v2/users", object="page 2", seconds=0.01)

    with pytest.raises(expected) as caught:
        listed(vendor)

    assert type(caught.value) is expected
    assert "token-of-the-stand-in" not in f"{caught.value} {caught.value.answer}"


def test_429_says_when_to_come_back_by_aircalls_own_header(make_vendor: MakeVendor, clock: ReplayClock) -> None:
    with AircallSandbox(per_minute=5) as strict:
        vendor = make_vendor(**strict.options(), page_size="1")
        Doors(strict.url, clock)("POST", "users", {"email": "anna@example.net"})
        assert len(listed(vendor)) == 2

        with pytest.raises(RateLimited) as caught:
            listed(vendor)
        assert caught.value.until == datetime(2026, 3, 10, 12, 1, tzinfo=UTC)

        clock.moment += timedelta(seconds=30)
        assert len(listed(vendor)) == 2


def test_a_rate_limit_without_a_moment_that_makes_sense_leaves_it_open(vendor: Vendor, doors: Doors) -> None:
    doors.fault("rate_limit", seconds=90)

    with pytest.raises(RateLimited) as caught:
        listed(vendor)

    assert caught.value.until == NOW + timedelta(seconds=90)


class _Changing(AircallSandbox):
    """Between two pages somebody goes and somebody else comes, *times* times."""

    def __init__(self, *, times: int) -> None:
        super().__init__()
        self._times = times

    def serve(self, call: Call) -> Reply:
        reply = super().serve(call)
        if call.action == "GET v2/users" and call.object == "page 1" and self._times:
            self._times -= 1
            _, second, *_ = self.company.users.values()
            self.company.remove_user(second)
            self.company.add_user({"email": f"new{self._times}@example.net"})
        return reply


def test_a_list_that_changed_between_two_pages_is_read_again(make_vendor: MakeVendor, clock: ReplayClock) -> None:
    with _Changing(times=1) as changing:
        vendor = make_vendor(**changing.options())
        _hire(Doors(changing.url, clock), "anna", "bo", "cleo")

        found = [each.email for each in listed(vendor)]

    assert found == ["owner@example.net", "bo@example.net", "cleo@example.net", "new0@example.net"]


def test_a_list_that_changes_all_the_time_is_no_list(make_vendor: MakeVendor, clock: ReplayClock) -> None:
    with _Changing(times=100) as changing:
        vendor = make_vendor(**changing.options())
        _hire(Doors(changing.url, clock), "anna", "bo", "cleo")

        with pytest.raises(Unavailable, match="changes while it is read"):
            listed(vendor)


def test_a_company_without_any_user_is_not_believed(vendor: Vendor, doors: Doors) -> None:
    doors("DELETE", "users/owner@example.net")

    with pytest.raises(Unavailable, match="no user at all"):
        listed(vendor)
