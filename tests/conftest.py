"""What every test shares: database servers (see `servers/`), no skipping in CI, and how Hypothesis searches."""

import logging
import os
from collections.abc import Generator, Iterator
from typing import TypeVar

import hypothesis
import pytest

from isp_addons.cli.log import NOISY

pytest_plugins = ["servers.fixtures"]

IN_CI = os.environ.get("CI") == "true"

hypothesis.settings.register_profile(
    "isp-addons",
    deadline=None,  # a busy machine is not a failure
    max_examples=60,
    derandomize=IN_CI,
    database=None if IN_CI else hypothesis.settings.get_profile("default").database,
    print_blob=True,
)
hypothesis.settings.load_profile("isp-addons")

ReportT = TypeVar("ReportT", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(autouse=True)
def _quiet_only_while_it_runs() -> Iterator[None]:
    """A command quiets libraries for its whole process; in the tests' process others come after it."""
    loggers = [logging.getLogger(name) for name in NOISY]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skips((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skips((yield))


def _no_skips(report: ReportT) -> ReportT:
    """In CI everything that the tests need is installed: what would be skipped elsewhere has failed there."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        where = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"{report.nodeid}: nothing may be skipped in CI. {where}"
    return report
