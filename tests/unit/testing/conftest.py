"""A pytest of its own for the kit under test."""

import pytest

from unit.testing.running import Run


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """See `unit.testing.running.Run`."""
    pytester: pytest.Pytester = request.getfixturevalue("pytester")

    def runner(module: str, chosen: str = "test_") -> pytest.RunResult:
        pytester.makepyfile(module)
        return pytester.runpytest_inprocess(
            "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error", "-k", chosen, "--tb=short", "-rfE"
        )

    return runner
