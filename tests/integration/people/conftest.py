"""A house with customers on both databases, and what sends its mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from isp_addons.billing.ledger import Ledger
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.permission import Role
from isp_addons.services import customers, invitations, people
from isp_addons.services.context import Context, CustomerRules, MailRules
from isp_addons.store.engine import Store
from isp_addons.store.schema import upgrade
from isp_addons.store.tables import Mail
from isp_addons.workers.mail_out import MailOut
from isp_addons.workers.smtp import MailServer

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PASSWORD = "correct battery staple"


@dataclass
class House:
    """Customers on a database."""

    store: Store
    now: datetime = NOW

    @property
    def context(self) -> Context:
        return Context(
            store=self.store,
            billing=Ledger(),
            capabilities={}.__getitem__,
            mail=MailRules(),
            customers=CustomerRules(registration=True),
        )

    def cause(self) -> Cause:
        return Cause(actor="tester", source=Source.ADMIN, at=self.now, why="the test says so")

    def invites(self, email: str) -> None:
        """One more customer, whose main user is invited."""
        main = people.NewPerson(email=email, name="Anna", role=Role.OWNER)
        customers.create(self.context, self.cause(), customers.NewCustomer(company="Bakery", main=main))

    def registers(self, email: str) -> None:
        """The same, who has accepted."""
        self.invites(email)
        with self.store.read() as session:
            body = session.scalars(select(Mail.body).where(Mail.recipient == email)).one()
        code = body.split("\n\n")[2].strip()
        invitations.accept(self.context, self.cause(), token=code, password=PASSWORD)

    def mails(self) -> list[Mail]:
        with self.store.read() as session:
            return list(session.scalars(select(Mail).order_by(Mail.id)))

    def sends_to(self, port: int, *, later: timedelta = timedelta(0), **options: object) -> MailOut:
        """What sends through a server on this machine."""
        self.now += later
        values = {"security": "off", "sender": "ISP <isp@example.net>", "timeout": 10.0, **options}
        return MailOut(self.store, MailServer(host="127.0.0.1", port=port, **values))  # type: ignore[arg-type]


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """A house without customers."""
    store = Store(database_url)
    upgrade(store)
    yield House(store)
    store.close()


@pytest.fixture
def certificate() -> Path:
    """A certificate of this machine's own address, with its key."""
    return Path(__file__).parents[2] / "unit" / "stand_in" / "loopback.pem"
