"""One option is changed in the configuration file, and nothing else."""

import os
import stat
from pathlib import Path

import pytest

from isp_addons.domain.problem import ConfigProblem, Refused
from isp_addons.settings import edit
from isp_addons.settings.edit import set_option

TEXT = """\
# the head
[database]
url = sqlite:///a.db
[vendor:west]
   ; how it began
   Plugin=avdesk
   # between
     url = https://west
enabled : maybe = so

[vendor:east]
plugin = avdesk
Enabled   =   yes
url = https://east?a=b
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "isp-addons.ini"
    made.write_bytes(TEXT.encode())
    return made


def _set(file: Path, vendor: str, value: str) -> str | None:
    return set_option(file, section=f"vendor:{vendor}", option="enabled", value=value, after="plugin")


def test_a_standing_option_gets_the_new_value_in_its_own_line(file: Path) -> None:
    assert _set(file, "east", "no") == "yes"
    assert file.read_text("utf-8") == TEXT.replace("Enabled   =   yes", "Enabled   =   no")


def test_a_new_option_stands_below_the_plugin_indented_alike(file: Path) -> None:
    assert _set(file, "west", "no") is None
    assert file.read_text("utf-8") == TEXT.replace("   Plugin=avdesk\n", "   Plugin=avdesk\n   enabled = no\n")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_and_a_byte_order_mark_are_kept(file: Path, end: str) -> None:
    text = "\ufeff" + TEXT.replace("\n", end)
    file.write_bytes(text.encode())
    _set(file, "west", "no")
    _set(file, "east", "no")
    wanted = text.replace(f"avdesk{end}   # between", f"avdesk{end}   enabled = no{end}   # between")
    assert file.read_bytes().decode() == wanted.replace("=   yes", "=   no")


def test_a_last_line_without_an_end_gets_one(file: Path) -> None:
    file.write_text("[vendor:east]\nplugin = avdesk", "utf-8")
    _set(file, "east", "no")
    assert file.read_text("utf-8") == "[vendor:east]\nplugin = avdesk\nenabled = no"


def test_what_stands_there_already_is_not_written_again(file: Path) -> None:
    before = file.stat()
    assert _set(file, "east", "yes") == "yes"
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_mode_and_owner_are_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    before = file.stat()
    _set(file, "east", "no")
    after = file.stat()
    assert stat.S_IMODE(after.st_mode) == mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_of_somebody_elses_file_is_kept(file: Path) -> None:
    os.chown(file, 65534, 65534)
    _set(file, "east", "no")
    assert (file.stat().st_uid, file.stat().st_gid) == (65534, 65534)


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    link = tmp_path / "etc" / "isp-addons.ini"
    link.symlink_to("../isp-addons.ini")
    _set(link, "east", "no")
    assert link.is_symlink()
    assert file.read_text("utf-8") == TEXT.replace("=   yes", "=   no")


def test_a_file_with_problems_is_left_alone(file: Path) -> None:
    file.write_text(TEXT + "url = twice\n", "utf-8")
    with pytest.raises(ConfigProblem, match="stands already"):
        _set(file, "east", "no")
    assert file.read_text("utf-8") == TEXT + "url = twice\n"


def test_a_change_by_somebody_else_at_the_same_moment_is_not_overwritten(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prove = edit._prove_same

    def somebody_writes(*args: object, **named: object) -> None:
        file.write_text(TEXT + "tariff = X\n", "utf-8")
        prove(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(edit, "_prove_same", somebody_writes)
    with pytest.raises(Refused, match="changed by somebody else at this moment"):
        _set(file, "east", "no")
    assert file.read_text("utf-8") == TEXT + "tariff = X\n"
    assert [path.name for path in file.parent.iterdir()] == ["isp-addons.ini"]


def test_a_value_that_would_mean_something_else_in_the_file_is_not_written(file: Path) -> None:
    with pytest.raises(Exception, match="could not be changed safely"):
        _set(file, "east", "no\n  more")
    assert file.read_text("utf-8") == TEXT
    assert [path.name for path in file.parent.iterdir()] == ["isp-addons.ini"]
