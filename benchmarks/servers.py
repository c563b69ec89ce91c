"""A PostgreSQL server for a benchmark run: the tests' own, started the same way."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))


@contextmanager
def postgresql() -> Iterator[Any]:
    """A running server with ``new_database(template=…)``; ends the run with a sentence when PostgreSQL is not installed."""
    from servers import launch
    from servers import postgresql as kind

    home = launch.Home(Path(tempfile.mkdtemp(prefix="isp-addons-bench-")))
    try:
        server = launch.running(kind, home.folder)
        if server is None:
            sys.exit("PostgreSQL is not installed; run tools/test-servers first.")
        yield server
    finally:
        home.close()
