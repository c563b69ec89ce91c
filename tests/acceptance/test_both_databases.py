"""SQLite and PostgreSQL give the same answers: one random story, told to an ISP on each, ends in the same state."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from acceptance.kit import Isp
from isp_addons_avdesk.sandbox import AvDeskSandbox

ACCOUNTS = ("1", "2", "3", "4")
WORDS = ("on_block", "on_unblock", "changed", "on_charge", "before_period_end")


@pytest.fixture
def two_isps(make_database: Callable[[str], str], tmp_path: Path) -> Iterator[list[Isp]]:
    """The same ISP twice: on SQLite and on PostgreSQL, each with a vendor of its own."""
    with AvDeskSandbox(login="isp", password="sandbox") as one, AvDeskSandbox(login="isp", password="sandbox") as other:
        made = []
        for kind, server in (("sqlite", one), ("postgresql", other)):
            (tmp_path / kind).mkdir()
            made.append(Isp(tmp_path / kind, make_database(kind), server))
        yield made


def story(seed: int, length: int) -> Iterator[tuple[datetime, list[str]]]:
    """Commands and when they are given; some make no sense, and must be refused alike."""
    dice = random.Random(seed)  # noqa: S311 - the same story each time
    now = datetime(2026, 1, 28, tzinfo=UTC)
    for account in ACCOUNTS:
        zone = dice.choice(["UTC", "Europe/Kyiv", "America/New_York"])
        money = ["--balance", f"{dice.randrange(20000, 60000) / 100:.2f}", "--base-price", str(dice.choice([0, 30, 300]))]
        yield now, ["accounts", "add", account, "--zone", zone, *money, "--credit", str(dice.choice([0, 0, 50]))]
        yield now, ["order", account, dice.choice(["av", "cloud"]), "--key", f"first-{account}"]
    for number in range(length):
        now += timedelta(hours=dice.choice([0, 0, 1, 30, 200]))
        account, subscription = dice.choice(ACCOUNTS), f"#{dice.randrange(12)}"
        yield (
            now,
            dice.choice(
                [
                    [
                        "order",
                        account,
                        dice.choice(["av", "cloud", "home"]),
                        "--key",
                        f"k{number}",
                        "--quantity",
                        str(dice.randrange(1, 3)),
                    ],
                    ["order", account, dice.choice(["av", "cloud"]), "--plan", "one_off", "--key", f"k{number}"],
                    ["accounts", "pay", account, f"{dice.randrange(1, 30000) / 100:.2f}", "--key", f"p{number}"],
                    ["hook", dice.choice(WORDS), "--account", account, "--key", f"e{dice.randrange(length)}"],
                    [
                        "hook",
                        "tariff_changed",
                        "--account",
                        account,
                        "--tariff",
                        dice.choice(["Home", "Home+"]),
                        "--key",
                        f"t{number}",
                    ],
                    ["before-period-end", "--apply", "--force"],
                    ["hold", subscription, "--owner", dice.choice(["admin", "user"]), "--note", "by hand"],
                    ["release", subscription, "--owner", dice.choice(["admin", "user"])],
                    ["renew", subscription],
                    ["cancel", subscription, *dice.choice([[], ["--undo"], ["--now"]])],
                    ["worker", "--once"],
                    ["worker", "--once"],
                ]
            ),
        )


def told(isp: Isp, words: list[str]) -> tuple[int, str]:
    """Give one command; ``#3`` is the fourth subscription, for the numbers of rows differ. Exit code and kind of answer."""
    known = [str(row[0]) for row in isp.dump("subscription")["subscription"]]
    meant = [(known + ["999"] * 12)[int(word[1:])] if word.startswith("#") else word for word in words]
    result = isp.anyhow(*meant)
    assert result.code in (0, 1, 2, 75), result.err
    return result.code, result.rows[0].get("error", "") if result.rows else ""


STATE = {
    "accounts": """SELECT a.ref, a.time_zone, l.balance, l.credit, l.blocked, l.tariff, l.period_start, l.period_end
        FROM account a JOIN ledger_account l ON l.account_id = a.id""",
    "entries": """SELECT a.ref, e.amount, e.kind, e.note, e.at FROM ledger_entry e JOIN account a ON a.id = e.account_id""",
    "charges": """SELECT s.key, c.period_start, c.period_end, c.amount, c.at, c.reversed_at
        FROM charge c JOIN subscription s ON s.id = c.subscription_id""",
    "subscriptions": """SELECT a.ref, s.plan, s.status, s.quantity, s.price, s.ordered_at, s.paid_until, s.ended_at
        FROM subscription s JOIN account a ON a.id = s.account_id""",
    "holds": """SELECT a.ref, s.plan, s.ordered_at, h.owner, h.since, h.until, h.lifted_at FROM hold h
        JOIN subscription s ON s.id = h.subscription_id JOIN account a ON a.id = s.account_id""",
    "licences": """SELECT a.ref, s.ordered_at, l.seat, l.wanted_state, l.wanted_end, l.suspend_from, l.seen_state, l.seen_end
        FROM licence l JOIN subscription s ON s.id = l.subscription_id JOIN account a ON a.id = s.account_id""",
    "events": "SELECT key, word, account_ref, handled_at, outcome FROM event",
    "audit": 'SELECT at, actor, source, subject, field, "before", "after", why FROM audit',
}


def state(isp: Isp) -> dict[str, Counter[tuple[Any, ...]]]:
    """Everything that matters, without the databases' own numbers for rows."""
    engine = create_engine(isp.database_url)
    try:
        with engine.connect() as connection:
            found = {name: Counter(_plain(row) for row in connection.execute(text(query))) for name, query in STATE.items()}
    finally:
        engine.dispose()
    columns = ("user_id", "name", "state", "deleted", "expires", "block_begin", "block_end", "created", "modified")
    found["stations"] = Counter(tuple(station[name] for name in columns) for station in isp.vendor.stations())
    return found


def _plain(row: Any) -> tuple[Any, ...]:
    """Times and truths as one database and the other give them, in one spelling."""
    return tuple(
        value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value for value in row
    )


@pytest.mark.acceptance("Z10")
@pytest.mark.parametrize("seed", [2, 3])
def test_one_story_on_both_databases_ends_in_the_same_state(two_isps: list[Isp], seed: int) -> None:
    for isp in two_isps:
        isp.sells("av", "150", priority=1)
        isp.sells("cloud", "99.90", priority=2)
        isp.sells("home", "20", priority=1, vendor=None)
        isp("products", "include", "av", "Home+")
    for now, words in story(seed, 30):
        for isp in two_isps:
            isp.at = now.isoformat()
        on_sqlite, on_postgresql = (told(isp, words) for isp in two_isps)
        assert on_sqlite == on_postgresql, words
    one, other = (state(isp) for isp in two_isps)
    for name, rows in one.items():
        assert rows == other[name], name
    assert len(one["holds"]) > 3, "the story is worth telling"
    assert len(one["entries"]) > 15
