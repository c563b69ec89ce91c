"""Deleting a customer: typed, marked, done by the worker; money and its records stay."""

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp
from acceptance.people_kit import PASSWORD, code_for, invites, listed, refused, registers, shown, signs_in, takes_in
from servers.smtp import MailBox

ANNA = "anna@example.net"


@pytest.mark.acceptance("G39")
@pytest.mark.parametrize("typed", ["delete", "DELETE ", " DELETE", "", "Delete"])
def test_a_registered_customer_is_deleted_only_by_typing_the_word(isp: Isp, typed: str) -> None:
    customer = str(takes_in(isp, "Bakery", ANNA))
    before = isp.dump()

    assert refused(isp, "customers", "delete", customer, "--type", typed, "--confirm") == "not_confirmed"

    assert isp.dump() == before


@pytest.mark.acceptance("G39", "G41")
def test_typing_it_marks_the_customer_and_logs_everybody_out(isp: Isp, mailbox: MailBox) -> None:
    customer = invites(isp, "Bakery", ANNA)
    registers(isp, mailbox, ANNA)
    signs_in(isp, ANNA)

    said = isp("customers", "delete", str(customer), "--type", "DELETE", human=True)

    assert "marked for deletion" in said.out
    assert shown(isp, customer)["marked"] is True
    assert refused(isp, "people", "sign-in", ANNA, lines=(PASSWORD,)) == "locked_out"
    before = isp.dump()
    assert not isp("customers", "delete", str(customer), "--type", "DELETE").row["changed"]
    assert isp.dump() == before


@pytest.mark.acceptance("G40")
def test_who_is_only_invited_is_deleted_by_confirming(isp: Isp, mailbox: MailBox) -> None:
    customer = invites(isp, "Bakery", ANNA)
    code = code_for(isp, mailbox, ANNA)
    assert refused(isp, "customers", "delete", str(customer)) == "not_confirmed"

    isp("customers", "delete", str(customer), "--confirm")

    assert refused(isp, "customers", "accept", lines=(code, PASSWORD)) == "invitation_void"
    isp("worker", "--once")
    assert listed(isp) == []
    isp("worker", "--once")
    left = repr(isp.dump("customer", "person", "mail", "invitation"))
    assert "Bakery" not in left
    assert ANNA not in left


@pytest.mark.acceptance("G41", "G42")
def test_the_worker_deletes_people_for_good_and_tells_by_mail(isp: Isp, mailbox: MailBox) -> None:
    customer = invites(isp, "Bakery", ANNA, contact="Anna Muster")
    registers(isp, mailbox, ANNA)
    isp("people", "add", "bert@example.net", "--name", "Bert", "--customer", str(customer), "--no-invitation")
    isp("customers", "delete", str(customer), "--type", "DELETE")

    isp("worker", "--once")

    assert mailbox.to(ANNA)[-1]["Subject"] == "Bakery was deleted"
    assert listed(isp) == []
    assert isp("people", "list").rows == []
    assert refused(isp, "people", "sign-in", ANNA, lines=(PASSWORD,)) == "wrong_login"
    assert refused(isp, "--as", "bert@example.net", "people", "list", exits=2) == "unknown_person"
    assert refused(isp, "customers", "show", str(customer), exits=2) == "unknown_customer"
    isp.at = MARCH_10
    isp("worker", "--once")
    left = repr(isp.dump("person", "customer", "mail", "invitation"))
    assert not any(word in left for word in (ANNA, "Muster", "bert@", "Bakery"))
    after = isp.dump()
    isp("worker", "--once")
    assert isp.dump() == after, "done again, it ends the same"
    takes_in(isp, "Bakery II", ANNA)


@pytest.mark.acceptance("G41")
def test_what_fails_stays_marked_and_is_done_by_the_next_run(isp: Isp, mailbox: MailBox) -> None:
    isp.sells("av", "5.00", vendor=None)
    isp.subscriber("42", "av", left="100", period_end=APRIL)
    customer = takes_in(isp, "Bakery", ANNA, "--account", "42")
    isp("customers", "delete", str(customer), "--type", "DELETE")
    port = isp.config["mail"]["port"]
    isp.configure("mail", port="1")

    isp("worker", "--once")
    assert mailbox.messages == []
    isp.configure("mail", port=port)
    isp.at = MARCH_10
    isp("worker", "--once")

    assert [message["Subject"] for message in mailbox.to(ANNA)] == ["Bakery was deleted"]


@pytest.mark.acceptance("G42", "G43")
def test_what_is_paid_runs_to_its_end_and_the_books_stay(isp: Isp) -> None:
    isp.sells("av", "5.00")
    (subscription,) = isp.subscriber("42", "av", left="100", period_end=APRIL)
    isp("converge")
    customer = takes_in(isp, "Bakery", ANNA, "--account", "42")
    books = isp.dump("charge", "ledger_entry")
    isp("customers", "delete", str(customer), "--type", "DELETE")

    isp("worker", "--once")

    assert (isp.subscription(subscription)["status"], isp.at_vendor(subscription)) == ("ending", "active")
    assert listed(isp) == []
    isp.at = APRIL
    isp("worker", "--once")
    assert isp.subscription(subscription)["status"] == "ended"
    assert isp.balance("42") == "100.00", "nothing is renewed"
    assert isp.dump("charge", "ledger_entry") == books
    assert any(row["field"] == "deleted" for row in isp("audit").rows)
    assert "Bakery" in repr(isp.dump("customer")), "the company was charged: the law wants to know it"
