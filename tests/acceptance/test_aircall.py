"""Aircall: users told by webhook and by list, seats from a pool, a person for every step that its API does not know."""

import time
from collections.abc import Iterator

import pytest

from acceptance.aircall_kit import TOKEN, Bakery, HttpDoor, until
from acceptance.kit import MARCH_10, Isp
from isp_addons_aircall.sandbox import AircallSandbox


@pytest.fixture
def bakery(isp: Isp) -> Iterator[Bakery]:
    """An ISP that sells two add-ons of Aircall to the account 42."""
    isp.at = MARCH_10
    with AircallSandbox(account="42", company="Bakery Ltd", webhook_token=TOKEN, per_minute=1000) as server:
        bakery = Bakery(isp, server)
        bakery.is_sold_to()
        yield bakery


@pytest.fixture
def door(bakery: Bakery) -> Iterator[HttpDoor]:
    opened = HttpDoor(bakery.isp)
    yield opened
    opened.close()


@pytest.mark.acceptance("C03")
def test_an_add_on_for_the_account_is_everybodys_later_users_too(bakery: Bakery, door: HttpDoor) -> None:
    bakery.calls_back(door)
    bakery.hires("anna", "bo")
    bakery.isp("users", "sync", "aircall")
    analytics = bakery.isp.orders("42", "analytics")
    assert bakery.holders(analytics) == ["anna", "bo"]

    bakery.hires("cleo")
    bakery.delivers()
    bakery.works()
    assert bakery.holders(analytics) == ["anna", "bo", "cleo"]

    bakery.hires("dan")  # no webhook comes of it
    bakery.isp("users", "sync", "aircall")
    assert bakery.holders(analytics) == ["anna", "bo", "cleo", "dan"]

    for change in ("assign", "unassign"):
        refused = bakery.isp("seats", change, str(analytics), "anna@example.net", exits=1)
        assert refused.row["error"] == "account_level_addon"
    assert bakery.holders(analytics) == ["anna", "bo", "cleo", "dan"]
    assert bakery.isp("seats", "pool", str(analytics)).row == {"subscription": analytics, "account_wide": True}


@pytest.mark.acceptance("C20")
def test_a_user_deleted_at_aircall_gives_his_seat_back_once(bakery: Bakery, door: HttpDoor) -> None:
    bakery.calls_back(door)
    bakery.hires("anna", "bo")
    bakery.isp("users", "sync", "aircall")
    bakery.delivers()
    assist = bakery.isp.orders("42", "assist", quantity="3")
    bakery.gives(assist, "anna", "bo")
    assert bakery.pool(assist) == (3, 2, 1)

    bakery.fires("anna")
    sent = bakery.delivers(copies=3)  # the same is told three times
    assert [each["tries"] for each in sent if each["body"]["event"] == "user.deleted.v2"] == [[200]] * 3
    bakery.works()
    assert (bakery.pool(assist), bakery.holders(assist)) == ((3, 1, 2), ["bo"])

    bakery.fires("bo")  # and the list tells of this one
    bakery.isp("users", "sync", "aircall")
    bakery.isp("users", "sync", "aircall")
    bakery.delivers()
    bakery.works()
    assert (bakery.pool(assist), bakery.holders(assist), bakery.users()) == ((3, 0, 3), [], [])
    returned = [row for row in bakery.isp("audit", "--account", "42").rows if row["field"] == "seat" and row["after"] is None]
    assert sorted(row["before"] for row in returned) == ["anna@example.net", "bo@example.net"]


@pytest.mark.acceptance("C37")
def test_a_webhook_is_verified_stored_once_and_answered_at_once(bakery: Bakery, door: HttpDoor) -> None:
    untouched = bakery.isp.dump()
    assert door.tells("user.created.v2", 900, token="wrong") == 401
    assert door.tells("user.created.v2", 900, token=None) == 401
    assert door.posts(b"{not json")[0] == 400
    assert door.posts(b"[]", "/webhooks/nobody")[0] == 404
    assert door.posts(b"x" * 1_000_001)[0] == 413
    assert bakery.isp.dump() == untouched

    begun = time.monotonic()
    assert door.tells("user.created.v2", 900) == 200
    assert time.monotonic() - begun < 5
    (queued,) = bakery.isp.dump("event")["event"]
    assert queued[1].startswith("webhook:aircall:")
    assert bakery.users() == []  # nothing is done in the request

    assert door.tells("user.created.v2", 900) == 200
    assert len(bakery.isp.dump("event")["event"]) == 1
    bakery.isp("spool", "ingest")
    assert bakery.users() == ["u900"]


@pytest.mark.acceptance("C37")
def test_webhooks_that_come_again_and_backwards_lead_to_the_truth(bakery: Bakery, door: HttpDoor) -> None:
    bakery.calls_back(door)
    bakery.hires("anna", "bo")
    bakery.fires("anna")

    bakery.delivers(copies=2, backwards=True)
    bakery.works()

    assert bakery.users() == ["bo"]
    assert len(bakery.isp.dump("event")["event"]) == 3


@pytest.mark.acceptance("C37")
def test_the_door_survives_the_worker_and_the_worker_the_door(bakery: Bakery) -> None:
    first = HttpDoor(bakery.isp)
    assert first.tells("user.created.v2", 900) == 200
    first.process.kill()
    first.process.communicate(timeout=20)

    bakery.isp("spool", "ingest")

    assert bakery.users() == ["u900"]


@pytest.mark.acceptance("C38")
def test_429_is_waited_out_until_the_moment_that_aircall_names(bakery: Bakery) -> None:
    bakery.hires("anna")
    bakery.doors.fault("rate_limit", seconds=90)

    bakery.works()
    assert bakery.state()[0] == "paused until 12:01:30"
    bakery.later(seconds=89)
    bakery.works()
    assert (bakery.listings(), bakery.users()) == (1, [])

    bakery.later(seconds=2)
    bakery.works()
    assert (bakery.listings(), bakery.users(), bakery.state()[0]) == (2, ["anna"], "works")


@pytest.mark.acceptance("C38")
def test_401_marks_the_vendor_and_is_not_tried_again(bakery: Bakery) -> None:
    bakery.hires("anna")
    bakery.doors.fault("unauthorised_401", times=None)

    bakery.works()
    state, note = bakery.state()
    assert state.startswith("paused until")
    assert "refused our credentials" in note
    for _ in range(4):
        bakery.later(minutes=15)
        bakery.works()
    assert bakery.listings() == 1

    bakery.doors("DELETE", "faults")
    bakery.isp("vendors", "resume", "aircall")
    bakery.isp("users", "sync", "aircall")
    assert (bakery.users(), bakery.state()) == (["anna"], ("works", ""))


@pytest.mark.acceptance("C38")
def test_5xx_is_tried_again_ever_more_seldom(bakery: Bakery) -> None:
    bakery.hires("anna")
    bakery.doors.fault("error_500", times=3)
    tried = []
    for _ in range(20):
        before = bakery.listings()
        bakery.works()
        tried.append(bakery.listings() - before)
        bakery.later(seconds=5)

    moments = [5 * number for number, count in enumerate(tried) if count]
    assert moments == [0, 5, 15, 35]  # after 5, 10 and 20 seconds; then it works, and tomorrow again
    assert bakery.users() == ["anna"]


@pytest.mark.acceptance("C39")
def test_buying_is_a_task_for_a_person_and_done_when_he_says_so(bakery: Bakery) -> None:
    bakery.hires("anna")
    bakery.isp("users", "sync", "aircall")
    assist = bakery.isp.orders("42", "assist", quantity="3")
    bakery.gives(assist, "anna")

    bakery.works()
    task = bakery.task()
    assert task["title"] == "Buy 3 licences of AI Assist in Aircall for Bakery Ltd (account 42)"
    for value in ("Company: Bakery Ltd", "Add-on: AI Assist", "Quantity: 3", "Users: anna@example.net"):
        assert value in task["instructions"]
    assert (bakery.pool(assist), bakery.isp.at_vendor(assist)) == ((3, 1, 2), "pending")
    bakery.works()
    assert len(bakery.isp("tasks", "list").rows) == 1

    bakery.later(days=3)
    (overdue,) = bakery.isp("tasks", "list", "--overdue").rows
    assert (overdue["licence"], overdue["overdue"]) == (task["licence"], True)

    bakery.confirms()
    assert bakery.isp.at_vendor(assist) == "active"
    assert bakery.isp("tasks", "list").rows == []


@pytest.mark.acceptance("C40")
def test_the_same_users_have_it_again_after_the_payment(bakery: Bakery) -> None:
    assist = bakery.bought("anna", "bo")

    bakery.isp.hears("blocked", "42")
    blocking = bakery.task()
    assert blocking["step"] == "on_block"
    assert "Users: anna@example.net, bo@example.net" in blocking["instructions"]
    bakery.confirms()
    assert bakery.isp.at_vendor(assist) == "suspended"
    assert (bakery.holders(assist), bakery.pool(assist)) == (["anna", "bo"], (3, 2, 1))

    bakery.isp.hears("unblocked", "42")
    resuming = bakery.task()
    assert resuming["step"] == "on_unblock"
    assert "Users: anna@example.net, bo@example.net" in resuming["instructions"]
    bakery.confirms()
    assert (bakery.isp.at_vendor(assist), bakery.holders(assist)) == ("active", ["anna", "bo"])


@pytest.mark.acceptance("C40")
def test_the_seat_of_a_user_who_vanished_meanwhile_goes_to_the_pool_with_a_note(bakery: Bakery, door: HttpDoor) -> None:
    bakery.calls_back(door)
    assist = bakery.bought("anna", "bo")
    bakery.isp.hears("blocked", "42")
    bakery.confirms()

    bakery.fires("bo")
    bakery.delivers()
    bakery.works()
    assert (bakery.holders(assist), bakery.pool(assist)) == (["anna"], (3, 1, 2))
    notes = [(row["before"], row["why"]) for row in bakery.isp("audit", "--account", "42").rows if row["field"] == "seat"]
    assert ("bo@example.net", "the user is gone at the vendor, so the seat is free again") in notes

    bakery.isp.hears("unblocked", "42")
    assert "Users: anna@example.net\n" in bakery.task()["instructions"]
    bakery.confirms()
    assert bakery.isp.at_vendor(assist) == "active"


def test_the_running_worker_takes_up_webhooks_and_lists_users_by_itself(bakery: Bakery, door: HttpDoor) -> None:
    bakery.calls_back(door)
    bakery.hires("anna")  # told by the list alone
    running = bakery.isp.started("worker")
    try:
        until(lambda: bakery.users() == ["anna"])
        bakery.doors("POST", "users", {"email": "bo@example.net"})
        bakery.delivers()
        until(lambda: bakery.users() == ["anna", "bo"])
    finally:
        running.terminate()
        _, err = running.communicate(timeout=30)
    assert running.returncode == 0
    assert "nothing is left half done" in err


def test_people_read_sentences_about_users_and_seats(bakery: Bakery) -> None:
    isp = bakery.isp
    assert "No user is known" in isp("users", "list", human=True).out
    bakery.hires("anna")
    told = isp("users", "sync", "aircall", human=True).out
    assert told == "The vendor aircall has 2 users: 2 came, 0 are gone, 0 seats were returned.\n"
    assist, analytics = isp.orders("42", "assist", quantity="3"), isp.orders("42", "analytics")
    assert "Nobody has a seat." in isp("seats", "list", str(assist), human=True).out

    give = ("seats", "assign", str(assist), "anna@example.net")
    told = f"Subscription {assist} (assist): anna@example.net {{}}. 3 seats: 1 given, 2 free.\n"
    assert isp(*give, human=True).out == told.format("given a seat")
    assert isp(*give, human=True).out == told.format("as before")
    assert "3 seats: 1 given, 2 free." in isp("seats", "list", str(assist), human=True).out
    assert "every user of it has it" in isp("seats", "list", str(analytics), human=True).out
    assert "anna@example.net" in isp("users", "list", "--account", "42", human=True).out


def test_what_is_named_wrongly_is_refused_by_a_sentence_and_changes_nothing(bakery: Bakery) -> None:
    isp = bakery.isp
    assist = str(isp.orders("42", "assist", quantity="3"))
    isp.refuses("users", "sync", "nobody", exits=2, names="no vendor 'nobody'")
    isp.refuses("users", "sync", "avdesk", exits=1, names="has no users")
    isp.refuses("seats", "assign", assist, "nobody@example.net", exits=2, names="no such users: 'nobody@example.net'")
    isp.refuses("seats", "assign", "999", "anna@example.net", exits=2, names="no subscription 999")
    isp.refuses("seats", "list", "999", exits=2, names="no subscription 999")


def test_a_product_sold_to_another_account_is_paid_back(bakery: Bakery) -> None:
    bakery.isp.opens("77", "1000.00")
    subscription = bakery.isp.orders("77", "assist")

    bakery.works()

    assert bakery.isp.balance("77") == "1000.00"
    assert bakery.isp.subscription(subscription)["status"] == "refused"


def test_serve_says_what_it_cannot_listen_on(bakery: Bakery, door: HttpDoor) -> None:
    port = door.url.rpartition(":")[2]
    refused = bakery.isp.process("serve", "--port", port)
    assert (refused.code, "cannot be used" in refused.err) == (1, True)
    assert bakery.isp.process("serve", "--host", "no.such.host.invalid", "--port", "0").code == 1
