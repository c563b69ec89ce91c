"""Every change of state has a row in the audit: who, when, from what, to what, why, and through which door."""

from typing import Any

import pytest

from acceptance.kit import APRIL, MARCH_10, MARCH_31, Isp
from acceptance.plugins import REFUSES


def trail(isp: Isp, account: str) -> list[tuple[Any, ...]]:
    """The changes of one account, oldest first, without their times."""
    rows = reversed(isp("audit", "--account", account, "--limit", "1000").rows)
    return [(row["source"], row["subject"].split()[0], row["field"], row["before"], row["after"]) for row in rows]


@pytest.mark.acceptance("Z01")
def test_a_month_of_an_account_can_be_read_in_the_audit(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.subscriber("42", "av", left="0")
    isp("converge")
    isp.at = MARCH_10
    isp.hears("on_block", "42")
    isp.hears("on_unblock", "42")
    isp.at = MARCH_31
    isp.looks_ahead()
    isp.at = APRIL
    isp.hears("paid", "42", "amount=200")
    assert trail(isp, "42") == [
        ("admin", "account", "opened", None, "42"),
        ("admin", "subscription", "status", None, "running (av × 1)"),
        ("vendor", "licence", "seen_state", "absent", "active"),
        ("hook", "account", "blocked", "False", "True"),
        ("hook", "subscription", "hold_billing", None, "stands"),
        ("hook", "licence", "wanted_state", "active", "suspended"),
        ("vendor", "licence", "seen_state", "active", "suspended"),
        ("hook", "account", "blocked", "True", "False"),
        ("hook", "subscription", "hold_billing", "stands", None),
        ("hook", "licence", "wanted_state", "suspended", "active"),
        ("vendor", "licence", "seen_state", "suspended", "active"),
        ("timetable", "subscription", "hold_forecast", None, "stands"),
        ("timetable", "licence", "wanted_state", "active", "suspended"),
        ("vendor", "licence", "seen_state", "active", "suspended"),
        ("timetable", "subscription", "paid_until", "2026-04-01 00:00:00+00:00", "2026-05-01 00:00:00+00:00"),
        ("timetable", "subscription", "hold_forecast", "stands", None),
        ("timetable", "licence", "wanted_state", "suspended", "active"),
        ("vendor", "licence", "seen_state", "suspended", "active"),
    ]


@pytest.mark.acceptance("Z01")
def test_each_row_says_who_when_and_why(isp: Isp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "olena")
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp.at = MARCH_10
    isp("hold", str(subscription), "--owner", "abuse", "--note", "spam from this line")
    newest = isp("audit", "--account", "42", "--limit", "2").rows
    assert [row["field"] for row in newest] == ["wanted_state", "hold_abuse"]
    for row in newest:
        assert (row["at"], row["actor"], row["source"]) == ("2026-03-10T12:00:00+00:00", "olena", "admin")
        assert row["why"] == "spam from this line"


@pytest.mark.acceptance("Z01")
def test_every_way_to_change_something_leaves_a_row(isp: Isp) -> None:
    isp.gets_plugin("strict", REFUSES)
    isp.sells("av", "10", terms="1,3")
    isp.sells("strict-1", "10", vendor="strict")
    isp("products", "include", "av", "Home+")
    isp.opens("42", "1000")
    (recurring, once, refused) = (isp.orders("42", "av"), isp.orders("42", "av", "one_off"), isp.orders("42", "strict-1"))
    isp("converge")
    isp("renew", str(once), "--term", "3")
    isp("cancel", str(recurring))
    isp("cancel", str(recurring), "--undo")
    isp("cancel", str(recurring), "--now")
    isp("hold", str(once), "--note", "holiday", "--owner", "user", "--until", MARCH_10)
    isp("hook", "tariff_changed", "--account", "42", "--tariff", "Home+")
    isp("hook", "tariff_changed", "--account", "42", "--tariff", "Home")
    isp("vendors", "pause", "avdesk", "--note", "maintenance")
    isp("vendors", "resume", "avdesk")
    isp("products", "on-sale", "av", "--no")
    isp.at = MARCH_31
    isp("worker", "--once")
    isp("reminders")
    isp.at = APRIL
    isp("worker", "--once")

    rows = isp("audit", "--limit", "1000").rows
    changed = {(row["subject"].split()[0], row["field"]) for row in rows}
    assert {
        ("product", "added"),
        ("product", "included_in"),
        ("product", "on_sale"),
        ("account", "opened"),
        ("account", "tariff"),
        ("subscription", "status"),
        ("subscription", "plan"),
        ("subscription", "paid_until"),
        ("subscription", "hold_user"),
        ("licence", "wanted_state"),
        ("licence", "wanted_end"),
        ("licence", "seen_state"),
        ("licence", "given_up"),
        ("vendor", "paused"),
    } <= changed
    statuses: dict[int, list[str]] = {each: [] for each in (recurring, once, refused)}
    for row in reversed(rows):
        if row["field"] == "status":
            statuses[int(row["subject"].split()[1])].append(row["after"].split()[0])
    assert statuses == {
        recurring: ["running", "ending", "running", "ended"],
        once: ["running", "ending", "ended"],
        refused: ["running", "refused"],
    }
