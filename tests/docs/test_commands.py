"""Every command that a page shows exists, with these options and arguments."""

import re
from pathlib import Path

import pytest

from docs import commands
from docs.pages import ROOT, all_pages, blocks, name_of


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_every_command_that_a_page_shows_can_be_typed_as_it_stands(page: Path) -> None:
    found = commands.in_blocks(page.read_text(encoding="utf-8"))

    wrong = [
        f"{name_of(page)}:{line}: isp-addons {' '.join(words)}: {problem}"
        for line, words in found
        if (problem := commands.problem_of(words))
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_every_command_that_a_page_mentions_exists(page: Path) -> None:
    found = commands.inline(page.read_text(encoding="utf-8"))

    wrong = [f"isp-addons {' '.join(words)}: {problem}" for words in found if (problem := commands.problem_of_mention(words))]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_every_target_of_make_that_a_page_shows_exists(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    shown = [line for block in blocks(text) if block.language == "console" for line in block.text.splitlines()]

    named = {found for line in [*shown, *re.findall(r"`(make [^`]+)`", text)] for found in re.findall(r"\bmake (\w+)", line)}

    assert named <= targets


def test_a_wrong_command_is_found() -> None:
    assert commands.problem_of(["vendors", "list"]) is None
    assert commands.problem_of(["--at", "2026-12-01T09:00Z", "order", "1001", "antivirus", "--plan", "one_off"]) is None

    assert commands.problem_of(["vendors", "lst"]) is not None
    assert commands.problem_of(["vendors", "list", "--all"]) is not None
    assert commands.problem_of(["order", "1001"]) is not None
    assert commands.problem_of(["order", "1001", "antivirus", "--plan", "weekly"]) is not None
    assert commands.problem_of([]) is not None
    assert commands.problem_of_mention(["hold", "ID", "--note", "WHY"]) is None
    assert commands.problem_of_mention(["hold", "ID", "--reason", "WHY"]) is not None
    assert commands.problem_of_mention(["holds", "ID"]) is not None


def test_a_command_is_found_behind_a_prompt_sudo_a_path_and_before_a_pipe() -> None:
    page = """
```console
$ isp-addons plan | head
# sudo -u isp-addons isp-addons init
# /opt/isp-addons/bin/isp-addons doctor
# ln -s /opt/isp-addons/bin/isp-addons /usr/local/bin/isp-addons
# systemctl enable --now isp-addons
isp-addons: a sentence of the program
```

```cron
* * * * * isp-addons flock -n lock /opt/isp-addons/bin/isp-addons --config a.ini worker --once
```

Not `isp-addons-event`, but `isp-addons failed list`.
"""
    assert [words for _, words in commands.in_blocks(page)] == [
        ["plan"],
        ["init"],
        ["doctor"],
        ["--config", "a.ini", "worker", "--once"],
    ]
    assert commands.inline(page) == [["failed", "list"]]
