"""Every list as CSV: the rows and fields of --json, for a spreadsheet that runs nothing."""

import csv
import io
import json
from typing import Any

import click
import pytest

from acceptance.command import Result, run_here
from acceptance.kit import MARCH_10, Isp
from isp_addons.cli.main import cli

NAMES = ("=1+1", "+49 89 12", "-5 apples", "@SUM(A1)", "Süß & Söhne", "Їжак, «лапки»", 'a "quote"', "plain")


def printed(isp: Isp, *words: str) -> Result:
    """What a command prints as it stands."""
    return run_here("--config", str(isp.file), "--at", isp.at, *words)


def in_csv(isp: Isp, *words: str) -> list[dict[str, str]]:
    told = printed(isp, *words, "--csv")
    assert told.code == 0, told.err
    return list(csv.DictReader(io.StringIO(told.out, newline="")))


def as_cell(value: Any) -> str:
    """A value of --json as the cell that it becomes."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """One of everything that a list can show."""
    isp.sells("av", "150.00", terms="1,3")
    isp.subscriber("42", "av", left="100")
    isp.opens("43", "-5.00", credit="10.00")
    isp("devices", "add", "42", "hub-1", "--vendor", "avdesk")
    isp.at = MARCH_10
    return isp


LISTS = [
    ("accounts", "list"),
    ("accounts", "show", "42"),
    ("products", "list"),
    ("subscriptions", "list"),
    ("devices", "list"),
    ("codes", "list"),
    ("codes", "stock"),
    ("seats", "list", "1"),
    ("users", "list"),
    ("tasks", "list"),
    ("failed", "list"),
    ("audit",),
    ("plan",),
    ("before-period-end",),
    ("vendors", "list"),
    ("plugins", "list"),
    ("config", "show"),
    ("doctor",),
    ("reconcile",),
    ("keys", "list"),
    ("keys", "notices"),
    ("reminders",),
    ("customers", "list"),
    ("report",),
]


@pytest.mark.acceptance("G45")
@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_csv_has_exactly_the_rows_and_fields_of_json(shop: Isp, words: tuple[str, ...]) -> None:
    rows = [json.loads(line) for line in printed(shop, *words, "--json").out.splitlines()]
    table = in_csv(shop, *words)
    assert table == [{name: as_cell(value) for name, value in row.items()} for row in rows]
    if not rows:
        assert printed(shop, *words, "--csv").out == ""


def test_every_list_of_the_command_line_has_csv() -> None:
    """Whatever shows rows in one format for machines has the other."""
    missing = [name for name, command in _commands(cli) if name.endswith(" list") and "--csv" not in _options(command)]
    assert missing == []


def test_json_and_csv_together_are_refused(shop: Isp) -> None:
    told = printed(shop, "accounts", "list", "--csv", "--json")
    assert told.code == 2
    assert "Use --json or --csv, not both." in told.err
    told = printed(shop, "before-period-end", "--apply", "--csv")
    assert told.code == 2
    assert "--json" in told.err


@pytest.mark.acceptance("G45")
def test_no_cell_is_a_formula_and_names_stay_as_they_are(shop: Isp) -> None:
    for number, name in enumerate(NAMES):
        contact = ("--contact", "Anna", "--email", f"anna{number}@x.example", "--no-invitation")
        shop("customers", "add", *contact, "--", name)
    table = in_csv(shop, "customers", "list")
    shown = {row["company"] for row in table}
    assert shown == {f"'{name}" if name[0] in "=+-@" else name for name in NAMES}
    found = {row["account"]: row["balance"] for row in in_csv(shop, "accounts", "list")}
    assert found["43"] == "-5.00", "a number is no formula"


@pytest.mark.acceptance("G45")
def test_customers_are_exported_as_one_list_of_exactly_what_is_displayed(shop: Isp) -> None:
    assert printed(shop, "customers", "export").out == "[]\n"
    for number, name in enumerate(NAMES):
        contact = ("--contact", "Anna", "--email", f"anna{number}@x.example", "--no-invitation")
        shop("customers", "add", *contact, "--mode", "managed" if number % 2 else "self_service", "--", name)
    told = printed(shop, "customers", "export", "--mode", "managed")
    assert json.loads(told.out) == shop("customers", "list", "--mode", "managed").rows
    assert "Їжак, «лапки»" in told.out
    assert printed(shop, "customers", "export", "--state", "locked").out == "[]\n"
    refused = printed(shop, "customers", "export", "--state", "asleep")
    assert refused.code == 2
    assert "asleep" in refused.err


def _commands(group: click.Group, before: str = "") -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        path = f"{before} {name}".strip()
        found += _commands(command, path) if isinstance(command, click.Group) else [(path, command)]
    return found


def _options(command: click.Command) -> set[str]:
    return {name for each in command.params for name in each.opts}
