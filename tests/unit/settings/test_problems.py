"""A wrong configuration: every problem at once, each with its file, line, section and option."""

import os
from pathlib import Path

import pytest

from isp_addons.domain.problem import ConfigProblem
from isp_addons.settings import load

MINIMAL = "[database]\n[billing]\nadapter = ledger\n"


def test_all_problems_are_told_at_once_in_the_order_of_their_lines(problems):
    text = """\
currency = EUR
time_zone = UTC
[databas]
url = sqlite:///x.db
[isp-addons]
currency = EURO
time_zone = Moon
log_level = loud
[billing]
adaptor = ledger
[forecast]
policy = by_prority
[vendor:a]
enabled = maybe
concurrency = 0
"""
    assert problems(text) == [
        "isp-addons.ini:1: currency: stands before any section; write a header such as [database] above it.",
        "isp-addons.ini:3: [databas]: is not a section; did you mean [database]?",
        "isp-addons.ini:6: [isp-addons] currency: should be a currency's code of ISO 4217, such as EUR or UAH (found 'EURO')",
        "isp-addons.ini:7: [isp-addons] time_zone: should be a time zone's IANA name such as Europe/Kyiv (found 'Moon')",
        "isp-addons.ini:8: [isp-addons] log_level: should be 'debug', 'info', 'warning' or 'error' (found 'loud')",
        "isp-addons.ini:9: [billing] adapter: is required. "
        "ledger: isp-addons keeps the balances itself. utm5: NetUP UTM5 does.",
        "isp-addons.ini:10: [billing] adaptor: is not an option here; did you mean adapter?",
        "isp-addons.ini:12: [forecast] policy: should be 'by_priority' or 'all_or_none' (found 'by_prority')",
        "isp-addons.ini:13: [vendor:a] plugin: is required. The installed plugin that speaks to this vendor.",
        "isp-addons.ini:14: [vendor:a] enabled: should be yes or no (found 'maybe')",
        "isp-addons.ini:15: [vendor:a] concurrency: should be a whole number from 1 to 64 (found '0')",
        "isp-addons.ini: [database]: the section is missing; add for example the two lines [database] and url = sqlite:///isp-addons.db",
    ]


def test_an_empty_file_lacks_both_required_sections(problems):
    missing = "the section is missing; add for example the two lines"
    assert problems("# nothing yet\n") == [
        f"isp-addons.ini: [database]: {missing} [database] and url = sqlite:///isp-addons.db",
        f"isp-addons.ini: [billing]: {missing} [billing] and adapter = ledger",
    ]


def test_doubled_sections_and_options_name_the_line_that_they_repeat(problems):
    assert problems(MINIMAL + "[forecast]\nlead_hours = 1\nlead_hours = 2\n[forecast]\nLead_Hours = 3\n") == [
        "isp-addons.ini:6: [forecast] lead_hours: stands already at line 5; keep one of them.",
        "isp-addons.ini:7: [forecast]: stands already at line 4; move its options there.",
        "isp-addons.ini:8: [forecast] lead_hours: stands already at line 5; keep one of them.",
    ]


def test_lines_that_are_neither_a_header_nor_an_option_are_told(problems):
    assert problems(MINIMAL + "batch: 5\n= 5\n[worker\nbatch = 5\n[]\n[worker] batch = 5\n") == [
        "isp-addons.ini:4: [billing]: the line should be: option = value.",
        "isp-addons.ini:5: [billing]: the line should be: option = value.",
        "isp-addons.ini:6: the line should be a section's header, alone, such as [database].",
        "isp-addons.ini:8: the line should be a section's header, alone, such as [database].",
        "isp-addons.ini:9: the line should be a section's header, alone, such as [database].",
    ]


def test_an_option_without_a_value_and_one_that_swallows_the_next_line_are_told(problems):
    text = "[forecast]\nlead_hours =\nreminder_days = 60\n  lead_hours = 5\n[vendor:a]\nplugin = acme\nurl =\n"
    assert problems(MINIMAL + text) == [
        "isp-addons.ini:5: [forecast] lead_hours: has no value; write one, or remove the line.",
        "isp-addons.ini:6: [forecast] reminder_days: goes on in the lines below, which are indented deeper; "
        "write them at the same indentation.",
        "isp-addons.ini:10: [vendor:a] url: has no value; write one, or remove the line.",
    ]


@pytest.mark.parametrize(
    "header", ["vendor", "vendors:a", "vendor a", "vendor:", "vendor: a", "Vendor:a", "vendor:" + "a" * 41]
)
def test_a_misspelt_vendor_section_is_told(problems, header):
    assert problems(MINIMAL + f"[{header}]\nplugin = acme\n") == [
        f"isp-addons.ini:4: [{header}]: a vendor's section should be [vendor:NAME]; "
        "NAME is letters, digits, _ and -, at most 40."
    ]


def test_a_name_that_is_near_to_nothing_is_answered_with_all_that_are_known(problems):
    assert problems(MINIMAL + "[forecast]\nxyzzy = 1\n[quux]\n") == [
        "isp-addons.ini:5: [forecast] xyzzy: is not an option here; known are policy, brake_share, brake_minimum, "
        "lead_hours, reminder_days",
        "isp-addons.ini:6: [quux]: is not a section; known are [isp-addons], [database], [billing], [forecast], "
        "[operator_tasks], [resellers], [payments], [mail], [customers], [vat], "
        "[vendor:NAME]",
    ]


def test_utm5_needs_its_database_and_the_ledger_takes_none(problems):
    assert problems("[database]\n[billing]\nadapter = utm5\n") == [
        "isp-addons.ini:2: [billing] url: is required with adapter = utm5: the URL of its database"
    ]
    (problem,) = problems("[database]\n[billing]\nadapter = ledger\nurl = mysql://u@h/UTM5\n")
    assert problem.startswith("isp-addons.ini:4: [billing] url: is for adapter = utm5 only; remove it")


@pytest.mark.parametrize("url", ["oracle://u:hidden@h/d", "mysql://u:hidden@h/d", "hidden", "postgresql:/u:hidden@h/d"])
def test_a_database_of_another_kind_is_refused_and_its_password_not_repeated(problems, url):
    (problem,) = problems(f"[database]\nurl = {url}\n[billing]\nadapter = ledger\n")
    assert problem == "isp-addons.ini:2: [database] url: should be a database's URL that begins with sqlite:// or postgresql://"


def test_a_url_without_a_database_is_refused(problems):
    (problem,) = problems("[database]\nurl = postgresql://u:hidden@h\n[billing]\nadapter = ledger\n")
    assert problem.endswith("url: should end with the database's name: postgresql://USER:PASSWORD@HOST/NAME")


def test_a_missing_file_is_named_with_the_command_that_makes_one(tmp_path):
    path = tmp_path / "none.ini"
    with pytest.raises(ConfigProblem) as caught:
        load(path)
    assert caught.value.message == f"There is no configuration file {path}; make one with: isp-addons config sample > {path}"
    assert (caught.value.exit_code, caught.value.code) == (78, "no_configuration")


def test_a_folder_is_not_a_configuration(tmp_path):
    with pytest.raises(ConfigProblem, match=f"The configuration file {tmp_path} cannot be read: Is a directory;"):
        load(tmp_path)


def test_a_file_that_this_user_may_not_read_is_named(write):
    path = write(MINIMAL)
    path.chmod(0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)  # nobody: root may read everything
    try:
        with pytest.raises(ConfigProblem, match=f"The configuration file {path} cannot be read: Permission denied; run as"):
            load(path)
    finally:
        os.seteuid(was)


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path):
    path = tmp_path / "isp-addons.ini"
    path.write_bytes("[database]\n[billing]\nadapter = ledger\n# Київ\n".encode("cp1251"))
    with pytest.raises(ConfigProblem) as caught:
        load(path)
    assert caught.value.message == f"{path}:4: the file is not UTF-8; save it in that encoding."


def test_problems_are_named_by_the_path_as_it_was_given(write, monkeypatch):
    monkeypatch.chdir(write("[billing]\nadapter = ledger\n").parent)
    with pytest.raises(ConfigProblem, match=r"^isp-addons\.ini: \[database\]: the section is missing"):
        load(Path("isp-addons.ini"))
