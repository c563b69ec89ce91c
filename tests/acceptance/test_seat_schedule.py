"""An add-on that everybody had becomes one for those with a seat, by a schedule that the catalogue tells."""

from collections.abc import Iterator

import pytest

from acceptance.aircall_kit import TOKEN, Bakery
from acceptance.kit import Isp
from isp_addons_aircall.sandbox import AircallSandbox
from servers.smtp import MailBox

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  assist:
    kind: seat
    vendor: aircall
    options: { add_on: AI Assist }
    schedule: { year: 2026 }
    features:
      insights: everyone
      trackers: [admin, supervisor]
      scorecards: [admin, supervisor]
      call_reviews: [admin, supervisor]
    prices: 10.00
"""
PAGES = ("trackers", "scorecards", "call_reviews")
NAMES = ("anna", "bo", "cleo", "dan")


@pytest.fixture
def office(isp: Isp) -> Iterator[Bakery]:
    """An account in Madrid with four users, which has bought AI Assist for ten in May 2026."""
    isp.at = "2026-05-01T00:00:00+00:00"
    with AircallSandbox(account="42", company="Bakery Ltd", webhook_token=TOKEN, per_minute=1000) as server:
        made = Bakery(isp, server)
        isp.configure("isp-addons", time_zone="Europe/Madrid")
        isp.configure("vendor:aircall", plugin="aircall", read_timeout="2", **server.options())
        sells(isp)
        isp.opens("42", "5000.00", period_end="2026-08-01T00:00:00+02:00")
        made.hires(*NAMES)
        isp("users", "sync", "aircall")
        isp.orders("42", "assist", quantity="10")
        yield made


def sells(isp: Isp, old: str = "", new: str = "") -> None:
    file = isp.folder / "catalogue.yaml"
    file.write_text(CATALOGUE.replace(old, new) if old else CATALOGUE, encoding="utf-8")
    isp("catalogue", "import", str(file))


def gives(office: Bakery, *names: str, exits: int = 0, buy: bool = False) -> dict[str, object]:
    more = ["--buy"] if buy else []
    return office.isp("seats", "assign", "1", *(f"{each}@example.net" for each in names), *more, exits=exits).row


def may(office: Bakery, name: str, feature: str) -> bool:
    allowed: bool = office.isp("may", "42", f"{name}@example.net", feature).row["allowed"]
    return allowed


def is_a(office: Bakery, name: str, role: str) -> None:
    office.isp("users", "role", "aircall", f"{name}@example.net", role)


@pytest.mark.acceptance("C24")
def test_a_schedule_is_data_with_usual_days(isp: Isp) -> None:
    with AircallSandbox(account="42", company="Bakery Ltd", webhook_token=TOKEN) as server:
        isp.configure("vendor:aircall", plugin="aircall", **server.options())
        sells(isp)
        exported = isp("catalogue", "export", human=True).out
        assert (
            "schedule:\n      year: 2026\n      assign_from: 06-03\n      grace_from: 06-04\n      enforce_from: 06-30\n"
            in exported
        )
        sells(isp, "{ year: 2026 }", "{ year: 2027, assign_from: 02-28, enforce_from: 12-31 }")
        assert "assign_from: 02-28" in isp("catalogue", "export", human=True).out

        for wrong, said in (
            ("{ year: 2026, enforce_from: 06-02 }", "must stand by day"),
            ("{ year: 2026, assign_from: 07-01 }", "must stand by day"),
            ("{ year: 2026, assign_from: 02-29 }", "does not exist in 2026"),
            ("{ year: 2026, assign_from: 3 June }", "is not a month and day"),
            ("{ assign_from: 06-03 }", "has no year"),
            ("{ year: MMXXVI }", "is not a year"),
        ):
            file = isp.folder / "wrong.yaml"
            file.write_text(CATALOGUE.replace("{ year: 2026 }", wrong), encoding="utf-8")
            isp.refuses("catalogue", "import", str(file), exits=2, names=said)


@pytest.mark.acceptance("C25")
def test_seats_are_given_from_the_first_day_on(office: Bakery) -> None:
    office.isp.at = "2026-06-02T23:59:59+02:00"
    assert gives(office, "anna", exits=1)["error"] == "not_yet_available"
    assert office.pool(1) == (10, 0, 10)
    office.isp.at = "2026-06-03T00:00:00+02:00"
    assert gives(office, "anna")["given"] == ["anna@example.net"]
    assert office.isp("subscriptions", "change", "1", "--quantity", "12", "--when", "now").row["quantity"] == 12


@pytest.mark.acceptance("C26")
@pytest.mark.acceptance("C27")
def test_until_the_last_moment_everybody_keeps_access(office: Bakery) -> None:
    for name, role in zip(NAMES, ("owner", "admin", "supervisor", "agent"), strict=True):
        is_a(office, name, role)
    office.isp.at = "2026-06-04T00:00:00+02:00"
    gives(office, "dan", "anna")
    for moment in ("2026-06-04T12:00:00+02:00", "2026-06-29T23:59:59+02:00"):
        office.isp.at = moment
        assert [may(office, each, "insights") for each in NAMES] == [True] * 4
        assert [may(office, each, "trackers") for each in NAMES] == [True, True, True, False]
    office.isp.at = "2026-06-30T00:00:00+02:00"
    assert [may(office, each, "insights") for each in NAMES] == [True, False, False, True], "of any role, but with a seat"


@pytest.mark.acceptance("C28")
@pytest.mark.acceptance("C30")
def test_the_pages_are_for_admins_and_supervisors_with_a_seat(office: Bakery) -> None:
    office.isp.at = "2026-07-01T00:00:00+02:00"
    answers = {}
    for role in ("admin", "supervisor", "agent", "owner"):
        is_a(office, "anna", role)
        is_a(office, "bo", role)
        gives(office, "anna")
        for page in PAGES:
            answers[role, page] = (may(office, "anna", page), may(office, "bo", page))
    expected = {"admin": (True, False), "supervisor": (True, False), "agent": (False, False), "owner": (True, False)}
    assert answers == {(role, page): expected[role] for role in expected for page in PAGES}
    gives(office, "cleo")
    assert may(office, "cleo", "trackers") is False, "nobody knows what she is"


@pytest.mark.acceptance("C29")
def test_seats_that_nobody_has_survive(office: Bakery) -> None:
    office.isp.at = "2026-06-10T00:00:00+02:00"
    gives(office, *NAMES)
    office.isp.at = "2026-07-01T00:00:00+02:00"
    office.isp("worker", "--once")
    assert office.pool(1) == (10, 4, 6)
    row = gives(office, "owner", buy=True)
    assert (row["available"], row["bought"], row["charged"]) == (5, 0, "0.00")


@pytest.mark.acceptance("C31")
def test_owners_and_admins_are_reminded_of_users_without_a_seat(office: Bakery, mailbox: MailBox) -> None:
    isp = office.isp
    isp(
        *("customers", "add", "Bakery", "--contact", "Olga", "--email", "olga@bakery.example", "--role", "owner"),
        *("--account", "42", "--no-invitation"),
    )
    for name, role in (("adam", "admin"), ("sue", "supervisor")):
        email = f"{name}@bakery.example"
        isp("people", "add", email, "--name", name, "--role", role, "--customer", "1", "--no-invitation")
    isp.at = "2026-06-03T12:00:00+02:00"
    gives(office, "anna", "owner")
    assert reminded(isp, mailbox) == 0

    for day, without in ((4, "bo cleo dan"), (23, "cleo dan"), (29, "dan")):
        isp.at = f"2026-06-{day:02}T00:00:00+02:00"
        assert reminded(isp, mailbox) == 2, day
        for person in ("olga", "adam"):
            said = mailbox.last(f"{person}@bakery.example")
            assert [line[2:] for line in said.splitlines() if line.startswith("- ")] == [
                f"{each}@example.net" for each in without.split()
            ]
            assert "2026-06-30" in said
        isp.at = f"2026-06-{day:02}T18:00:00+02:00"
        assert reminded(isp, mailbox) == 0, "once"
        gives(office, without.split()[0])
    assert mailbox.to("sue@bakery.example") == []
    isp.at = "2026-06-30T00:00:00+02:00"
    assert reminded(isp, mailbox) == 0


@pytest.mark.acceptance("C31")
def test_where_everybody_has_a_seat_there_is_no_mail(office: Bakery, mailbox: MailBox) -> None:
    isp = office.isp
    isp(
        *("customers", "add", "Bakery", "--contact", "Olga", "--email", "olga@bakery.example", "--role", "owner"),
        *("--account", "42", "--no-invitation"),
    )
    isp.at = "2026-06-03T12:00:00+02:00"
    gives(office, *NAMES, "owner")
    for day in (4, 23, 29):
        isp.at = f"2026-06-{day:02}T09:00:00+02:00"
        assert reminded(isp, mailbox) == 0


def reminded(isp: Isp, mailbox: MailBox) -> int:
    """How many messages the worker's round brings."""
    before = len(mailbox.messages)
    isp("worker", "--once")
    isp("mail", "send")
    return len(mailbox.messages) - before
