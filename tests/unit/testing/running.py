"""Runs the kit in a pytest of its own."""

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]
"""Takes the text of a test module, and which proofs to choose; gives what pytest made of it."""


def failed(result: pytest.RunResult) -> set[str]:
    """The names of the proofs that failed, without ``test_`` and parameters."""
    reports = [line for line in result.outlines if line.startswith(("FAILED", "ERROR"))]
    return {line.split("::")[2].split(" ")[0].split("[")[0].removeprefix("test_") for line in reports}
