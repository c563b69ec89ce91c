"""Seats: given once, never more than are paid for, whoever asks at the same moment; kept while suspended."""

import pytest

from integration.users.conftest import Office, side_by_side, user
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import BadInput, NotFound, Problem, Refused
from isp_addons.services import cancel, hold, seats
from isp_addons.store import leases
from isp_addons.store.tables import Licence
from isp_addons.vendor_api import VendorWord


def test_a_seat_is_given_by_address_or_id_and_taken_back(office: Office) -> None:
    subscription = office.orders("assist", 3)

    assert office.gives(subscription, "ANNA@example.net", "bo") == [True, True]
    assert office.pool(subscription) == (3, 2, 1)
    assert office.takes(subscription, "anna") is True
    assert office.pool(subscription) == (3, 1, 2)
    assert office.audit("seat") == [
        ("seat", None, "anna@example.net", "tester", "assigned"),
        ("seat", None, "bo@example.net", "tester", "assigned"),
        ("seat", "anna@example.net", None, "tester", "unassigned"),
    ]


def test_asked_twice_nothing_more_happens(office: Office) -> None:
    subscription = office.orders("assist", 3)

    assert office.gives(subscription, "anna", "anna") == [True, False]
    assert [office.takes(subscription, "anna"), office.takes(subscription, "anna")] == [True, False]
    assert len(office.audit("seat")) == 2


def test_no_more_are_given_than_are_paid_for(office: Office) -> None:
    subscription = office.orders("assist", 2)
    office.gives(subscription, "anna", "bo")

    with pytest.raises(Refused) as caught:
        office.gives(subscription, "cleo")

    assert caught.value.code == "no_free_licence"
    assert office.pool(subscription) == (2, 2, 0)


def test_the_last_seat_is_given_to_one_of_many_who_ask_at_once(office: Office) -> None:
    subscription = office.orders("assist", 1)

    answers = side_by_side([lambda name=name: office.gives(subscription, name) for name in ("anna", "bo", "cleo")])  # type: ignore[misc]

    assert [answer for answer in answers if answer == [True]] == [[True]]
    assert {each.code for each in answers if isinstance(each, Problem)} <= {"no_free_licence", "busy", "conflict"}
    assert office.pool(subscription) == (1, 1, 0)


def test_one_user_asked_for_by_many_at_once_has_one_seat(office: Office) -> None:
    subscription = office.orders("assist", 3)

    answers = side_by_side([lambda: office.gives(subscription, "anna")] * 3)

    assert sorted(map(str, answers)) == ["[False]", "[False]", "[True]"]
    assert office.pool(subscription) == (3, 1, 2)


def test_who_goes_while_he_is_given_a_seat_has_none_in_the_end(office: Office) -> None:
    subscription = office.orders("assist", 3)
    for name in ("anna", "bo", "cleo"):
        others = [user(each) for each in ("anna", "bo", "cleo") if each > name]

        side_by_side([lambda name=name: office.gives(subscription, name), lambda others=others: office.syncs(*others)])  # type: ignore[misc]
        office.syncs(*others)

        assert office.holders(subscription) == []
    assert office.pool(subscription) == (3, 0, 3)


@pytest.mark.parametrize("name", ["nobody", "dora", "", "anna@example"])
def test_only_users_of_the_account_are_given_seats(office: Office, name: str) -> None:
    office.hires("dora", account="43")
    subscription = office.orders("assist", 3)

    with pytest.raises(BadInput) as caught:
        office.gives(subscription, name)

    assert caught.value.code == "unknown_user"


def test_who_is_gone_is_given_no_seat(office: Office) -> None:
    subscription = office.orders("assist", 3)
    office.fires("anna")

    with pytest.raises(BadInput):
        office.gives(subscription, "anna")


def test_an_address_that_two_users_have_is_not_enough(office: Office) -> None:
    subscription = office.orders("assist", 3)
    office.hires("dan")
    office.hears(VendorWord.USER_CREATED, "dan2", email="dan@example.net")

    with pytest.raises(Refused) as caught:
        office.gives(subscription, "dan@example.net")

    assert caught.value.code == "ambiguous_user"
    assert office.gives(subscription, "dan2") == [True]


def test_everybody_has_what_is_for_the_whole_account(office: Office) -> None:
    subscription = office.orders("analytics")

    assert office.holders(subscription) == ["anna", "bo", "cleo"]
    office.hires("dan")
    office.fires("anna")
    assert office.holders(subscription) == ["bo", "cleo", "dan"]
    for change in (lambda: office.gives(subscription, "bo"), lambda: office.takes(subscription, "bo")):
        with pytest.raises(Refused) as caught:
            change()
        assert caught.value.code == "account_level_addon"


def test_a_vendor_without_users_has_no_seats_to_give(office: Office) -> None:
    office.sells("antivirus", vendor="plain")
    subscription = office.orders("antivirus", 3)

    with pytest.raises(Refused) as caught:
        office.gives(subscription, "anna")

    assert caught.value.code == "not_provisioned"


def test_what_is_over_has_no_seats_to_give(office: Office) -> None:
    subscription = office.orders("assist", 3)
    cancel.cancel(office.context, office.cause(), subscription_id=subscription, at_once=True)

    with pytest.raises(Refused) as caught:
        office.gives(subscription, "anna")

    assert caught.value.code == "already_over"


def test_there_is_no_such_subscription(office: Office) -> None:
    with pytest.raises(NotFound):
        office.gives(99, "anna")
    with pytest.raises(NotFound):
        seats.seats(office.context, office.cause(), subscription_id=99, limit=1)


def test_a_plugin_is_told_who_has_a_seat_suspended_or_not(office: Office) -> None:
    by_seat, wide = office.orders("assist", 3), office.orders("analytics")
    office.gives(by_seat, "bo", "anna")
    hold.put(office.context, office.cause(), subscription_id=by_seat, owner=HoldOwner.ADMIN)

    assert _told(office, by_seat, wide) == [
        ("anna@example.net", "bo@example.net"),
        ("anna@example.net", "bo@example.net", "cleo@example.net"),
    ]
    office.fires("anna")
    hold.release(office.context, office.cause(), subscription_id=by_seat, owner=HoldOwner.ADMIN)
    assert _told(office, by_seat, wide) == [("bo@example.net",), ("bo@example.net", "cleo@example.net")]


def _told(office: Office, *subscriptions: int) -> list[tuple[str, ...]]:
    with office.store.read() as session:
        rows = session.execute(leases.details(Licence.subscription_id.in_(subscriptions)).order_by(Licence.id))
        return [each.users for each in leases.with_users(session, [leases.leased(row) for row in rows])]
