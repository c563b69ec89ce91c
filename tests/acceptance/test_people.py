"""People: they accept invitations, sign in, work in a team, and are locked out."""

import pytest

from acceptance.kit import APRIL, Isp
from acceptance.people_kit import (
    PASSWORD,
    code_for,
    invites,
    refused,
    registers,
    shown,
    signs_in,
    takes_in,
    typed,
)
from servers.smtp import MailBox

ANNA, BERT = "anna@example.net", "bert@example.net"


def is_signed_in(isp: Isp, token: str) -> str:
    """Whose token it is."""
    email: str = typed(isp, "people", "signed-in", lines=(token,)).row["email"]
    return email


def team_of_two(isp: Isp) -> int:
    """Anna, the main user, and Bert, a member."""
    customer = takes_in(isp, "Bakery", ANNA)
    isp("people", "add", BERT, "--name", "Bert", "--customer", str(customer), "--no-invitation")
    return customer


def state_of(isp: Isp, email: str) -> str:
    (only,) = [row["state"] for row in isp("people", "list").rows if row["email"] == email]
    return str(only)


@pytest.mark.acceptance("G11")
def test_whoever_accepts_with_a_password_signs_in_with_it(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bakery", ANNA)
    assert refused(isp, "people", "sign-in", ANNA, lines=(PASSWORD,)) == "wrong_login"

    registers(isp, mailbox, ANNA)

    token = signs_in(isp, "ANNA@example.NET")
    assert is_signed_in(isp, token) == ANNA
    assert refused(isp, "people", "sign-in", ANNA, lines=(f"{PASSWORD} ",)) == "wrong_login"
    assert typed(isp, "people", "sign-out", lines=(token,)).row["changed"]
    assert refused(isp, "people", "signed-in", lines=(token,)) == "signed_out"


@pytest.mark.acceptance("G11")
@pytest.mark.parametrize(
    "password", ["elevenchars", "password1234", "aaaaaaaaaaaaaaa", "anna@example.net", "Anna@Example.net1", "x y z" * 50]
)
def test_a_weak_password_is_refused_and_the_invitation_stays_good(isp: Isp, mailbox: MailBox, password: str) -> None:
    invites(isp, "Bakery", ANNA)
    code = code_for(isp, mailbox, ANNA)
    before = isp.dump()

    assert refused(isp, "customers", "accept", lines=(code, password), exits=2) == "weak_password"
    assert refused(isp, "customers", "accept", lines=(code, ""), exits=2) == "nothing_given"

    assert isp.dump() == before
    typed(isp, "customers", "accept", lines=(code, PASSWORD))


@pytest.mark.acceptance("G11")
def test_an_invitation_is_good_once_and_for_a_week(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bakery", ANNA)
    invites(isp, "Butcher", BERT)
    used, late = code_for(isp, mailbox, ANNA), code_for(isp, mailbox, BERT)
    typed(isp, "customers", "accept", lines=(used, PASSWORD))

    assert refused(isp, "customers", "accept", lines=(used, "another long password")) == "invitation_used"
    assert refused(isp, "customers", "accept", lines=("guessed", PASSWORD), exits=2) == "unknown_invitation"
    signs_in(isp, ANNA)
    isp.at = "2026-03-08T00:00:00+00:00"
    assert refused(isp, "customers", "accept", lines=(late, PASSWORD)) == "invitation_expired"
    isp("customers", "resend", BERT)
    registers(isp, mailbox, BERT)


@pytest.mark.acceptance("G11")
def test_no_secret_of_an_invitation_stays_once_it_is_sent(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bakery", ANNA)
    code = code_for(isp, mailbox, ANNA)
    typed(isp, "customers", "accept", lines=(code, PASSWORD))
    token = signs_in(isp, ANNA)

    everything = repr(isp.dump())

    assert all(secret not in everything for secret in (code, PASSWORD, token))


@pytest.mark.acceptance("G12")
def test_the_team_shares_rights_and_subscriptions_at_the_same_price(isp: Isp, mailbox: MailBox) -> None:
    isp.sells("av", "5.00", vendor=None)
    (subscription,) = isp.subscriber("42", "av", left="100")
    customer = str(takes_in(isp, "Bakery", ANNA, "--account", "42"))
    price = isp.subscription(subscription)["price"]

    isp("--as", ANNA, "customers", "invite", customer, BERT, "--name", "Bert")
    registers(isp, mailbox, BERT)

    isp("--as", BERT, "customers", "invite", customer, "eva@example.net", "--name", "Eva")
    isp("--as", BERT, "customers", "show", customer)
    isp("--as", BERT, "cancel", str(subscription))
    isp("--as", ANNA, "cancel", str(subscription), "--undo")
    assert isp.subscription(subscription)["price"] == price
    assert [row["email"] for row in isp("people", "list", "--customer", customer).rows] == [ANNA, BERT, "eva@example.net"]


@pytest.mark.acceptance("G12")
@pytest.mark.usefixtures("mailbox")
def test_whoever_may_do_less_than_a_member_invites_one_like_himself(isp: Isp) -> None:
    customer = str(team_of_two(isp))
    isp("people", "role", BERT, "admin")

    isp("--as", BERT, "customers", "invite", customer, "eva@example.net", "--name", "Eva")
    isp("--as", ANNA, "customers", "invite", customer, "max@example.net", "--name", "Max")

    roles = {row["email"]: row["role"] for row in isp("people", "list", "--customer", customer).rows}
    assert (roles["eva@example.net"], roles["max@example.net"]) == ("admin", "member")


@pytest.mark.acceptance("G12")
def test_nobody_invites_into_another_team_or_gives_more_than_he_has(isp: Isp, mailbox: MailBox) -> None:
    team_of_two(isp)
    other = str(takes_in(isp, "Butcher", "eva@example.net"))
    isp("people", "add", "agent@example.net", "--name", "A", "--customer", other, "--role", "agent", "--no-invitation")
    before = isp.dump()

    assert refused(isp, "--as", ANNA, "customers", "invite", other, "x@example.net", "--name", "X", exits=2) == "not_yours"
    assert refused(isp, "--as", ANNA, "people", "role", "agent@example.net", "member", exits=2) == "unknown_person"
    assert refused(isp, "--as", ANNA, "people", "role", BERT, "reseller") == "not_permitted"
    assert refused(isp, "--as", ANNA, "people", "role", BERT, "staff", exits=2) == "bad_role"
    assert refused(isp, "--as", "agent@example.net", "people", "deactivate", "eva@example.net") == "not_permitted"
    assert refused(isp, "--as", ANNA, "customers", "lock", other) == "not_permitted"
    assert refused(isp, "--as", ANNA, "mail", "list") == "not_permitted"
    assert refused(isp, "--as", ANNA, "people", "change-email", BERT, "mine@example.net") == "not_permitted"
    assert [row["email"] for row in isp("--as", ANNA, "people", "list").rows] == [ANNA, BERT]
    assert [row["company"] for row in isp("--as", ANNA, "customers", "list").rows] == ["Bakery"]
    assert isp.dump() == before
    assert mailbox.messages == []


@pytest.mark.acceptance("G23", "G24")
def test_a_locked_customer_cannot_sign_in_but_is_billed(isp: Isp, mailbox: MailBox) -> None:
    isp.sells("av", "5.00", vendor=None)
    (subscription,) = isp.subscriber("42", "av", left="100", period_end=APRIL)
    customer = invites(isp, "Bakery", ANNA, "--account", "42")
    registers(isp, mailbox, ANNA)
    token = signs_in(isp, ANNA)

    assert isp("customers", "lock", str(customer)).row["changed"]

    assert refused(isp, "people", "signed-in", lines=(token,)) == "signed_out"
    assert refused(isp, "people", "sign-in", ANNA, lines=(PASSWORD,)) == "locked_out"
    assert refused(isp, "people", "sign-in", ANNA, lines=("a wrong password",)) == "wrong_login"
    assert refused(isp, "--as", ANNA, "customers", "show", str(customer)) == "locked_out"
    assert shown(isp, customer)["state"] == "locked"
    before = isp.dump()
    assert not isp("customers", "lock", str(customer)).row["changed"]
    assert isp.dump() == before
    isp.at = APRIL
    isp.begins_periods()
    assert (isp.subscription(subscription)["status"], isp.balance("42")) == ("running", "95.00")

    isp("customers", "unlock", str(customer))

    assert is_signed_in(isp, signs_in(isp, ANNA)) == ANNA
    assert refused(isp, "people", "signed-in", lines=(token,)) == "signed_out"
    assert shown(isp, customer)["state"] == "active"
    assert not isp("customers", "unlock", str(customer)).row["changed"]


@pytest.mark.acceptance("G11")
def test_guessing_passwords_is_stopped_for_a_while(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bakery", ANNA)
    registers(isp, mailbox, ANNA)

    for name in (ANNA, "nobody@example.net"):
        codes = [refused(isp, "people", "sign-in", name, lines=("wrong password",)) for _ in range(6)]
        assert codes == [*["wrong_login"] * 5, "too_many_attempts"]
    assert refused(isp, "people", "sign-in", ANNA, lines=(PASSWORD,)) == "too_many_attempts"

    isp.at = "2026-03-01T00:15:00+00:00"
    signs_in(isp, ANNA)


@pytest.mark.acceptance("G11")
def test_a_login_ends_by_itself(isp: Isp, mailbox: MailBox) -> None:
    invites(isp, "Bakery", ANNA)
    registers(isp, mailbox, ANNA)
    token = signs_in(isp, ANNA)

    isp.at = "2026-03-01T11:59:59+00:00"
    assert is_signed_in(isp, token) == ANNA
    isp.at = "2026-03-01T12:00:00+00:00"
    assert refused(isp, "people", "signed-in", lines=(token,)) == "signed_out"


@pytest.mark.acceptance("G37")
@pytest.mark.usefixtures("mailbox")
def test_another_active_user_becomes_the_main_user(isp: Isp) -> None:
    customer = str(team_of_two(isp))
    takes_in(isp, "Butcher", "other@example.net")
    isp("customers", "invite", customer, "invited@example.net", "--name", "I")
    isp("people", "add", "off@example.net", "--name", "O", "--customer", customer, "--no-invitation")
    isp("people", "deactivate", "off@example.net")
    isp("people", "role", BERT, "agent")

    for email in ("other@example.net", "invited@example.net", "off@example.net"):
        assert refused(isp, "customers", "main-user", customer, email) == "not_active_user"
    assert refused(isp, "--as", ANNA, "customers", "main-user", customer, BERT) == "not_permitted"
    assert not isp("customers", "main-user", customer, ANNA).row["changed"]
    assert isp("customers", "main-user", customer, BERT).row["changed"]

    rows = {row["email"]: (row["main"], row["role"]) for row in isp("people", "list", "--customer", customer).rows}
    assert (rows[ANNA], rows[BERT]) == ((False, "owner"), (True, "owner")), "he may do what she may"
    assert shown(isp, int(customer))["email"] == BERT


@pytest.mark.acceptance("G38")
def test_the_main_user_is_deactivated_only_after_a_change(isp: Isp) -> None:
    customer = str(team_of_two(isp))
    assert refused(isp, "people", "deactivate", ANNA) == "main_user"

    isp("customers", "main-user", customer, BERT)
    assert isp("people", "deactivate", ANNA).row["changed"]

    assert state_of(isp, ANNA) == "deactivated"
    assert refused(isp, "--as", ANNA, "people", "list") == "locked_out"
    assert not isp("people", "deactivate", ANNA).row["changed"]
    isp("people", "activate", ANNA)
    assert state_of(isp, ANNA) == "active"


@pytest.mark.acceptance("X11")
def test_nobody_removes_himself_or_changes_his_own_role(isp: Isp) -> None:
    team_of_two(isp)
    isp("people", "role", BERT, "admin")

    assert refused(isp, "--as", BERT, "people", "deactivate", BERT) == "not_yourself"
    assert refused(isp, "--as", BERT, "people", "role", BERT, "agent") == "not_yourself"

    isp("--as", ANNA, "people", "deactivate", BERT)
    assert state_of(isp, BERT) == "deactivated"


@pytest.mark.acceptance("Z01")
def test_the_audit_says_who_did_what_for_whom(isp: Isp) -> None:
    team_of_two(isp)

    isp("--as", ANNA, "people", "role", BERT, "agent")

    row = isp("audit").rows[0]
    assert (row["field"], row["before"], row["after"]) == ("role", "member", "agent")
    assert row["actor"].startswith(f"{ANNA} (")


def test_only_who_looks_after_a_customer_registers_an_address_that_nobody_confirmed(isp: Isp) -> None:
    """By the mail of an invitation a person proves that the address is his; staff and resellers may vouch for it instead."""
    partner = takes_in(isp, "Partner", "rita@partner.example", "--role", "reseller")
    isp("resellers", "add", str(partner), "--discount", "20")
    his = takes_in(isp, "Bakery", "anna@bakery.example", "--reseller", str(partner), "--confirm")
    isp("people", "add", "sam@isp.example", "--name", "Sam", "--role", "staff", "--no-invitation")
    before = isp.dump()
    for person, customer in (("anna@bakery.example", his), ("rita@partner.example", partner)):
        told = isp("--as", person, *_new("boss@rival.example", customer), exits=1).row
        assert (told["error"], "leave --no-invitation out" in told["message"]) == ("not_permitted", True)
    assert isp.dump() == before

    assert isp("--as", "rita@partner.example", *_new("a@bakery.example", his)).row["state"] == "registered"
    assert isp("--as", "sam@isp.example", *_new("b@bakery.example", his)).row["state"] == "registered"
    assert isp(*_new("c@partner.example", partner)).row["state"] == "registered"


def _new(email: str, customer: int) -> tuple[str, ...]:
    return ("people", "add", email, "--name", "N", "--role", "agent", "--customer", str(customer), "--no-invitation")
