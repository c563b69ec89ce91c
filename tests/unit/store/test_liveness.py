"""A worker lives as long as its process does, whatever anybody's clock says."""

import subprocess
import sys
from pathlib import Path

import pytest

from integration.convergence.house import Databases
from isp_addons.domain.problem import ConfigProblem
from isp_addons.store.engine import Store
from isp_addons.store.liveness import Presence, dead

WORKER = """
import sys
from isp_addons.store.engine import Store
from isp_addons.store.liveness import Presence
with Presence(Store(sys.argv[1])) as presence:
    print(presence.worker_id, flush=True)
    sys.stdin.read()
"""


def _worker(url: str) -> tuple["subprocess.Popen[str]", str]:
    process = subprocess.Popen([sys.executable, "-c", WORKER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_worker_is_alive_until_it_is_killed(url: str, store: Store) -> None:
    process, worker_id = _worker(url)
    with process:
        assert dead(store, [worker_id, "nobody-1-00000000"]) == ["nobody-1-00000000"]
        process.kill()
        process.wait()
    assert dead(store, [worker_id]) == [worker_id]
    assert dead(store, [worker_id]) == [worker_id], "asking twice is no different"


def test_a_worker_that_ends_leaves_nothing_behind(url: str, store: Store) -> None:
    with Presence(store) as first, Presence(store) as second:
        assert first.worker_id != second.worker_id
        assert dead(store, [first.worker_id, second.worker_id]) == []
        first.prove()
    assert set(dead(store, [first.worker_id, second.worker_id])) == {first.worker_id, second.worker_id}
    if store.is_sqlite:
        assert list(Path(f"{url.removeprefix('sqlite:///')}.workers").iterdir()) == []


def test_a_worker_is_seen_through_another_name_of_the_same_database(databases: Databases, tmp_path: Path) -> None:
    url = databases.fresh("sqlite")
    link = tmp_path / "link.db"
    link.symlink_to(url.removeprefix("sqlite:///"))
    with Presence(Store(url)) as presence:
        assert dead(Store(f"sqlite:///{link}"), [presence.worker_id]) == []


def test_locks_that_cannot_be_written_are_told_in_a_sentence(databases: Databases) -> None:
    url = databases.fresh("sqlite")
    Path(f"{url.removeprefix('sqlite:///')}.workers").write_text("in the way of the folder")
    with pytest.raises(ConfigProblem, match=r"locks in .* cannot be written"), Presence(Store(url)):
        pass
