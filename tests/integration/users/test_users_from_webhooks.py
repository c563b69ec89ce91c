"""What vendors tell of their users: each event once, in whatever order they come."""

from sqlalchemy import select

from integration.users.conftest import Office
from isp_addons.domain.event import Event as BillingEvent
from isp_addons.domain.event import Word
from isp_addons.services import inbox, vendor_users
from isp_addons.store.tables import Event, OperatorTask
from isp_addons.vendor_api import VendorEvent, VendorUser, VendorWord


def test_a_user_who_came_is_known_with_his_address(office: Office) -> None:
    assert office.users() == [("anna", "42", 0), ("bo", "42", 0), ("cleo", "42", 0)]
    assert office.audit("vendor_user")[0] == (
        "vendor_user",
        None,
        "anna anna@example.net",
        "phones",
        "the vendor said user_created",
    )


def test_a_user_who_went_gives_his_seats_back_once(office: Office) -> None:
    first, second = office.orders("assist", 2), office.orders("assist", 1)
    office.gives(first, "anna", "bo")
    office.gives(second, "anna")

    assert office.fires("anna", key="gone") == 1
    assert office.fires("anna", key="gone") == 0
    assert office.fires("anna", key="told in other words") == 1

    assert office.pool(first) == (2, 1, 1)
    assert office.pool(second) == (1, 0, 1)
    assert office.holders(first) == ["bo"]
    assert office.users() == [("bo", "42", 0 + 1), ("cleo", "42", 0)]
    returned = [row for row in office.audit("seat") if row[2] is None]
    assert (
        returned
        == [("seat", "anna@example.net", None, "phones", "the user is gone at the vendor, so the seat is free again")] * 2
    )


def test_gone_before_he_came_stays_gone(office: Office) -> None:
    office.fires("dan")
    office.hires("dan")

    assert "dan" not in [reference for reference, _, _ in office.users()]
    assert office.outcomes()[-1].startswith("the user is gone already")


def test_an_address_that_changed_is_taken_over_without_a_new_user(office: Office) -> None:
    office.hears(VendorWord.USER_CREATED, "anna", email="anna.new@example.net")

    (anna,) = vendor_users.listing(office.context, vendor="phones", account="42", gone=False, limit=1)
    assert anna.email == "anna.new@example.net"
    assert len(office.users()) == 3


def test_a_user_of_an_account_that_the_billing_does_not_have_is_closed_with_the_reason(office: Office) -> None:
    office.hears(VendorWord.USER_CREATED, "eve", account="99")

    assert office.outcomes()[-1] == "There is no account '99' in the billing."
    assert len(office.users()) == 3
    assert office.handles() == 0


def test_a_user_who_moves_to_another_account_leaves_his_seats_behind(office: Office) -> None:
    subscription = office.orders("assist", 1)
    office.gives(subscription, "anna")

    office.hires("anna", account="43")

    assert office.pool(subscription) == (1, 0, 1)
    assert ("anna", "43", 0) in office.users()


def test_what_vendors_say_is_not_taken_for_what_the_billing_says(office: Office) -> None:
    event = VendorEvent(key="x", word=VendorWord.USER_CREATED, user=VendorUser(reference="dan", account="42"))
    vendor_users.store_now(office.context, office.cause(), vendor="phones", events=[event])

    assert inbox.handle(office.context, office.cause()) == []
    paid = BillingEvent(key="p", word=Word.PAID, account="42", source="hook", details={"amount": "5"})
    assert inbox.handle_now(office.context, office.cause(), paid).key == "p"
    assert office.handles() == 1
    assert office.handles() == 0


def test_a_licence_that_the_vendor_changed_is_read_anew(office: Office) -> None:
    subscription = office.orders("assist", 2)
    key = office.licence(subscription).key

    office.hears(VendorWord.LICENCE_CHANGED, licence_key=key)

    licence = office.licence(subscription)
    assert (licence.seen_state, licence.next_try_at, licence.tries) == ("unknown", office.now, 0)
    assert ("seen_state", "absent", "unknown", "phones", "the vendor said licence_changed") in office.audit("seen_state")


def test_a_licence_that_somebody_is_calling_about_is_read_afterwards(office: Office) -> None:
    subscription = office.orders("assist", 2)
    licence = office.licence(subscription)
    with office.store.write() as session:
        session.merge(licence).lease_owner = "another worker"
    office.hears(VendorWord.LICENCE_CHANGED, licence_key=licence.key)
    assert (office.outcomes()[-1], office.licence(subscription).seen_state) == ("", "absent")

    with office.store.write() as session:
        session.merge(office.licence(subscription)).lease_owner = None
    assert office.handles() == 1
    assert office.licence(subscription).seen_state == "unknown"


def test_a_licence_about_which_a_person_was_asked_is_left_to_the_person(office: Office) -> None:
    licence = office.licence(office.orders("assist", 2))
    with office.store.write() as session:
        task = {"step": "on_order", "instructions": "Buy", "asked_state": "active", "asked_quantity": 2, "was_state": "absent"}
        session.add(OperatorTask(licence_id=licence.id, opened_at=office.now, due_at=office.now, **task))

    office.hears(VendorWord.LICENCE_CHANGED, licence_key=licence.key)

    assert office.outcomes()[-1] == "a person was asked about the licence; the answer tells"
    assert office.licence(licence.subscription_id).seen_state == "absent"


def test_events_that_wait_for_a_call_keep_nobody_else_waiting(office: Office) -> None:
    licence = office.licence(office.orders("assist", 2))
    with office.store.write() as session:
        session.merge(licence).lease_owner = "another worker"
    told = [VendorEvent(key=f"c{n}", word=VendorWord.LICENCE_CHANGED, licence_key=licence.key) for n in range(6)]
    told.append(VendorEvent(key="gone", word=VendorWord.USER_DELETED, user=VendorUser(reference="anna", account="42")))
    vendor_users.store_now(office.context, office.cause(), vendor="phones", events=told)

    assert vendor_users.handle(office.context, office.cause(), limit=2) == 1
    assert [reference for reference, _, _ in office.users()] == ["bo", "cleo"]
    assert office.outcomes()[-7:-1] == [""] * 6, "they still wait"
    assert vendor_users.handle(office.context, office.cause(), limit=2) == 0


def test_a_licence_that_is_not_ours_changes_nothing(office: Office) -> None:
    office.hears(VendorWord.LICENCE_CHANGED, licence_key="somebody-elses")

    assert office.outcomes()[-1] == "the licence is read anew"
    with office.store.read() as session:
        assert session.scalars(select(Event.handled_at).order_by(Event.id)).all()[-1] == office.now
