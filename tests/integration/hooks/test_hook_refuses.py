"""What a hook script refuses (2) and what it asks the billing to repeat (75): a sentence each, and nothing is left behind."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isp_addons.domain.event import parse_account
from isp_addons.domain.problem import BadInput


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "No event. Usage: isp-addons-event WORD account=ACCOUNT [key=UNIQUE] [name=value...]"),
        (["account=7"], "'account=7' is not an event; known are changed "),
        (["", "account=7"], "'' is not an event; known are changed "),
        (["paid changed", "account=7"], "'paid changed' is not an event; known are changed "),
        (["paid"], "The account is missing or empty: give account=ACCOUNT."),
        (["paid", "account="], "The account is missing or empty: give account=ACCOUNT."),
        (["paid", "account=a/b"], "'a/b' is not an account: the characters 0-9A-Za-z._@- only."),
        (["paid", "account=-7"], "'-7' is not an account: the characters 0-9A-Za-z._@- only."),
        (["paid", "account=" + 65 * "7"], "The account is too long: at most 64 characters."),
        (["paid", "account=7", "account=8"], "'account' is given twice."),
        (["paid", "account=7", "key=1", "key=2"], "'key' is given twice."),
        (["paid", "account=7", "word=blocked"], "'word' is given twice."),
        (["paid", "account=7", "60.00"], "'60.00' is not understood: after the event, every argument is name=value."),
        (["paid", "account=7", "=60.00"], "'' is not a name: letters, digits and _ . - only."),
        (["paid", "account=7", "a b=1"], "'a b' is not a name: letters, digits and _ . - only."),
        (["paid", "account=7", "key="], "The key is empty: leave it out or make it unique."),
        (["paid", "account=7", "key=ключ"], "The key holds characters beyond ASCII."),
        (["paid", "account=7", "key=" + 129 * "k"], "The key is too long: at most 128 characters."),
        (["paid", "account=7", "note=a\nend"], "An argument holds a line break or another control character."),
        (["paid", "account=7", "note=\x1b[2J"], "An argument holds a line break or another control character."),
        (["paid", "account=7", "note=\x7f"], "An argument holds a line break or another control character."),
        (["paid\n", "account=7"], "An argument holds a line break or another control character."),
        (["paid", "account=7", "note=" + 4000 * "x"], "The arguments have 4021 bytes; an event has at most 4000."),
        (["paid", "account=7", "note=" + 2000 * "я"], "The arguments have 4021 bytes; an event has at most 4000."),
    ],
)
def test_bad_arguments_are_refused_with_a_sentence(arguments, sentence, generic, run, stored):
    answer = run(generic, *arguments)
    assert (answer.returncode, answer.stdout, stored()) == (2, "", [])
    assert answer.stderr.startswith(f"isp-addons-event: {sentence}")
    assert answer.stderr.count("\n") == 1


PLACEHOLDERS = ["ACCOUNT_ID", "UID", "UIP", "EMAIL", "%ACCOUNT%", "%UID", "{ACCOUNT}", "$ACCOUNT", "${ACCOUNT}", "&ID", "#UID#"]


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_a_placeholder_that_was_not_replaced_is_refused_and_logged(placeholder, generic, utm5, run, spool, stored):
    for number, script in enumerate([utm5, generic], start=1):
        answer = run(script, "changed", f"account={placeholder}")
        sentence = (
            f"{script.name}: The account is literally '{placeholder}': the billing did not replace its placeholder; "
            "check the spelling in its rule.\n"
        )
        assert (answer.returncode, answer.stderr, stored()) == (2, sentence, [])
        log = (spool / "refused.log").read_text().splitlines(keepends=True)
        assert len(log) == number
        assert log[-1].partition("Z ")[2] == sentence


@pytest.mark.parametrize("account", ["ivanov", "7a", "7.0", "0x7", "+7", "٧"])
def test_a_utm5_account_is_digits(account, utm5, run, stored):
    answer = run(utm5, "payment", f"account={account}")
    assert (answer.returncode, stored()) == (2, [])
    assert answer.stderr == f"isp-addons-utm5: '{account}' is not an account: the characters 0-9 only.\n"


@given(account=st.text(alphabet="AUIDP_%{}$&#()09az.-@ é;", max_size=12) | st.sampled_from(PLACEHOLDERS))
@settings(max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_script_and_the_product_agree_on_what_an_account_is(account, generic, run):
    try:
        parse_account(account)
        code = 0
    except BadInput:
        code = 2
    assert run(generic, "changed", f"account={account}").returncode == code


def test_a_refusal_stays_a_refusal_when_it_cannot_be_logged(utm5, run, spool):
    (spool / "refused.log").mkdir()
    answer = run(utm5, "changed", "account=ACCOUNT_ID")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1


def test_a_missing_folder_is_try_again(generic, run, tmp_path):
    answer = run(generic, "paid", "account=7", env={"ISP_ADDONS_SPOOL": str(tmp_path / "no")})
    assert answer.returncode == 75
    assert answer.stderr == (
        f"isp-addons-event: not stored, repeat it: the spool folder {tmp_path}/no does not exist; "
        "create it or set ISP_ADDONS_SPOOL.\n"
    )


def test_a_file_in_place_of_the_folder_is_try_again(generic, run, tmp_path):
    (tmp_path / "file").touch()
    answer = run(generic, "paid", "account=7", env={"ISP_ADDONS_SPOOL": str(tmp_path / "file")})
    assert answer.returncode == 75
    assert answer.stderr.count("\n") == 1


def test_a_folder_that_takes_no_files_is_try_again(generic, run):
    answer = run(generic, "paid", "account=7", env={"ISP_ADDONS_SPOOL": "/proc"})
    assert answer.returncode == 75
    assert answer.stderr == (
        "isp-addons-event: not stored, repeat it: cannot create a file in /proc; let this user write there.\n"
    )


def test_a_relative_folder_is_try_again_for_it_would_depend_on_where_the_billing_stands(generic, run):
    answer = run(generic, "paid", "account=7", env={"ISP_ADDONS_SPOOL": "spool"})
    assert answer.returncode == 75
    assert "must be an absolute path" in answer.stderr


@pytest.mark.parametrize("blocks", [0, 1])
def test_an_event_that_does_not_fit_is_try_again_and_leaves_nothing(blocks, generic, run, spool):
    answer = run(generic, "paid", "account=7", "note=" + 3000 * "x", before=f"ulimit -f {blocks}")
    assert (answer.returncode, list(spool.iterdir())) == (75, [])
    assert answer.stderr == f"isp-addons-event: not stored, repeat it: {spool} cannot take the event; is the disk full?\n"


@pytest.mark.parametrize("code", [1, 127], ids=["sync fails", "as if sync were missing"])
def test_an_event_that_cannot_be_brought_to_disk_is_try_again_and_leaves_nothing(code, generic, run, spool, other_sync):
    answer = run(generic, "paid", "account=7", env=other_sync(f"#!/bin/sh\nexit {code}\n"))
    assert (answer.returncode, list(spool.iterdir())) == (75, [])
    assert "not stored, repeat it: sync could not bring" in answer.stderr


def test_a_script_apart_from_its_library_is_try_again(generic, run, tmp_path):
    alone = tmp_path / "alone"
    shutil.copy(generic, alone)
    answer = run(alone, "paid", "account=7")
    assert answer.returncode == 75
    assert "spool.sh is missing" in answer.stderr


def test_nobody_reading_the_sentence_does_not_change_the_exit_code(generic, run):
    answer = run("/bin/sh", "-c", '{ "$0" paid account=ACCOUNT_ID 2>&1; echo $? >&3; } 3>code | :; cat code', str(generic))
    assert answer.stdout == "2\n"
