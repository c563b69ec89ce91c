"""An ISP for each test, on SQLite and on PostgreSQL: the whole table must come out alike."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from acceptance.command import run_here
from acceptance.kit import Isp
from acceptance.people_kit import LINK
from isp_addons_avdesk.sandbox import AvDeskSandbox
from servers.smtp import MailBox, mail_server

MakeDatabase = Callable[[str], str]


@pytest.fixture(scope="session")
def initialised(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MakeDatabase:
    """The address of a database of the wished kind on which ``isp-addons init`` has run; to be copied."""
    made: dict[str, str] = {}
    folder = tmp_path_factory.mktemp("initialised")

    def make(kind: str) -> str:
        if kind not in made:
            url = f"sqlite:///{folder / 'isp-addons.db'}"
            made[kind] = url if kind == "sqlite" else request.getfixturevalue("postgresql_server").new_database()
            file = folder / f"{kind}.ini"
            file.write_text(f"[database]\nurl = {made[kind]}\n[billing]\nadapter = ledger\n", encoding="utf-8")
            assert run_here("--config", str(file), "init").code == 0
        return made[kind]

    return make


@pytest.fixture
def make_database(
    initialised: MakeDatabase, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeDatabase]:
    """Makes fresh databases of the wished kind, ready for use."""
    made: list[str] = []

    def make(kind: str) -> str:
        original = initialised(kind)
        if kind == "sqlite":
            copy = tmp_path_factory.mktemp("database") / "isp-addons.db"
            shutil.copy(original.removeprefix("sqlite:///"), copy)
            return f"sqlite:///{copy}"
        server = request.getfixturevalue("postgresql_server")
        url: str = server.new_database(template=make_url(original).database)
        made.append(url)
        return url

    yield make
    for url in made:
        request.getfixturevalue("postgresql_server").drop_database(url)


@pytest.fixture
def avdesk() -> Iterator[AvDeskSandbox]:
    """The vendor: a stand-in AV-Desk server over real HTTP."""
    with AvDeskSandbox(login="isp", password="sandbox") as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def isp(request: pytest.FixtureRequest, make_database: MakeDatabase, tmp_path: Path, avdesk: AvDeskSandbox) -> Isp:
    """A fresh ISP at the beginning of March 2026, its vendor AV-Desk beside it."""
    return Isp(tmp_path, make_database(request.param), avdesk)


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP that sells one product, and an account that has it."""
    isp.sells("av", "150.00", terms="1,3")
    isp.subscriber("42", "av", left="1000")
    return isp


@pytest.fixture
def mailbox(isp: Isp) -> Iterator[MailBox]:
    """A real mail server that the ISP sends through."""
    with mail_server() as box:
        isp.configure(
            "mail",
            host="127.0.0.1",
            port=str(box.port),
            security="off",
            sender="My ISP <no-reply@isp.example>",
            link=LINK,
            timeout_seconds="10",
        )
        yield box
