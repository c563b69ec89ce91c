"""The desk of an ISP that sells project keys: services on a real database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select

from isp_addons.billing.ledger import Ledger
from isp_addons.domain.cause import Cause, Source
from isp_addons.services import accounts, products, project_key_end, project_key_redeem, project_keys
from isp_addons.services.context import Context, ForecastRules
from isp_addons.services.project_key_redeem import Redeem, Redeemed
from isp_addons.services.project_keys_file import NewKey
from isp_addons.store.engine import Store
from isp_addons.store.tables import Account, Charge, Customer, Product, ProjectKey, Subscription
from isp_addons.vendor_api import Capabilities, SuspendKind

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
CAN = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=True)


@dataclass
class Desk:
    """A product without parts, and customers with an account each."""

    store: Store
    now: datetime = START

    @property
    def context(self) -> Context:
        capabilities = {"scanner": CAN, "guard": CAN}
        rules = ForecastRules(brake_share=1.0)
        return Context(store=self.store, billing=Ledger(), capabilities=capabilities.__getitem__, rules=rules)

    @property
    def cause(self) -> Cause:
        return Cause(actor="desk", source=Source.ADMIN, at=self.now, why="at the desk")

    def begin(self) -> None:
        for code, vendor in (("scan", "scanner"), ("guard", "guard"), ("plain", None)):
            products.add(self.context, self.cause, products.NewProduct(code=code, name=code, vendor=vendor, price=200))

    def customers(self, count: int) -> list[int]:
        """So many managed customers, each with an account of his own; their numbers."""
        made = []
        for number in range(count):
            accounts.open_account(self.context, self.cause, ref=f"a{number}", balance=100_000)
            with self.store.write() as session:
                customer = Customer(company=f"Customer {number}", mode="managed", payment_method="balance", created_at=self.now)
                session.add(customer)
                session.flush()
                session.scalars(select(Account).where(Account.ref == f"a{number}")).one().customer_id = customer.id
                made.append(customer.id)
        return made

    def imports(self, *codes: str, term: int = 12) -> None:
        new = [
            NewKey(line=line, code=code, product="scan", quantity=10, term=term, purchase_price=10_000, expires_at=None)
            for line, code in enumerate(codes, start=2)
        ]
        project_keys.take_in(self.context, self.cause, new, batch="batch", name="keys.csv")

    def redeems(self, customer: int, code: str) -> Redeemed:
        wish = Redeem(customer=customer, code=code, selling_price="120.00")
        return project_key_redeem.redeem(self.context, self.cause, wish)

    def ends_keys(self) -> int:
        return project_key_end.finish(self.context, self.cause)

    def used(self) -> list[tuple[int | None, int | None]]:
        """Who uses a key, and for which subscription."""
        with self.store.read() as session:
            rows = session.execute(
                select(ProjectKey.customer_id, ProjectKey.subscription_id).where(ProjectKey.used_at.is_not(None))
            )
            return [(row.customer_id, row.subscription_id) for row in rows]

    def subscriptions(self) -> int:
        with self.store.read() as session:
            return session.scalar(select(func.count()).select_from(Subscription)) or 0

    def books(self, *charges: tuple[str, str, int, int, int, int | None]) -> None:
        """Charges out of nothing: account, product, days before now, amount, cost, and how many days ago it was given back."""
        with self.store.write() as session:
            owners = dict(session.execute(select(Account.ref, Account.id)).all())
            sold = dict(session.execute(select(Product.code, Product.id)).all())
            for number, (ref, product, days, amount, cost, back) in enumerate(charges):
                at = self.now - timedelta(days=days, seconds=number)
                subscription = Subscription(
                    account_id=owners[ref],
                    product_id=sold[product],
                    key=f"books-{number}",
                    plan="recurring",
                    status="running",
                    quantity=number % 3 + 1,
                    price=amount,
                    priority=1,
                    ordered_at=at,
                    paid_until=self.now + timedelta(days=5),
                )
                session.add(subscription)
                session.flush()
                session.execute(
                    insert(Charge).values(
                        subscription_id=subscription.id,
                        period_start=at,
                        period_end=self.now,
                        amount=amount,
                        cost=cost,
                        at=at,
                        reversed_at=None if back is None else self.now - timedelta(days=min(back, days)),
                    )
                )
