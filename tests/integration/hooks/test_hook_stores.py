"""An event that a hook script acknowledges is whole, exact and on disk."""

import os
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from isp_addons.domain.event import ALIASES, Word, parse_word
from isp_addons.workers.spool import Spool

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_the_stored_file_holds_exactly_the_event_in_the_order_given(generic, run, stored):
    answer = run(generic, "paid", "amount=60.00", "account=ivanov@isp", "key=pay-1", "note=first")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert stored() == [b"isp-addons-event 1\nword=paid\naccount=ivanov@isp\namount=60.00\nkey=pay-1\nnote=first\nend\n"]


def test_the_utm5_script_stores_what_the_rule_says(utm5, run, stored):
    assert run(utm5, "block_changed", "account=1042").returncode == 0
    assert stored() == [b"isp-addons-event 1\nword=block_changed\naccount=1042\nend\n"]


@pytest.mark.parametrize("word", sorted([*Word, *ALIASES]))
def test_every_event_of_the_product_is_stored_and_read_back(word, utm5, run, spool):
    assert run(utm5, word, "account=7").returncode == 0
    ((found,), bad) = Spool(spool).batch(10, now=NOW)
    assert (found.event.word, found.event.account, bad) == (parse_word(word), "7", [])


def test_the_events_a_refusal_names_are_the_events_of_the_product(generic, run):
    sentence = run(generic, "blokced", "account=7").stderr
    assert sorted(sentence.partition("known are ")[2].rstrip(".\n").split()) == sorted([*Word, *ALIASES])


@pytest.mark.parametrize(
    "value",
    [
        "$(touch x)",
        "; touch x; `touch x`",
        "a 'single' and \"double\" quote",
        "  blanks on both ends  ",
        "*",
        "~root/../..",
        "\\n is no line break, %s no format",
        "Абонент 5 — оплата",
        "a=b=c",
        "",
        "-n",
    ],
)
def test_a_value_is_stored_literally_and_never_executed(value, generic, run, stored, tmp_path):
    assert run(generic, "paid", "account=7", f"note={value}").returncode == 0
    assert stored() == [f"isp-addons-event 1\nword=paid\naccount=7\nnote={value}\nend\n".encode()]
    assert [path.name for path in tmp_path.iterdir()] == ["spool"]


def test_a_value_in_another_encoding_is_stored_byte_for_byte(generic, run, spool):
    assert run(generic, "paid", "account=7", "name=Иванов".encode("cp1251")).returncode == 0
    ((found,), _) = Spool(spool).batch(10, now=NOW)
    assert found.event.details == {"name": r"\xc8\xe2\xe0\xed\xee\xe2"}


def test_the_event_and_its_folder_are_synced_whole_before_success_is_reported(generic, run, spool, other_sync, tmp_path):
    record = tmp_path / "record"
    env = other_sync(f'#!/bin/sh\nprintf "%s\\n" "$@" >{record}\ncat "$1" >>{record}\nexec /bin/sync "$@"\n')
    assert run(generic, "paid", "account=7", env=env).returncode == 0
    (event,) = spool.glob("*.event")
    assert record.read_text() == f"{event}\n{spool}\nisp-addons-event 1\nword=paid\naccount=7\nend\n"


def test_a_script_killed_before_its_exit_never_reports_success(generic, run, other_sync):
    assert run(generic, "paid", "account=7", env=other_sync("#!/bin/sh\nkill -9 $PPID\n")).returncode == -9


def test_the_group_may_read_an_event_and_others_may_not(generic, run, spool):
    assert run(generic, "paid", "account=7", before="umask 000").returncode == 0
    (event,) = spool.glob("*.event")
    assert stat.S_IMODE(event.stat().st_mode) == 0o640


def test_a_name_that_is_taken_is_never_overwritten(generic, run, spool):
    # exec keeps the process id, so these are the names the script would choose
    answer = run(generic, "paid", "account=7", before=': >"$ISP_ADDONS_SPOOL/$$-0.event"; : >"$ISP_ADDONS_SPOOL/$$-1.event"')
    assert answer.returncode == 0
    assert {path.name.partition("-")[2]: path.stat().st_size > 0 for path in spool.glob("*.event")} == {
        "0.event": False,
        "1.event": False,
        "2.event": True,
    }


def test_four_billings_at_once_store_a_thousand_whole_events(generic, spool):
    loop = 'i=0; while [ $i -lt 250 ]; do "$0" paid account=7 key=$1-$i || exit 9; i=$((i+1)); done'
    env = {"ISP_ADDONS_SPOOL": os.fspath(spool)}
    drivers = [subprocess.Popen(["/bin/sh", "-c", loop, str(generic), str(number)], env=env) for number in range(4)]
    assert [driver.wait(timeout=60) for driver in drivers] == [0, 0, 0, 0]
    whole, bad = Spool(spool).batch(2000, now=NOW)
    assert {found.event.key for found in whole} == {f"key:{driver}-{i}" for driver in range(4) for i in range(250)}
    assert (len(whole), bad) == (1000, [])


def test_an_empty_environment_is_enough(utm5, spool, stored):
    command = ["env", "-i", f"ISP_ADDONS_SPOOL={spool}", str(utm5), "payment", "account=7", "amount=60.00"]
    assert subprocess.run(command, timeout=20, check=False).returncode == 0
    assert stored() == [b"isp-addons-event 1\nword=payment\naccount=7\namount=60.00\nend\n"]


@pytest.mark.parametrize("closed", ["exec <&-", "exec >&-", "exec 2>&-", "exec <&- >&- 2>&-"])
def test_a_daemon_without_open_streams_can_run_it(closed, generic, run, stored):
    assert run(generic, "paid", "account=7", before=closed).returncode == 0
    assert stored() == [b"isp-addons-event 1\nword=paid\naccount=7\nend\n"]


def test_it_works_through_a_link_from_another_folder(utm5, run, tmp_path, stored):
    link = tmp_path / "ipfw"
    link.symlink_to(utm5)
    assert run(link, "inet_off", "account=7").returncode == 0
    assert len(stored()) == 1


@pytest.mark.parametrize("command", [["sh", "isp-addons-utm5"], ["./isp-addons-utm5"]])
def test_it_works_from_inside_its_own_folder(command, utm5, spool, stored):
    answer = subprocess.run(
        [*command, "inet_on", "account=7"], cwd=utm5.parent, env={"ISP_ADDONS_SPOOL": str(spool)}, timeout=20, check=False
    )
    assert (answer.returncode, len(stored())) == (0, 1)


@pytest.mark.parametrize("shell", ["sh", "dash"])
def test_the_scripts_are_valid_in(shell, generic, utm5):
    program = shutil.which(shell)
    assert program, f"{shell} is not installed"
    for script in (generic, utm5, Path(generic).parents[1] / "spool.sh"):
        answer = subprocess.run([program, "-n", str(script)], capture_output=True, text=True, timeout=20, check=False)
        assert (answer.returncode, answer.stderr) == (0, "")
