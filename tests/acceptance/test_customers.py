"""Customers: the list, taking them in, converting them, their addresses, and registering themselves."""

import json

import pytest

from acceptance.kit import Isp
from acceptance.people_kit import (
    PASSWORD,
    code_for,
    invites,
    listed,
    orders_ips,
    refused,
    registers,
    sells_ips,
    shown,
    signs_in,
    takes_in,
    typed,
)
from servers.smtp import MailBox

COLUMNS = {"company", "email", "mode", "state", "parts", "payment_method", "average"}
BERLIN = ("--street", "Allee 1", "--postcode", "10115", "--city", "Berlin", "--country", "de")
BILLING = ("--billing-name", "Zentrale", "--billing-street", "Ring 2", "--billing-city", "Wien", "--billing-country", "at")


def row_of(isp: Isp, company: str) -> dict[str, object]:
    """A customer's line in the list."""
    (only,) = [row for row in isp("customers", "list").rows if row["company"] == company]
    return only


@pytest.mark.acceptance("G01")
def test_the_list_shows_what_each_customer_uses_and_pays(isp: Isp) -> None:
    assert isp("customers", "list").rows == []
    sells_ips(isp)
    orders_ips(isp, "42", 100, internal=60)
    takes_in(isp, "Müller GmbH", "Anna@Example.net", "--account", "42", "--mode", "managed", "--payment-method", "card")

    (row,) = isp("customers", "list").rows

    assert {name: row[name] for name in COLUMNS} == {
        "company": "Müller GmbH",
        "email": "anna@example.net",
        "mode": "managed",
        "state": "active",
        "parts": {"external": 40, "internal": 60},
        "payment_method": "card",
        "average": "1.75",
    }
    assert "Müller GmbH" in isp("customers", "list", human=True).out


@pytest.mark.acceptance("G02")
def test_locked_comes_before_invited_before_active_before_inactive(isp: Isp, mailbox: MailBox) -> None:
    sells_ips(isp)
    orders_ips(isp, "42", 10, internal=10)
    invited = invites(isp, "Invited", "invited@example.net", "--account", "42")
    takes_in(isp, "Idle", "idle@example.net")

    assert row_of(isp, "Invited")["state"] == "invited"
    assert row_of(isp, "Idle")["state"] == "inactive"
    registers(isp, mailbox, "invited@example.net")
    assert row_of(isp, "Invited")["state"] == "active"
    isp("customers", "lock", str(invited))
    assert row_of(isp, "Invited")["state"] == "locked"


@pytest.mark.acceptance("G02")
@pytest.mark.usefixtures("mailbox")
def test_whoever_is_locked_before_he_registers_shows_locked(isp: Isp) -> None:
    customer = invites(isp, "Bakery", "anna@example.net")

    isp("customers", "lock", str(customer))

    assert row_of(isp, "Bakery")["state"] == "locked"


@pytest.mark.acceptance("G03")
@pytest.mark.parametrize(("total", "average"), [(300, "1.50"), (51, "1.99"), (200, "1.63")])
def test_the_average_is_the_subscriptions_price_by_its_addresses(isp: Isp, total: int, average: str) -> None:
    sells_ips(isp)
    orders_ips(isp, "42", total, internal=1)
    takes_in(isp, "Bakery", "anna@example.net", "--account", "42")

    assert row_of(isp, "Bakery")["average"] == average


@pytest.mark.acceptance("G03")
def test_without_addresses_there_is_no_average(isp: Isp) -> None:
    isp.sells("av", "5.00", vendor=None)
    isp.subscriber("42", "av", left="100")
    takes_in(isp, "Bakery", "anna@example.net", "--account", "42")

    assert (row_of(isp, "Bakery")["average"], row_of(isp, "Bakery")["state"]) == (None, "active")
    assert "–" in isp("customers", "list", human=True).out


@pytest.mark.acceptance("G04")
def test_who_is_managed_orders_and_changes_nothing_himself(isp: Isp) -> None:
    sells_ips(isp)
    subscription = str(orders_ips(isp, "42", 100, internal=60))
    takes_in(isp, "Bakery", "anna@example.net", "--account", "42", "--mode", "managed")
    change = ("subscriptions", "change", subscription, "--quantity", "120", "--split", "internal=60", "--when", "now")

    assert refused(isp, "--as", "anna@example.net", *change) == "managed_customer"
    isp(*change)
    assert row_of(isp, "Bakery")["parts"] == {"external": 60, "internal": 60}


@pytest.mark.acceptance("G05")
def test_who_serves_himself_changes_count_and_distribution(isp: Isp) -> None:
    sells_ips(isp)
    subscription = str(orders_ips(isp, "42", 100, internal=60))
    takes_in(isp, "Bakery", "anna@example.net", "--account", "42", "--mode", "self_service")
    change = ("--as", "anna@example.net", "subscriptions", "change", subscription)

    isp(*change, "--quantity", "120", "--split", "internal=60", "--when", "now")
    isp(*change, "--split", "internal=20")

    assert row_of(isp, "Bakery")["parts"] == {"external": 100, "internal": 20}


@pytest.mark.acceptance("G06")
@pytest.mark.usefixtures("mailbox")
def test_every_state_has_its_actions_and_the_others_are_refused(isp: Isp) -> None:
    managed = takes_in(isp, "Managed", "m@example.net", "--mode", "managed")
    himself = takes_in(isp, "Himself", "h@example.net", "--mode", "self_service")
    invited = invites(isp, "Invited", "i@example.net", "--mode", "self_service")

    assert shown(isp, managed)["actions"] == [
        *("details", "distribution", "project_key", "address", "main_user", "lock", "delete")
    ]
    assert shown(isp, himself)["actions"] == ["details", "convert", "distribution", "main_user", "lock", "delete"]
    assert shown(isp, invited)["actions"] == ["details", "convert", "distribution", "resend", "lock", "delete"]
    isp("customers", "lock", str(himself))
    assert "unlock" in shown(isp, himself)["actions"]
    assert refused(isp, "customers", "convert", str(managed), "--confirm") == "irreversible"
    assert refused(isp, "customers", "resend", "m@example.net") == "already_registered"
    assert refused(isp, "customers", "address", str(himself), *BERLIN) == "self_service"
    assert refused(isp, "customers", "main-user", str(invited), "i@example.net") == "action_not_allowed"
    isp("customers", "delete", str(himself), "--type", "DELETE")
    assert shown(isp, himself)["actions"] == ["details"]
    assert refused(isp, "customers", "convert", str(himself), "--confirm") == "marked_for_deletion"
    assert refused(isp, "customers", "lock", str(himself)) == "marked_for_deletion"


@pytest.mark.acceptance("G07")
def test_the_details_list_subscriptions_of_past_and_present(isp: Isp) -> None:
    sells_ips(isp)
    old = orders_ips(isp, "42", 10, internal=4)
    isp("cancel", str(old), "--now")
    new = isp.orders("42", "ips", quantity="20", split="internal=20")
    customer = takes_in(isp, "Bakery", "anna@example.net", "--account", "42")

    found = isp("customers", "show", str(customer)).row["subscriptions"]

    assert [(each["subscription"], each["status"], each["quantity"], each["split"]) for each in found] == [
        (old, "ended", 10, "external=6,internal=4"),
        (new, "running", 20, "external=0,internal=20"),
    ]
    assert "ended" in isp("customers", "show", str(customer), human=True).out
    isp("customers", "lock", str(customer))
    isp("cancel", str(new))
    assert isp("customers", "show", str(customer)).row["state"] == "locked"


@pytest.mark.acceptance("G08")
def test_a_new_customer_is_invited_by_mail(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bäckerei", "Anna@Example.net", "--language", "de", contact="Anna Müller")
    assert mailbox.messages == []

    assert isp("mail", "send").row == {"sent": 1, "waiting": 0, "given_up": 0, "said": ""}

    (message,) = mailbox.to("anna@example.net")
    assert (message["From"], message["Subject"]) == ("My ISP <no-reply@isp.example>", "Ihr Zugang für Bäckerei")
    assert "Guten Tag Anna Müller" in message.get_content()
    assert (row_of(isp, "Bäckerei")["state"], row_of(isp, "Bäckerei")["email"]) == ("invited", "anna@example.net")
    isp("mail", "send")
    assert len(mailbox.messages) == 1


@pytest.mark.acceptance("G08")
@pytest.mark.parametrize(
    ("company", "contact", "email", "code"),
    [
        ("", "Anna", "anna@example.net", "bad_company"),
        ("Bakery\n", "Anna", "anna@example.net", "bad_company"),
        ("x" * 121, "Anna", "anna@example.net", "bad_company"),
        ("Bakery", "", "anna@example.net", "bad_name"),
        ("Bakery", "Anna\x07", "anna@example.net", "bad_name"),
        ("Bakery", "Anna", "", "bad_email"),
        ("Bakery", "Anna", "anna@", "bad_email"),
        ("Bakery", "Anna", "anna@example.net\nBcc: all@example.net", "bad_email"),
    ],
)
@pytest.mark.usefixtures("mailbox")
def test_a_customer_without_company_name_or_address_is_refused(
    isp: Isp, company: str, contact: str, email: str, code: str
) -> None:
    before = isp.dump()

    assert refused(isp, "customers", "add", company, "--contact", contact, "--email", email, exits=2) == code

    assert isp.dump() == before


@pytest.mark.acceptance("G08")
@pytest.mark.usefixtures("mailbox")
def test_an_address_counts_once_in_whatever_letters(isp: Isp) -> None:
    invites(isp, "Bakery", "anna@example.net")
    before = isp.dump()

    assert refused(isp, "customers", "add", "Other", "--contact", "A", "--email", "ANNA@example.NET") == "email_taken"

    assert isp.dump() == before


@pytest.mark.acceptance("G09")
def test_without_a_mail_server_nobody_is_taken_in(isp: Isp) -> None:
    before = isp.dump()

    answer = refused(isp, "customers", "add", "Bakery", "--contact", "Anna", "--email", "anna@example.net")

    assert (answer, isp.dump()) == ("mail_not_configured", before)


@pytest.mark.acceptance("G09")
def test_a_refused_mail_keeps_the_customer_invited_and_can_be_sent_again(isp: Isp, mailbox: MailBox) -> None:
    mailbox.refusals["anna@example.net"] = "550 5.1.1 no such mailbox"
    invites(isp, "Bakery", "anna@example.net")

    isp("mail", "send")

    row = row_of(isp, "Bakery")
    assert (row["state"], row["mail_failure"]) == ("invited", "550 5.1.1 no such mailbox")
    assert "no such mailbox" in isp("customers", "list", human=True).out
    mailbox.refusals.clear()
    isp("customers", "resend", "anna@example.net")
    registers(isp, mailbox, "anna@example.net")
    assert row_of(isp, "Bakery")["mail_failure"] == ""


@pytest.mark.acceptance("G09")
def test_a_mail_server_that_is_down_is_tried_again_later(isp: Isp, mailbox: MailBox) -> None:
    port = isp.config["mail"]["port"]
    isp.configure("mail", port="1")
    invites(isp, "Bakery", "anna@example.net")

    assert isp("mail", "send").row["waiting"] == 1

    isp.configure("mail", port=port)
    assert isp("mail", "send").row["sent"] == 0, "it waits a minute"
    isp.at = "2026-03-01T00:02:00+00:00"
    isp("worker", "--once")
    assert len(mailbox.to("anna@example.net")) == 1
    (row,) = isp("mail", "list").rows
    assert (row["state"], row["tries"], row["failure"]) == ("sent", 2, "")


@pytest.mark.acceptance("G09")
def test_the_doctor_proves_the_mail_server(isp: Isp, mailbox: MailBox) -> None:
    found = [row for row in isp.anyhow("doctor").rows if row.get("what") == "mail"]
    assert [row["result"] for row in found] == ["works"]

    isp.configure("mail", port="1")

    (row,) = [row for row in isp("doctor", exits=1).rows if row.get("what") == "mail"]
    assert (row["result"], "127.0.0.1:1" in row["finding"]) == ("fails", True)
    assert mailbox.messages == []


@pytest.mark.acceptance("G10")
def test_the_contacts_address_is_the_login_name_and_changes_once_it_is_confirmed(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bakery", "anna@example.net")
    registers(isp, mailbox, "anna@example.net")
    signs_in(isp, "anna@example.net")
    takes_in(isp, "Other", "taken@example.net")

    assert refused(isp, "people", "change-email", "anna@example.net", "Taken@example.net") == "email_taken"
    isp("people", "change-email", "anna@example.net", "a.new@example.net")
    signs_in(isp, "anna@example.net")
    assert row_of(isp, "Bakery")["email"] == "anna@example.net"
    typed(isp, "people", "confirm-email", lines=(code_for(isp, mailbox, "a.new@example.net"),))

    assert row_of(isp, "Bakery")["email"] == "a.new@example.net"
    signs_in(isp, "a.new@example.net")
    assert refused(isp, "people", "sign-in", "anna@example.net", lines=(PASSWORD,)) == "wrong_login"


@pytest.mark.acceptance("G13")
def test_resending_voids_the_old_link_and_a_registered_one_needs_none(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bakery", "anna@example.net")
    old = code_for(isp, mailbox, "anna@example.net")

    isp("customers", "resend", "anna@example.net")

    assert refused(isp, "customers", "accept", lines=(old, PASSWORD)) == "invitation_void"
    registers(isp, mailbox, "anna@example.net")
    assert refused(isp, "customers", "resend", "anna@example.net") == "already_registered"


@pytest.mark.acceptance("G14")
def test_converting_to_managed_is_confirmed_and_has_no_way_back(isp: Isp) -> None:
    customer = str(takes_in(isp, "Bakery", "anna@example.net", "--mode", "self_service"))
    before = isp.dump()

    assert refused(isp, "customers", "convert", customer) == "not_confirmed"
    assert isp.dump() == before
    assert isp("customers", "convert", customer, "--confirm").row["changed"]
    assert row_of(isp, "Bakery")["mode"] == "managed"
    assert refused(isp, "customers", "convert", customer, "--to", "self_service", "--confirm") == "irreversible"


@pytest.mark.acceptance("G33")
def test_the_address_of_a_managed_customer_is_edited_by_who_looks_after_him(isp: Isp) -> None:
    managed = takes_in(isp, "Bakery", "anna@example.net", "--mode", "managed")
    himself = takes_in(isp, "Butcher", "bert@example.net", "--mode", "self_service")

    assert isp("customers", "address", str(managed), *BERLIN).row["changed"]
    assert not isp("customers", "address", str(managed), *BERLIN).row["changed"]

    found = shown(isp, managed)
    assert (found["country"], found["address"]) == ("DE", {"street": "Allee 1", "postcode": "10115", "city": "Berlin"})
    assert refused(isp, "customers", "address", str(himself), *BERLIN) == "self_service"
    isp("--as", "bert@example.net", "customers", "address", str(himself), *BERLIN)
    assert shown(isp, himself)["country"] == "DE"
    assert refused(isp, "--as", "bert@example.net", "customers", "address", str(managed), *BERLIN, exits=2) == "not_yours"
    assert refused(isp, "customers", "address", str(managed), *BERLIN[:-1], "xx", exits=2) == "bad_country"


@pytest.mark.acceptance("G34", "G35")
@pytest.mark.parametrize(
    ("country", "vat_id", "code"),
    [
        ("DE", "", ""),
        ("FR", "", "vat_id_required"),
        ("FR", "FR40303265045", ""),
        ("DE", "DE123456789", "bad_vat_id"),
        ("IT", "FR40303265045", "vat_country_mismatch"),
        ("GR", "EL094259216", ""),
        ("EL", "GR094259216", ""),
    ],
)
def test_who_is_not_at_home_needs_a_vat_id_of_his_country(isp: Isp, country: str, vat_id: str, code: str) -> None:
    isp.configure("vat", home_country="DE")
    customer = str(takes_in(isp, "Bakery", "anna@example.net", "--mode", "managed"))
    words = ("customers", "address", customer, *BERLIN[:-1], country, "--vat-id", vat_id)

    if code:
        assert refused(isp, *words, exits=2) == code
    else:
        isp(*words)
        assert shown(isp, int(customer))["country"] == {"EL": "GR"}.get(country, country)


@pytest.mark.acceptance("G36")
def test_another_billing_address_is_told_whole_or_not_at_all(isp: Isp) -> None:
    isp.configure("vat", home_country="DE")
    customer = takes_in(isp, "Bakery", "anna@example.net", "--mode", "managed")
    words = ("customers", "address", str(customer), *BERLIN)

    assert refused(isp, *words, "--different-billing", exits=2) == "billing_address_missing"
    isp.refuses(*words, "--different-billing", exits=2, names="its name, street, city and country are missing")
    assert refused(isp, *words, "--different-billing", *BILLING[2:], exits=2) == "billing_address_missing"
    isp(*words, "--different-billing", *BILLING)
    found = shown(isp, customer)
    assert found["billing_address"] == {
        **{"name": "Zentrale", "street": "Ring 2", "postcode": "", "city": "Wien", "country": "AT"}
    }
    assert (found["country"], found["vat_id"]) == ("DE", ""), "VAT follows the main address"
    isp(*words)
    assert shown(isp, customer)["billing_address"] == {}


@pytest.mark.acceptance("X13")
def test_wrong_data_are_corrected_by_the_customer_himself_and_audited(isp: Isp) -> None:
    customer = takes_in(isp, "Bakkery", "anna@example.net")

    isp("--as", "anna@example.net", "customers", "address", str(customer), *BERLIN, "--company", "Bakery")

    assert shown(isp, customer)["company"] == "Bakery"
    changes = {
        (row["field"], row["before"], row["after"]) for row in isp("audit").rows if row["subject"] == f"customer {customer}"
    }
    assert ("company", "Bakkery", "Bakery") in changes
    assert ("country", "", "DE") in changes


@pytest.mark.acceptance("G44")
def test_filters_combine_and_an_unknown_value_is_refused(isp: Isp) -> None:
    takes_in(isp, "A", "a@example.net", "--mode", "managed", "--payment-method", "card")
    takes_in(isp, "B", "b@example.net", "--mode", "managed", "--payment-method", "balance")
    locked = takes_in(isp, "C", "c@example.net", "--mode", "self_service", "--payment-method", "card")
    isp("customers", "lock", str(locked))

    assert listed(isp, "--mode", "managed") == ["A", "B"]
    assert listed(isp, "--payment-method", "card") == ["A", "C"]
    assert listed(isp, "--payment-method", "card", "--state", "locked") == ["C"]
    assert listed(isp, "--mode", "managed", "--state", "locked") == []
    assert listed(isp) == ["A", "B", "C"]
    assert listed(isp, "--limit", "2") == ["A", "B"]
    for option in ("--mode", "--state", "--payment-method"):
        assert refused(isp, "customers", "list", option, "gold", exits=2) == "bad_filter"


@pytest.mark.acceptance("G45")
def test_the_export_is_exactly_what_the_filter_shows(isp: Isp) -> None:
    takes_in(isp, "Пекарня «Ёж»", "a@example.net", "--payment-method", "card")
    takes_in(isp, "Bäckerei", "b@example.net", "--payment-method", "balance")

    out = isp("customers", "list", "--payment-method", "card").out

    assert [json.loads(line)["company"] for line in out.splitlines()] == ["Пекарня «Ёж»"]
    assert "Пекарня «Ёж»" in out, "letters stay as they are"
    assert isp("customers", "list", "--state", "locked").out == ""
    human = isp("customers", "list", "--payment-method", "card", "--csv", human=True).out.splitlines()
    assert (human[0].split(",")[:3], len(human)) == (["customer", "company", "email"], 2)


@pytest.mark.acceptance("G46")
def test_who_registers_himself_confirms_it_by_mail_and_has_an_account_to_try(isp: Isp, mailbox: MailBox) -> None:
    words = ("customers", "register", "Bakery", "--contact", "Anna", "--email", "anna@example.net")
    before = isp.dump()
    assert refused(isp, *words) == "registration_closed"
    assert isp.dump() == before
    isp.configure("customers", registration="yes")

    customer = isp(*words).row["customer"]
    assert row_of(isp, "Bakery")["state"] == "invited"
    registers(isp, mailbox, "anna@example.net")

    found = shown(isp, customer)
    assert (found["state"], found["mode"], found["trial"]) == ("inactive", "self_service", True)
    assert found["accounts"] == [f"customer-{customer}"]
    assert isp.balance(f"customer-{customer}") == "0.00"
    isp.configure("customers", registration="no")
    signs_in(isp, "anna@example.net")
    assert shown(isp, customer) == found


@pytest.mark.acceptance("Z02")
def test_the_same_key_takes_a_customer_in_once(isp: Isp) -> None:
    words = ("customers", "add", "Bakery", "--contact", "Anna", "--email", "anna@example.net", "--no-invitation")

    first = isp(*words, "--key", "k1").row
    again = isp(*words, "--key", "k1").row

    assert first == again
    assert len(listed(isp)) == 1
    other = ("customers", "add", "Other", "--contact", "Bert", "--email", "bert@example.net", "--no-invitation")
    assert refused(isp, *other, "--key", "k1") == "key_used"


@pytest.mark.acceptance("Z09")
def test_what_a_customer_is_called_cannot_change_the_mail(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "{token} <b>Bakery</b>", "anna@example.net", contact="{link} <i>Anna</i>")

    isp("mail", "send")

    (message,) = mailbox.messages
    assert message["Subject"] == "Your access for {token} <b>Bakery</b>"
    assert message.get_content_type() == "text/plain"
    assert "Hello {link} <i>Anna</i>," in message.get_content()
