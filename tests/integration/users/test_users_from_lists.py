"""The list of all users: who is new comes, who is not in it is gone, and what changed while it was read is left alone."""

import time

import pytest
from sqlalchemy import event

from integration.users.conftest import NOW, Office, user
from isp_addons.domain.problem import Refused
from isp_addons.services import vendor_users
from isp_addons.services.vendor_users import Synced
from isp_addons.vendor_api import VendorUser


def test_who_is_new_comes_and_who_is_missing_is_gone(office: Office) -> None:
    subscription = office.orders("assist", 2)
    office.gives(subscription, "anna", "bo")

    done = office.syncs(user("bo"), user("cleo"), user("dan"))

    assert done == Synced(vendor="phones", users=3, came=1, left=1, seats_returned=1, skipped=0)
    assert [reference for reference, _, _ in office.users()] == ["bo", "cleo", "dan"]
    assert office.holders(subscription) == ["bo"]


def test_the_same_list_again_changes_nothing(office: Office) -> None:
    office.syncs(user("anna"), user("bo"), user("cleo"))
    before = office.audit("vendor_user", "seat")

    done = office.syncs(user("anna"), user("bo"), user("cleo"))

    assert done == Synced(vendor="phones", users=3)
    assert office.audit("vendor_user", "seat") == before


def test_a_user_who_came_back_is_there_again_without_his_seats(office: Office) -> None:
    subscription = office.orders("assist", 1)
    office.gives(subscription, "anna")
    office.fires("anna")

    assert office.syncs(user("anna"), user("bo"), user("cleo")).came == 1

    assert [reference for reference, _, _ in office.users()] == ["anna", "bo", "cleo"]
    assert office.holders(subscription) == []


def test_who_came_while_the_list_was_read_stays(office: Office) -> None:
    before = office.known()
    office.hires("dan")

    assert office.syncs(user("anna"), user("bo"), user("cleo"), known=before).left == 0
    assert len(office.users()) == 4


def test_who_went_while_the_list_was_read_stays_gone(office: Office) -> None:
    before = office.known()
    office.fires("anna")

    assert office.syncs(user("anna"), user("bo"), user("cleo"), known=before).came == 0
    assert [reference for reference, _, _ in office.users()] == ["bo", "cleo"]


def test_users_of_unknown_accounts_are_left_out_and_counted(office: Office) -> None:
    done = office.syncs(user("anna"), user("bo"), user("cleo"), user("eve", account="99"))

    assert (done.users, done.skipped) == (3, 1)
    assert len(office.users()) == 3


def test_gone_users_are_listed_when_asked_for(office: Office) -> None:
    office.fires("anna")

    assert [reference for reference, _, _ in office.users(gone=True)] == ["anna", "bo", "cleo"]


def test_a_user_who_belongs_to_another_account_leaves_his_seats(office: Office) -> None:
    subscription = office.orders("assist", 1)
    office.gives(subscription, "anna")
    before = len(office.audit("vendor_user", "seat"))

    done = office.syncs(user("anna", account="43"), user("bo"), user("cleo"))

    assert (done.came, done.left, office.holders(subscription)) == (0, 0, [])
    assert [row[:3] + row[4:] for row in office.audit("vendor_user", "seat")[before:]] == [
        ("seat", "anna@example.net", None, "the user belongs to another account, so the seat is free again"),
        ("vendor_user", "anna anna@example.net", None, "listed"),
        ("vendor_user", None, "anna anna@example.net", "listed"),
    ]
    assert ("anna", "43", 0) in office.users()


def test_names_and_addresses_follow_the_list(office: Office) -> None:
    office.later(days=1)
    told = VendorUser(reference="anna", account="42", email="a@example.net", name="A.")
    office.syncs(told, user("bo"), user("cleo"))

    (anna, *_) = vendor_users.listing(office.context, vendor="phones", account="42", gone=False, limit=9)
    assert (anna.email, anna.name, anna.seen_at > NOW) == ("a@example.net", "A.", True)


def test_a_long_list_needs_few_statements_and_little_time(office: Office) -> None:
    people = [user(f"u{number}") for number in range(10_000)]
    office.syncs(user("anna"), user("bo"), user("cleo"))
    statements: list[str] = []
    event.listen(office.store.engine, "before_cursor_execute", lambda *about: statements.append(about[2]))

    for expected in (10_000, 0):
        statements.clear()
        began = time.process_time()
        done = office.syncs(*people, user("anna"), user("bo"), user("cleo"))
        took = time.process_time() - began
        assert (done.came, done.left) == (expected, 0)
        assert len(statements) < 30, statements
        assert took < 2, "seconds of computing, in one transaction that keeps other writers waiting"
    office.later(days=1)
    statements.clear()
    assert office.syncs(user("anna"), user("bo"), user("cleo"), force=True).left == 10_000
    assert len(statements) < 120, "a few for each 500 who went"


@pytest.mark.parametrize(("size", "gone", "stops"), [(21, 11, True), (22, 11, False), (11, 11, True), (10, 10, False)])
def test_a_list_without_more_than_half_of_the_users_is_refused_unless_forced(
    office: Office, size: int, gone: int, stops: bool
) -> None:
    people = [user(f"u{number}") for number in range(size)]
    office.syncs(*people)
    assert len(office.users()) == size

    if stops:
        with pytest.raises(Refused, match=f"{gone} of its {size} users would be gone; nothing was changed") as caught:
            office.syncs(*people[gone:])
        assert (caught.value.code, len(office.users())) == ("brake", size)
    assert office.syncs(*people[gone:], force=stops).left == gone


def test_users_who_are_gone_already_do_not_count_for_the_brake(office: Office) -> None:
    office.syncs(*(user(f"u{number}") for number in range(40)))
    office.syncs(*(user(f"u{number}") for number in range(20)))

    assert office.syncs(*(user(f"u{number}") for number in range(10))).left == 10
    assert len(office.users()) == 10
