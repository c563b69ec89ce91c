"""The scripts behind `make`: what they do when there is nothing to do, and what they say when they cannot."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NOT_INSTALLED = "exit 1"


def _run(command: list[str | Path], *, path: str | None = None, cwd: Path | None = None, **environment: str) -> tuple[int, str]:
    answer = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": path or os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return answer.returncode, answer.stdout


@pytest.fixture
def clone(tmp_path, root):
    """A folder with what `tools/setup` looks at."""
    folder = tmp_path / "clone"
    shutil.copytree(root / "tools", folder / "tools")
    shutil.copy(root / "pyproject.toml", folder)
    return folder


def test_make_lists_every_target(root):
    targets = re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), flags=re.MULTILINE)
    code, output = _run(["make"], cwd=root)
    assert code == 0
    assert re.findall(r"^  make ([a-z]+) +\S", output, flags=re.MULTILINE) == targets
    assert {"demo", "test", "check", "bench", "clean"} <= set(targets)


def test_setup_does_nothing_while_the_environment_is_up_to_date(clone):
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to("/bin/false")
    (clone / ".venv" / "bin" / "activate").write_text(f'VIRTUAL_ENV="{clone}/.venv"\n')
    checksum = subprocess.run(["cksum"], input=(clone / "pyproject.toml").read_bytes(), capture_output=True, check=True).stdout
    (clone / ".venv" / "made-from").write_bytes(checksum)
    assert _run([clone / "tools" / "setup"], PYTHON="/bin/false") == (0, "")
    with (clone / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    code, output = _run([clone / "tools" / "setup"], PYTHON="/bin/false")
    assert (code, output.startswith("isp-addons needs Python 3.11 or newer")) == (1, True)


def test_setup_names_a_python_that_is_too_old(clone, programs):
    path = programs(python3='[ "$1" = --version ] && echo Python 3.9.2 || exit 1')
    for newer in ("python3.14", "python3.13", "python3.12", "python3.11"):
        Path(path.partition(":")[0], newer).symlink_to("/bin/false")
    code, output = _run([clone / "tools" / "setup"], path=path)
    assert code == 1
    assert output == (
        "isp-addons needs Python 3.11 or newer, but python3 is Python 3.9.2; "
        "install one, and name it if need be: PYTHON=/path/to/python3 make\n"
    )
    assert not (clone / ".venv").exists()


def test_setup_takes_a_newer_python_that_is_not_the_default(clone, programs):
    path = programs(python3=NOT_INSTALLED)
    chosen = Path(path.partition(":")[0], "python3.12")
    chosen.write_text('#!/bin/sh\ncase "$*" in *venv*--clear*) echo "made by $0"; exit 3 ;; esac\n')
    chosen.chmod(0o755)
    for newer in ("python3.14", "python3.13"):
        Path(path.partition(":")[0], newer).symlink_to("/bin/false")
    code, output = _run([clone / "tools" / "setup"], path=path)
    assert (code, output) == (3, f"Making .venv ...\nmade by {chosen}\n")


def test_setup_says_what_to_run_where_it_may_not_install(clone, programs):
    python = 'case "$*" in *ensurepip*) exit 1 ;; *venv*) echo python3.11-venv ;; esac'
    path = programs(python3=python, dpkg_query=NOT_INSTALLED, apt_get=NOT_INSTALLED, id="echo 1000", sudo=NOT_INSTALLED)
    code, output = _run([clone / "tools" / "setup"], path=path)
    assert (code, output) == (1, "Please run as root: apt-get install --no-install-recommends python3.11-venv\n")


def test_apt_install_does_nothing_when_all_is_installed(root, programs):
    path = programs(dpkg_query="printf 'install ok installed'", apt_get="echo must not run; exit 9")
    assert _run([root / "tools" / "apt-install", "make", "fonts-dejavu"], path=path) == (0, "")


def test_apt_install_names_only_what_is_missing(root, programs):
    known = 'case "$*" in *make) printf "install ok installed" ;; *) exit 1 ;; esac'
    path = programs(dpkg_query=known, id="echo 1000", sudo=NOT_INSTALLED, apt_get="exit 9")
    assert _run([root / "tools" / "apt-install", "make", "git"], path=path) == (
        1,
        "Please run as root: apt-get install --no-install-recommends git\n",
    )


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_missing_servers_are_told_of_and_fail_in_ci_alone(tmp_path, programs, root, ci, code):
    folder = Path(programs(my_print_defaults="").partition(":")[0])
    for name in ("sh", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or name)
    script = tmp_path / "test-servers"
    text = (root / "tools" / "test-servers").read_text()
    script.write_text(text.replace("PATH=$PATH:/usr/local/sbin:/usr/sbin", "").replace("/usr/lib/postgresql", "/nowhere"))
    (tmp_path / "apt-install").write_text('#!/bin/sh\necho apt-install "$@"\nexit 1\n')
    for each in (script, tmp_path / "apt-install"):
        each.chmod(0o755)
    assert _run([script], path=str(folder), CI=ci) == (
        code,
        "apt-install postgresql mariadb-server-core mariadb-client-core\n"
        "Until then the tests that need a database server are skipped.\n",
    )


@pytest.mark.usefixtures("postgresql_server", "mariadb_server")
def test_installed_servers_need_nothing(root, programs):
    path = programs(dpkg_query=NOT_INSTALLED, apt_get="echo must not run; exit 9")
    assert _run([root / "tools" / "test-servers"], path=path) == (0, "")
