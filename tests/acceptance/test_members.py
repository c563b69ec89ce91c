"""Members who are named by e-mail address, as AxCrypt has them: invited, given licences, removed, suspended and restored."""

from pathlib import Path
from typing import Any

import pytest

from acceptance.kit import MARCH_10, Isp
from servers.smtp import MailBox

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  files:
    name: AxCrypt Business
    kind: seat
    vendor: axcrypt
    terms: [1, 12]
    proration: whole_months
    quantity: { most: 20 }
    resale: yes
    trial_days: 14
    trial_then: charge
    prices: 10.00
"""
FIVE = ("anna@example.net", "bo@example.net", "cleo@example.net", "dan@example.net", "eve@example.net")


@pytest.fixture
def club(isp: Isp) -> Isp:
    """An ISP that sells AxCrypt, and an account with 500.00 since the beginning of March."""
    isp.configure("vendor:axcrypt", plugin="axcrypt", reseller="reseller@isp.example")
    file = isp.folder / "catalogue.yaml"
    file.write_text(CATALOGUE, encoding="utf-8")
    isp("catalogue", "import", str(file))
    isp.opens("42", "500.00")
    return isp


def adds(isp: Isp, *names: str, subscription: int = 1, exits: int = 0, buy: bool = False) -> dict[str, Any]:
    return isp("seats", "assign", str(subscription), *names, *(["--buy"] if buy else []), exits=exits).row


def members(isp: Isp, subscription: int = 1) -> list[tuple[str, str]]:
    return [(row["email"], row["state"]) for row in isp("seats", "list", str(subscription)).rows]


def pool(isp: Isp, subscription: int = 1) -> tuple[int, int, int]:
    row = isp("seats", "pool", str(subscription)).row
    return row["total"], row["assigned"], row["available"]


def may(isp: Isp, name: str) -> tuple[bool, str]:
    row = isp("may", "42", name, "files").row
    return row["allowed"], row["why"]


@pytest.mark.acceptance("G42")
def test_nothing_tells_of_the_members_of_a_customer_who_was_deleted(club: Isp) -> None:
    club.orders("42", "files", quantity="5")
    contact = ("--contact", "Kim", "--email", "kim@club.example", "--no-invitation", "--account", "42")
    customer = club("customers", "add", "Club", *contact).row["customer"]
    adds(club, *FIVE[:2])
    club("customers", "delete", str(customer), "--type", "DELETE")
    club("worker", "--once")
    club.at = "2026-05-01T00:00:00+00:00"
    club("worker", "--once")
    club("worker", "--once")
    left = repr(club.dump("vendor_user", "person", "seat"))
    assert "deleted-" in left
    assert not [name for name in (*FIVE[:2], "kim@club.example") if name in left]


@pytest.mark.acceptance("X08")
def test_members_are_added_by_address_whether_we_know_them_or_not(club: Isp) -> None:
    club.orders("42", "files", quantity="5")
    club("worker", "--once")
    assert "Members: -" in club("tasks", "list").rows[0]["instructions"]
    row = adds(club, "anna@example.net", "Bo@Example.net", "bo@example.net")
    assert (row["given"], row["available"]) == (["anna@example.net", "bo@example.net"], 3)
    again = adds(club, "ANNA@example.net")
    assert (again["changed"], again["unchanged"]) == (False, ["anna@example.net"])
    assert pool(club) == (5, 2, 3)
    second = club.orders("42", "files")
    assert adds(club, "anna@example.net", subscription=second)["given"] == ["anna@example.net"], "known by now"
    assert len(club("users", "list", "--account", "42").rows) == 2


@pytest.mark.acceptance("X08")
@pytest.mark.parametrize(
    "wrong", ["anna", "anna@", "@example.net", "anna@example", "an na@example.net", "ánna@example.net", ""]
)
def test_what_is_no_address_is_named_and_nobody_is_added(club: Isp, wrong: str) -> None:
    club.orders("42", "files", quantity="5")
    refused = club.refuses("seats", "assign", "1", "bo@example.net", wrong, "b@d", exits=2, names=repr(wrong))
    assert refused.row["error"] == "bad_email"
    assert "'b@d'" in refused.err


@pytest.mark.acceptance("X08")
def test_who_is_to_do_it_at_the_vendor_is_told_the_members(club: Isp) -> None:
    club.orders("42", "files", quantity="2")
    adds(club, "bo@example.net", "anna@example.net")
    club("worker", "--once")
    (task,) = club("tasks", "list").rows
    assert "Members: anna@example.net, bo@example.net" in task["instructions"]


def test_a_licence_is_pending_until_the_member_has_activated_his_account(club: Isp) -> None:
    club.orders("42", "files", quantity="2")
    adds(club, "anna@example.net")
    assert (members(club), may(club, "anna@example.net")) == ([("anna@example.net", "invited")], (False, "not_activated"))
    assert club("users", "activated", "axcrypt", "anna@example.net").row["changed"] is True
    assert club("users", "activated", "axcrypt", "anna@example.net").row["changed"] is False
    assert (members(club), may(club, "anna@example.net")) == ([("anna@example.net", "active")], (True, "seat"))
    club.refuses("users", "activated", "axcrypt", "bo@example.net", exits=2, names="has no user 'bo@example.net'")


@pytest.mark.acceptance("X09")
def test_who_has_an_account_is_told_that_he_was_added_and_everybody_else_is_invited(club: Isp, mailbox: MailBox) -> None:
    club.orders("42", "files", quantity="2")
    adds(club, "anna@example.net")
    club("mail", "send")
    assert mailbox.to("anna@example.net")[0]["Subject"] == "You have been invited to AxCrypt Business"
    assert "42 has a licence of AxCrypt Business for you" in mailbox.last("anna@example.net")
    club("users", "activated", "axcrypt", "anna@example.net")
    club("seats", "unassign", "1", "anna@example.net")
    adds(club, "anna@example.net")
    adds(club, "anna@example.net")
    club("mail", "send")
    assert [each["Subject"] for each in mailbox.to("anna@example.net")[1:]] == ["You can use AxCrypt Business now"]


@pytest.mark.acceptance("X09")
def test_a_member_whose_mail_is_refused_is_kept_and_written_to_again(club: Isp, mailbox: MailBox) -> None:
    club.orders("42", "files", quantity="2")
    mailbox.refusals["anna@example.net"] = "550 no such user"
    adds(club, "anna@example.net")
    club("mail", "send")
    (mail,) = club("mail", "list").rows
    assert (mail["state"], "550 no such user" in mail["failure"]) == ("given_up", True)
    assert members(club) == [("anna@example.net", "invited")]
    mailbox.refusals.clear()
    assert club("seats", "resend", "1", "ANNA@example.net").row["written"] == 1
    club("mail", "send")
    assert len(mailbox.to("anna@example.net")) == 1
    refused = club.refuses("seats", "resend", "1", "anna@example.net", "bo@example.net", exits=2, names="'bo@example.net'")
    assert refused.row["error"] == "no_seat"


@pytest.mark.acceptance("X09")
@pytest.mark.parametrize("switched", ["off", "no mail server"])
def test_nobody_is_written_to_where_the_vendor_does_it_or_there_is_no_mail(club: Isp, switched: str) -> None:
    if switched == "off":
        club.configure("mail", host="127.0.0.1", sender="no-reply@isp.example", to_members="no")
    club.orders("42", "files", quantity="2")
    assert adds(club, "anna@example.net")["given"] == ["anna@example.net"]
    assert club("mail", "list").rows == []


@pytest.mark.acceptance("X16")
def test_members_are_added_as_long_as_licences_are_free(club: Isp) -> None:
    club.orders("42", "files", quantity="5")
    adds(club, *FIVE[:4])
    assert adds(club, FIVE[4])["available"] == 0
    refused = club.refuses("seats", "assign", "1", "fay@example.net", exits=1, names="buy what is missing with --buy")
    assert refused.row["error"] == "no_free_licence"
    club("seats", "unassign", "1", FIVE[0])
    refused = club.refuses(
        "seats", "assign", "1", "x@example.net", "y@example.net", "z@example.net", exits=1, names="2 too few"
    )
    assert pool(club) == (5, 4, 1)
    assert adds(club, "x@example.net", "y@example.net", "z@example.net", buy=True)["bought"] == 2


@pytest.mark.acceptance("X17")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.txt", b"anna@example.net\nbo@example.net\n"),
        ("windows.txt", b"\xef\xbb\xbfAnna@example.net\r\n\r\n  bo@example.net  \r\nANNA@EXAMPLE.NET\r\n"),
        ("old-mac.txt", b"anna@example.net\rbo@example.net"),
        ("headed.csv", b'\xef\xbb\xbfname,email\r\nAnna,anna@example.net\r\n"B, o",bo@example.net\r\n'),
        ("semicolons.csv", b"E-Mail;Name\nanna@example.net;Anna\nbo@example.net;Bo\n"),
        ("bare.csv", b"anna@example.net\nbo@example.net,Bo\n\n"),
    ],
)
def test_members_are_imported_from_a_file(club: Isp, name: str, content: bytes) -> None:
    club.orders("42", "files", quantity="2")
    row = club("seats", "import", "1", str(written(club, name, content))).row
    assert (row["given"], row["available"]) == (["anna@example.net", "bo@example.net"], 0)
    assert club("seats", "import", "1", str(written(club, name, content))).row["changed"] is False


@pytest.mark.acceptance("X17")
def test_every_wrong_line_is_reported_with_its_number_and_none_is_imported(club: Isp) -> None:
    club.orders("42", "files", quantity="5")
    file = written(club, "team.txt", b"anna@example.net\r\nnot an address\r\n\r\nbo@example.net\r\n@example.net\r\n")
    refused = club.refuses("seats", "import", "1", str(file), exits=2, names="team.txt:2: 'not an address'")
    assert "team.txt:5: '@example.net'" in refused.err
    assert refused.row["error"] == "bad_file"
    for name, content, said in (
        ("bytes.txt", b"anna@example.net\n\xff\xfe", "bytes.txt:2: this is not UTF-8"),
        ("nobody.csv", b"email\n", "names nobody"),
        ("short.csv", b"name,email\nAnna\n", "short.csv:2: ''"),
    ):
        club.refuses("seats", "import", "1", str(written(club, name, content)), exits=2, names=said)
    assert club("seats", "import", "1", str(club.folder / "missing.txt"), exits=2).row["error"] == "bad_file"


@pytest.mark.acceptance("X17")
def test_more_than_are_free_are_imported_only_when_they_are_bought(club: Isp) -> None:
    club.orders("42", "files", quantity="2")
    file = str(written(club, "team.txt", "\n".join(FIVE).encode()))
    refused = club.refuses("seats", "import", "1", file, exits=1, names="2 of them free, 3 too few")
    assert refused.row["error"] == "no_free_licence"
    row = club("seats", "import", "1", file, "--buy").row
    assert (row["bought"], len(row["given"]), row["available"]) == (3, 5, 0)


@pytest.mark.acceptance("X25")
def test_a_removed_member_leaves_his_licence_unused_and_time_runs_on(club: Isp) -> None:
    club.orders("42", "files", "one_off", quantity="2")
    adds(club, "anna@example.net", "bo@example.net")
    paid_until = club.subscription(1)["paid_until"]
    club.at = MARCH_10
    for taken in (["anna@example.net"], []):
        row = club("seats", "unassign", "1", "anna@example.net").row
        assert (row["taken"], row["total"], row["available"]) == (taken, 2, 1)
    assert club.subscription(1)["paid_until"] == paid_until
    assert adds(club, "cleo@example.net")["bought"] == 0


@pytest.mark.acceptance("X30")
def test_a_block_suspends_the_members_and_keeps_pool_and_list(club: Isp) -> None:
    club.orders("42", "files", quantity="3")
    adds(club, "anna@example.net", "bo@example.net")
    club("users", "activated", "axcrypt", "anna@example.net")
    club("worker", "--once")
    confirms(club)
    before = (pool(club), members(club), club.subscription(1)["paid_until"])

    club.hears("blocked", "42")
    (task,) = club("tasks", "list").rows
    assert task["step"] == "on_block"
    assert "Members: anna@example.net, bo@example.net" in task["instructions"]
    confirms(club)
    assert club.at_vendor(1) == "suspended"
    assert may(club, "anna@example.net") == (False, "suspended")
    assert (pool(club), members(club), club.subscription(1)["paid_until"]) == before

    club.hears("unblocked", "42")
    (task,) = club("tasks", "list").rows
    assert "Members: anna@example.net, bo@example.net" in task["instructions"]
    confirms(club)
    assert (club.at_vendor(1), may(club, "anna@example.net")) == ("active", (True, "seat"))
    assert (pool(club), members(club), club.subscription(1)["paid_until"]) == before


@pytest.mark.acceptance("X29")
def test_a_trial_takes_anybody_in_and_then_all_of_them_are_charged(club: Isp) -> None:
    club.orders("42", "files", "trial")
    assert len(adds(club, *FIVE)["given"]) == 5
    assert (pool(club), club.balance("42")) == ((5, 5, 0), "500.00")
    club("users", "activated", "axcrypt", FIVE[0])
    assert may(club, FIVE[0]) == (True, "seat")
    club("seats", "unassign", "1", FIVE[4])

    club.at = "2026-03-14T23:59:59+00:00"
    club("worker", "--once")
    assert club.balance("42") == "500.00"
    club.at = "2026-03-15T00:00:00+00:00"
    club("worker", "--once")
    rows = {row["id"]: row for row in club("subscriptions", "list", "--account", "42").rows}
    assert [(row["plan"], row["status"], row["quantity"]) for row in rows.values()] == [
        ("trial", "ended", 1),
        ("recurring", "running", 4),
    ]
    assert (pool(club, 2), club.balance("42")) == ((4, 4, 0), "460.00"), "4 members, one month begun"
    assert may(club, FIVE[0]) == (True, "seat")
    charged = club.balance("42")
    club("worker", "--once")
    assert club.balance("42") == charged
    assert club("order", "42", "files", "--plan", "trial", exits=1).row["error"] == "trial_used"


@pytest.mark.acceptance("X29")
@pytest.mark.parametrize("how", ["cancelled", "nobody in it", "no money"])
def test_a_trial_that_is_cancelled_or_not_paid_costs_nothing(club: Isp, how: str) -> None:
    club.opens("43", "500.00" if how != "no money" else "39.99")
    club.orders("43", "files", "trial")
    if how != "nobody in it":
        adds(club, *FIVE[:4])
    if how == "cancelled":
        club("cancel", "1")
    balance = club.balance("43")
    for moment in ("2026-03-15T00:00:00+00:00", "2026-03-20T00:00:00+00:00"):
        club.at = moment
        club("worker", "--once")
        assert club.balance("43") == balance
    assert [row["plan"] for row in club("subscriptions", "list", "--account", "43").rows] == ["trial"]
    if how == "no money":
        assert club("may", "43", FIVE[0], "files").row["allowed"] is False
        assert club.held_by(1) == "forecast"


@pytest.mark.acceptance("X29")
def test_a_trial_takes_in_no_more_than_the_product_is_sold_to(club: Isp) -> None:
    club.orders("42", "files", "trial")
    many = [f"member{number}@example.net" for number in range(21)]
    club.refuses("seats", "assign", "1", *many, exits=2, names="at most 20 users")
    assert len(adds(club, *many[:20])["given"]) == 20


def confirms(isp: Isp) -> None:
    (task,) = isp("tasks", "list").rows
    isp("tasks", "confirm", task["licence"])


def written(isp: Isp, name: str, content: bytes) -> Path:
    file = isp.folder / name
    file.write_bytes(content)
    return file


def test_the_same_pool_serves_a_vendor_with_a_licence_for_each_seat(isp: Isp) -> None:
    isp("products", "add", "av", "--vendor", "avdesk", "--price", "10.00", "--kind", "seat")
    isp.opens("42", "500.00")
    isp.orders("42", "av", quantity="2")
    row = adds(isp, "anna@example.net", "bo@example.net", "cleo@example.net", buy=True)
    assert (row["bought"], row["total"], row["available"]) == (1, 3, 0)
    isp("converge")
    assert len(isp.vendor.stations("42")) == 3
    assert isp("subscriptions", "change", "1", "--quantity", "2", exits=1).row["error"] == "seats_in_use"
    isp("seats", "unassign", "1", "bo@example.net")
    assert isp("subscriptions", "change", "1", "--quantity", "2").row["effect"] == "pending"
    refused = isp.refuses("seats", "assign", "1", "bo@example.net", exits=1, names="From the next period on")
    assert refused.row["error"] == "no_free_licence"
    assert pool(isp) == (3, 2, 1)
