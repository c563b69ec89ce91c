"""A program is given little, may take little, and leaves nothing behind."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from isp_addons.vendor_api.process import MOST_OUTPUT, Ended, Ending, NotStarted, run


def ran(path: Path, *arguments: str, given: bytes = b"", time_limit: float = 10.0) -> Ended:
    return run((str(path), *arguments), given=given, environment={"PATH": "/usr/bin:/bin"}, time_limit=time_limit)


def gone(pid: int) -> bool:
    """Whether a process is no more; one that only waits to be reaped by init counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(pid: int) -> None:
    limit = time.monotonic() + 10
    while not gone(pid):
        assert time.monotonic() < limit, f"process {pid} is still there"
        time.sleep(0.01)


def test_a_program_reads_what_it_is_given_and_its_answer_is_read(script: Any) -> None:
    ended = ran(script('cat; echo "and $1" >&2; exit 3'), "a b $HOME", given=b"hello")
    assert ended == Ended(Ending.EXITED, 3, b"hello", b"and a b $HOME\n", errors_cut=False)


def test_a_program_that_does_not_read_is_no_problem(script: Any) -> None:
    assert ran(script("exec <&-; echo done"), given=b"x" * 500_000).output == b"done\n"


def test_a_program_gets_no_variable_but_those_named(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "s3cret")
    names = {line.partition("=")[0] for line in ran(script("env")).output.decode().splitlines()}
    assert names <= {"PATH", "PWD", "_", "OLDPWD", "SHLVL"}, "a shell adds some of its own"


def test_a_program_runs_in_its_own_folder_and_session(script: Any) -> None:
    path = script('pwd; set -- $(cat /proc/$$/stat); echo "$6 $1"')
    folder, session, own = ran(path).output.decode().split()
    assert (folder, session) == (str(path.parent), own)


def test_a_program_that_hangs_is_stopped_with_all_that_it_started(script: Any) -> None:
    path = script("sleep 600 & echo $! $$; wait")
    begun = time.monotonic()
    ended = ran(path, time_limit=0.3)
    assert ended.ending is Ending.TIMED_OUT
    assert time.monotonic() - begun < 5
    child, own = map(int, ended.output.split())
    wait_until_gone(child)
    assert gone(own)


def test_a_program_is_asked_to_stop_before_it_is_killed(script: Any) -> None:
    ended = ran(script("trap 'echo tidied up; exit 0' TERM; while :; do sleep 0.05; done"), time_limit=0.3)
    assert (ended.ending, ended.code) == (Ending.TIMED_OUT, 0)
    ended = ran(script("trap '' TERM; while :; do sleep 0.05; done"), time_limit=0.3)
    assert (ended.ending, ended.code) == (Ending.TIMED_OUT, -signal.SIGKILL)


def test_a_program_that_closes_its_outputs_and_stays_is_stopped_too(script: Any) -> None:
    assert ran(script("exec >&- 2>&-; sleep 600"), time_limit=0.3).ending is Ending.TIMED_OUT


def test_what_is_left_in_the_background_does_not_hold_us_up(script: Any) -> None:
    begun = time.monotonic()
    ended = ran(script("sleep 600 & echo $!"), time_limit=60)
    assert (ended.ending, ended.code) == (Ending.EXITED, 0)
    assert time.monotonic() - begun < 10
    wait_until_gone(int(ended.output))


def test_a_program_that_says_too_much_is_stopped(script: Any) -> None:
    ended = ran(script("yes"), time_limit=60)
    assert ended.ending is Ending.TOO_MUCH
    assert len(ended.output) < MOST_OUTPUT + 100_000


def test_as_much_as_is_allowed_is_read(script: Any) -> None:
    ended = ran(script(f"head -c {MOST_OUTPUT} /dev/zero"))
    assert (ended.ending, len(ended.output)) == (Ending.EXITED, MOST_OUTPUT)


def test_errors_without_end_are_cut_and_do_not_block_the_program(script: Any) -> None:
    ended = ran(script("head -c 300000 /dev/zero >&2; echo done"))
    assert (ended.output, ended.errors_cut, len(ended.errors)) == (b"done\n", True, 65_536)


def test_a_program_that_is_killed_tells_by_what(script: Any) -> None:
    assert ran(script("kill -SEGV $$")).code == -signal.SIGSEGV


def test_no_file_of_ours_is_open_in_a_program(script: Any, tmp_path: Path) -> None:
    with (tmp_path / "ours").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        assert "ours" not in ran(script("ls -l /proc/self/fd")).output.decode()


@pytest.mark.parametrize(
    ("first", "mode", "says"),
    [
        ("#!/bin/sh", 0o644, r"vendor may not be executed by us \(run: chmod \+x /[^ ]*\)\.$"),
        ("#!/no/such/interpreter", 0o755, "names an interpreter in its first line that does not exist"),
        ("no first line", 0o755, r"cannot be started: Exec format error \(a script needs a first line such as #!/bin/sh\)\."),
    ],
)
def test_a_program_that_cannot_be_started_says_why(script: Any, first: str, mode: int, says: str) -> None:
    with pytest.raises(NotStarted, match=says):
        ran(script("echo hello", first=first, mode=mode))


def test_a_program_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match=r"There is no executable .*/missing/vendor\."):
        ran(tmp_path / "missing" / "vendor")
    with pytest.raises(NotStarted, match="is no file"):
        ran(tmp_path)


def test_no_process_and_no_open_file_is_left(script: Any) -> None:
    path = script("echo hello")
    ran(path)
    before = _open_files(), _children()
    for _ in range(5):
        ran(path)
    assert (_open_files(), _children()) == before


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _children() -> set[str]:
    """The processes that any thread of ours has started and not yet waited for: other tests may have some."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}
