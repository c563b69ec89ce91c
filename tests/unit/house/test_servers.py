"""The database servers that the tests start for themselves."""

import fcntl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy

from servers import launch


def _one(url: str, statement: str) -> object:
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.scalar(sqlalchemy.text(statement))
    finally:
        engine.dispose()


def test_a_database_url_is_a_fresh_database_that_takes_tables(database_url):
    engine = sqlalchemy.create_engine(database_url)
    try:
        assert sqlalchemy.inspect(engine).get_table_names() == []
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE here (name text)"))
            connection.execute(sqlalchemy.text("INSERT INTO here VALUES ('Юлія')"))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT name FROM here")) == "Юлія"
    finally:
        engine.dispose()


def test_each_new_database_is_another_one(postgresql_server, mariadb_server):
    for server in (postgresql_server, mariadb_server):
        first, second = server.new_database(), server.new_database()
        assert first != second
        server.drop_database(first)
        assert _one(second, "SELECT 1") == 1
        with pytest.raises(sqlalchemy.exc.OperationalError):
            _one(first, "SELECT 1")


def test_a_database_may_be_a_copy_of_another(postgresql_server):
    template = sqlalchemy.make_url(postgresql_server.new_database())
    engine = sqlalchemy.create_engine(template)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE copied AS SELECT 42 AS answer"))
    engine.dispose()
    assert _one(postgresql_server.new_database(template=template.database), "SELECT answer FROM copied") == 42


def test_mariadb_keeps_four_byte_characters(mariadb_server):
    url = mariadb_server.new_database()
    assert _one(url, "SELECT 'Юлія 🙂'") == "Юлія 🙂"


def test_a_server_ends_with_the_run_that_started_it_even_when_that_is_killed(tmp_path):
    home = tmp_path / "home"
    alive, folder = home / "alive", home / "server"
    folder.mkdir(parents=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import fcntl; f = open({str(alive)!r}, 'wb'); fcntl.flock(f, 2); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        holder.stdout.readline()
        guard = Path(launch.__file__).with_name("guard.py")
        with subprocess.Popen([sys.executable, guard, alive, folder, "", "SIGTERM", "sleep", "600"]) as guarding:
            with pytest.raises(subprocess.TimeoutExpired):
                guarding.wait(timeout=0.5)
            assert folder.is_dir()
            holder.kill()
            assert guarding.wait(timeout=20) == 0
    assert not home.exists()


class Broken:
    """A server whose program fails at once."""

    NAME = "Broken"
    STOP_SIGNAL = "SIGTERM"
    NOT_READY = (ConnectionError,)

    class Server:
        def __init__(self, folder: Path) -> None:
            self.folder = folder

        def ping(self) -> None:
            raise ConnectionError("nobody answers")

    def programs(self) -> Path:
        return Path("/bin")

    def user(self) -> str:
        return ""

    def prepare(self, folder: Path, bin_folder: Path) -> list[str]:
        assert folder.is_dir()
        return [str(bin_folder / "sh"), "-c", "echo the disk is full; exit 1"]


def test_a_server_that_does_not_start_says_why_and_leaves_nothing(tmp_path):
    home = launch.Home(tmp_path / "home")
    began = time.monotonic()
    try:
        with pytest.raises(ConnectionError, match="nobody answers") as caught:
            launch.running(Broken(), home.folder)
    finally:
        home.close()
    assert caught.value.__notes__ == ["Broken did not start. It said: the disk is full\n"]
    assert time.monotonic() - began < launch.STARTING_SECONDS / 2
    assert not home.folder.exists()


def test_a_home_is_locked_while_its_run_lives(tmp_path):
    home = launch.Home(tmp_path / "home")
    with (home.folder / "alive").open("rb") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        home.close()
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
