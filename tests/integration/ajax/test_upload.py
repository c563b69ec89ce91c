"""The program that uploads the billing file: a real process, of which only success counts."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from isp_addons.vendor_api import OutcomeUnknown, ReplayClock, Unavailable, VendorContext
from isp_addons_ajax import Ajax, AjaxOptions

MakePlugin = Callable[..., Ajax]


@pytest.fixture
def make(tmp_path: Path) -> MakePlugin:
    """A company whose file is uploaded by a shell script of these lines."""

    def made(lines: str, *, seconds: str = "10", mode: int = 0o755) -> Ajax:
        program = tmp_path / "up load"
        program.write_text(f"#!/bin/sh\n{lines}\n")
        program.chmod(mode)
        given = {"company": "Example Telecom", "upload_command": f"'{program}' --to ajax", "upload_seconds": seconds}
        return Ajax(VendorContext("ajax", AjaxOptions.model_validate(given), ReplayClock(datetime(2026, 3, 1, tzinfo=UTC))))

    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "2026-03-10-12-00-00.json"
    path.write_text("[]")
    return path


def test_the_program_gets_its_own_arguments_and_then_the_files_path(make: MakePlugin, file: Path) -> None:
    assert make('printf "%s|" "$@" > "$0.told"').upload(file) is True
    assert file.with_name("up load.told").read_text() == f"--to|ajax|{file}|"


def test_an_exit_code_other_than_nought_is_no_upload(make: MakePlugin, file: Path) -> None:
    with pytest.raises(OutcomeUnknown, match=r"up load ended with exit code 9\. It said: wrong password"):
        make("echo wrong password >&2; exit 9").upload(file)


def test_a_program_that_does_not_end_is_stopped(make: MakePlugin, file: Path) -> None:
    with pytest.raises(OutcomeUnknown, match=r"did not end within 0\.3 s"):
        make("exec sleep 60", seconds="0.3").upload(file)


def test_a_program_that_cannot_be_started_has_done_nothing(make: MakePlugin, file: Path) -> None:
    with pytest.raises(Unavailable, match="may not be executed"):
        make("exit 0", mode=0o644).upload(file)
