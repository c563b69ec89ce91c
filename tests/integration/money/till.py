"""The till of an ISP: accounts, products without a vendor, and cards of the sandbox, on a real database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from isp_addons.billing.ledger import Ledger
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.payment_method import Method
from isp_addons.domain.subscription import Plan
from isp_addons.payments.base import CardGateway
from isp_addons.payments.sandbox import SandboxCards
from isp_addons.services import accounts, order, payment_methods, products
from isp_addons.services.context import Context, ForecastRules, PaymentRules
from isp_addons.services.purchases import NewPurchase
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, Customer, LedgerAccount, Person, Subscription
from isp_addons.vendor_api import Capabilities, SuspendKind
from isp_addons.workers.timetable import Timetable

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CAN = {"scanner": Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=True)}


@dataclass
class Till:
    """Every account opens with 60.00, its period of 30 days beginning on 1 April; ``addon`` is 30.00 a month."""

    store: Store
    folder: Path
    now: datetime = APRIL
    gateway: Callable[[], CardGateway] | None = None

    @property
    def context(self) -> Context:
        cards = self.gateway or (lambda: SandboxCards(self.folder / "cards.db"))
        return Context(
            store=self.store,
            billing=Ledger(),
            capabilities=CAN.__getitem__,
            rules=ForecastRules(brake_share=1.0),
            payments=PaymentRules(cards=cards),
        )

    def cause(self, person: int | None = None) -> Cause:
        return Cause(actor="till", source=Source.ADMIN, at=self.now, why="at the till", person=person)

    def begin(self) -> None:
        self.sells("addon")
        payment_methods.switch(self.context, self.cause(), name="card", active=True)

    def sells(self, code: str, *, price: int = 3000, vendor: str | None = None, terms: str = "1") -> None:
        new = products.NewProduct(code=code, name=code, vendor=vendor, price=price, terms=terms)
        products.add(self.context, self.cause(), new)

    def opens(self, ref: str, *, balance: int = 6000, base_price: int = 0, credit: int = 0) -> int:
        return accounts.open_account(self.context, self.cause(), ref=ref, balance=balance, base_price=base_price, credit=credit)

    def orders(self, ref: str, product: str = "addon", *, plan: Plan = Plan.RECURRING, renews: bool = False) -> int:
        wanted = order.Order(account=ref, product=product, plan=plan, renews=renews)
        return order.place(self.context, self.cause(), wanted)

    def purchase(self, ref: str, key: str) -> NewPurchase:
        return NewPurchase(account=ref, product="addon", method=Method.CARD, key=key)

    def customer(self, company: str, account: int, *, reseller: int | None = None, role: str = "admin") -> tuple[int, int]:
        """Whose the account is, and who may buy for it: the numbers of the customer and of the person."""
        with self.store.write() as session:
            made = Customer(
                company=company,
                mode="self",
                payment_method="balance",
                created_at=self.now,
                reseller_id=reseller,
                is_reseller=role == "reseller",
            )
            session.add(made)
            session.flush()
            person = Person(
                email=f"{made.id}@example.org",
                name=company,
                role=role,
                customer_id=made.id,
                created_at=self.now,
                registered_at=self.now,
            )
            session.add(person)
            session.get_one(Account, account).customer_id = made.id
            session.flush()
            return made.id, person.id

    def runs(self) -> None:
        """What the worker does because time passed."""
        Timetable(self.context, lead=DAY).run(self.now)

    def balance(self, ref: str) -> int:
        theirs = select(LedgerAccount.balance).join(Account, Account.id == LedgerAccount.account_id)
        with self.store.read() as session:
            return session.scalars(theirs.where(Account.ref == ref)).one()

    def subscription(self, number: int) -> Subscription:
        with self.store.read() as session:
            return session.get_one(Subscription, number)
