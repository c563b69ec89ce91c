"""A new plugin is written, installed beside ours and proves itself, without a line being changed."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from isp_addons.domain.problem import BadInput, Refused
from isp_addons.services.new_plugin import write_plugin

ROOT = Path(__file__).resolve().parents[3]
LONGEST = "acme-cloud-storage-2-lon"
FILES = {
    "README.md",
    "pyproject.toml",
    "src/isp_addons_acme/__init__.py",
    "src/isp_addons_acme/client.py",
    "src/isp_addons_acme/options.py",
    "src/isp_addons_acme/py.typed",
    "src/isp_addons_acme/sandbox.py",
    "tests/test_conformance.py",
    "tests/test_vendor.py",
}


@pytest.mark.timeout(300)
def test_a_new_plugin_is_installed_listed_beside_ours_and_keeps_the_whole_contract(machine: Any) -> None:
    machine.isp_addons("plugins", "new", "acme")
    made = machine.folder / "isp-addons-acme"
    machine.run("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", str(made))

    listed = {row["plugin"]: row for row in machine.rows("plugins", "list")}
    assert {"avdesk", "gateway"} < listed.keys()
    assert (listed["acme"]["source"], listed["acme"]["version"], listed["acme"]["error"]) == ("isp-addons-acme", "0.1.0", "")
    assert listed["acme"]["capabilities"]["suspends"] == "state"
    assert {row["result"] for row in machine.rows("plugins", "check", "acme")} == {"works"}
    assert "There is a plugin acme already" in _refused(machine, "plugins", "new", "acme")

    printed = machine.run("-m", "pytest", "-q", "-p", "no:cacheprovider", within=made)
    assert int(re.findall(r"^(\d+) passed", printed, re.MULTILINE)[0]) > 100
    assert "failed" not in printed


def _refused(machine: Any, *words: str) -> str:
    return str(machine.isp_addons(*words, "--json", exits=2))


@pytest.mark.parametrize("name", ["ab", LONGEST])
def test_the_new_code_is_formatted_and_without_complaint_of_the_linter(tmp_path: Path, name: str) -> None:
    made = write_plugin(name, folder=tmp_path, taken=())
    for words in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "."], cwd=made, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_the_new_code_has_types_that_are_right(tmp_path: Path) -> None:
    made = write_plugin("acme", folder=tmp_path, taken=())
    checked = [sys.executable, "-m", "mypy", "--follow-imports", "silent", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        checked, cwd=made, env={"MYPYPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_is_written_and_nothing_of_the_template_is_left(tmp_path: Path) -> None:
    made = write_plugin("acme", folder=tmp_path / "deep" / "folder", taken=())
    assert made == tmp_path / "deep" / "folder" / "isp-addons-acme"
    written = {str(path.relative_to(made)): path.read_text("utf-8") for path in made.rglob("*") if path.is_file()}
    assert written.keys() == FILES
    assert 'acme = "isp_addons_acme:Acme"' in written["pyproject.toml"]
    assert [name for name, text in written.items() if "${" in text or "MODULE" in text or "$$" in text] == []


@pytest.mark.parametrize(
    "name",
    ["", "a", "Acme", "acme_cloud", "-acme", "acme-", "acme--cloud", "2acme", "ac me", "../acme", "счёт", "a" * 25, "a\n"],
)
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="is no name for a plugin") as refused:
        write_plugin(name, folder=tmp_path, taken=())
    assert refused.value.code == "bad_plugin"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["all", "none", "true", "import", "class", "http", "vendor", "secret", "exception", "any"])
def test_a_name_that_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=f"'{name}' means something else here"):
        write_plugin(name, folder=tmp_path, taken=())
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_an_installed_plugin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is a plugin avdesk already"):
        write_plugin("avdesk", folder=tmp_path, taken=["avdesk"])


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "isp-addons-acme").mkdir()
    with pytest.raises(Refused, match="exists already; choose another name or another --directory") as refused:
        write_plugin("acme", folder=tmp_path, taken=())
    assert refused.value.code == "folder_exists"
    assert list((tmp_path / "isp-addons-acme").iterdir()) == []


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be written: Not a directory"):
        write_plugin("acme", folder=tmp_path / "file", taken=())
