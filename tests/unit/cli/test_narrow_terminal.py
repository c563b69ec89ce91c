"""Lists on a terminal: a table where its words fit, else a line for each field."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

LIST = """
from isp_addons.cli.output import show
show(
    [{"id": 1, "mail": "anna@bakery.example", "product": "axcrypt-business", "why": ""},
     {"id": 2, "mail": "bo@bakery.example", "product": "greenbone-scan", "why": "to be deleted"}],
    columns={"id": "Id", "mail": "E-mail", "product": "Product", "why": ""}, empty="Nobody.",
)
"""


def on_a_terminal(columns: int) -> list[str]:
    """What the list shows on a terminal of so many columns, line by line, as a person sees it."""
    master, slave = pty.openpty()
    surroundings = {**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "xterm"}
    with os.fdopen(master, "rb", buffering=0) as screen:
        subprocess.run([sys.executable, "-c", LIST], stdout=slave, env=surroundings, check=True, timeout=60, cwd=Path.cwd())
        os.close(slave)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", screen.read(65536).decode())
        return [line.rstrip() for line in shown.replace("\r\n", "\n").split("\n")]


def test_a_terminal_that_is_wide_enough_shows_a_table() -> None:
    shown = on_a_terminal(80)
    assert " Id   E-mail                Product" in shown
    assert " 2    bo@bakery.example     greenbone-scan     to be deleted" in shown


def test_a_narrow_terminal_shows_a_line_for_each_field_and_breaks_no_word() -> None:
    assert on_a_terminal(40) == [
        "Id       1",
        "E-mail   anna@bakery.example",
        "Product  axcrypt-business",
        "",
        "Id       2",
        "E-mail   bo@bakery.example",
        "Product  greenbone-scan",
        "Why      to be deleted",
        "",
    ]
