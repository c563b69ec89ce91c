"""In CI a test that would be skipped has failed: there everything is installed."""

import os
import re
import subprocess
import sys

import pytest

TESTS = """
import pytest

@pytest.fixture
def server():
    pytest.skip("MariaDB is not installed")

def test_in_a_fixture(server):
    pass

def test_in_a_test():
    pytest.skip("not today")

@pytest.mark.skip(reason="never")
def test_by_a_mark():
    pass

@pytest.mark.xfail(strict=True)
def test_that_is_known_to_fail():
    assert False

def test_that_passes():
    pass
"""


@pytest.fixture
def run(tmp_path, root):
    """Run these tests with the project's conftest and return what pytest prints, line by line."""

    def runner(text: str, *, ci: str, workers: int = 0) -> list[str]:
        (tmp_path / "test_skipping.py").write_text(text)
        pytest_here = [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            os.devnull,
            "--rootdir",
            tmp_path,
            "-p",
            "conftest",
            "-n",
            str(workers),
        ]
        environment = dict(os.environ, CI=ci, PYTHONPATH=str(root / "tests"))
        answer = subprocess.run(
            [*pytest_here, tmp_path], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=100
        )
        return answer.stdout.splitlines()

    return runner


def _closing(lines: list[str]) -> str:
    return re.sub(r"^=+ | in [0-9.]+s =+$", "", lines[-1])


@pytest.mark.parametrize("workers", [0, 2])
def test_skipping_fails_in_ci_and_a_known_failure_does_not(run, workers):
    lines = run(TESTS, ci="true", workers=workers)
    assert _closing(lines) == "1 failed, 1 passed, 1 xfailed, 2 errors"
    assert "test_skipping.py::test_in_a_test: nothing may be skipped in CI. Skipped: not today" in lines


def test_skipping_is_allowed_elsewhere(run):
    assert _closing(run(TESTS, ci="")) == "1 passed, 3 skipped, 1 xfailed"


def test_a_module_that_skips_itself_fails_in_ci(run):
    text = "import pytest\npytest.importorskip('there_is_no_such_module')\ndef test_x(): pass\n"
    assert _closing(run(text, ci="")) == "1 skipped"
    assert _closing(run(text, ci="true")) == "1 error"
