"""The list of all users: who is new comes, who is not in it is gone, and what changed while it was read is left alone."""

from integration.users.conftest import Office, user
from isp_addons.services.vendor_users import Synced


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
