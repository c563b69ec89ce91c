"""Any story of a reseller's business leaves the books right; and what is refused changes nothing at all."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from chaos.commerce import check_books, seen
from isp_addons.billing.ledger import Ledger
from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.permission import Role
from isp_addons.domain.problem import Problem
from isp_addons.domain.quantity_change import When, Wish
from isp_addons.services import accounts, cancel, customers, order, people, products, quantity_change, resale, resellers
from isp_addons.services.context import Context
from isp_addons.store.engine import Store
from isp_addons.store.schema import upgrade
from isp_addons.store.tables import LedgerAccount, Person
from isp_addons.vendor_api import Capabilities, SuspendKind

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
VENDOR = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=True)
PRICE = 1000
START = 300_000


@dataclass
class Business:
    """A reseller with 3000.00, whose product costs 10.00 a month, and what he sold."""

    store: Store
    url: str
    discount: int = 2000
    keys: int = 0
    sold: list[resale.Sold] = field(default_factory=list)
    admins: set[int] = field(default_factory=set)

    @property
    def context(self) -> Context:
        return Context(store=self.store, billing=Ledger(), capabilities=lambda _: VENDOR)

    def cause(self, *, by_reseller: bool = True) -> Cause:
        return Cause(actor="tester", source=Source.ADMIN, at=NOW, why="a story", person=self.rita if by_reseller else None)

    @property
    def rita(self) -> int:
        with self.store.read() as session:
            return session.scalars(select(Person.id).where(Person.role == Role.RESELLER.value)).one()

    def opens(self) -> None:
        staff = Cause(actor="tester", source=Source.ADMIN, at=NOW, why="set up")
        for code, resold in (("business", True), ("premium", False)):
            new = products.NewProduct(code=code, name=code, vendor="axcrypt", price=PRICE, terms="1,12", resale=resold)
            products.add(self.context, staff, new)
        accounts.open_account(self.context, staff, ref="partner", balance=START)
        main = people.NewPerson(email="rita@partner.example", name="Rita", role=Role.RESELLER, invite=False)
        new_one = customers.NewCustomer(company="Partner", main=main, accounts=["partner"])
        made = customers.create(self.context, staff, new_one)
        resellers.add(self.context, staff, customer_id=made.customer, discount=self.discount)

    def balance(self, account_id: int | None = None) -> int:
        with self.store.read() as session:
            query = select(LedgerAccount.balance).order_by(LedgerAccount.account_id)
            return sum(session.scalars(query)) if account_id is None else session.scalars(query).all()[account_id]

    def tries(self, what: Callable[[], None]) -> bool:
        """Whether it was done; if not, nothing was changed."""
        before = seen(self.url)
        try:
            what()
        except Problem:
            assert seen(self.url) == before, "what is refused changes nothing"
            return False
        check_books(self.url)
        return True

    def sells(self, product: str, quantity: int, term: str, name: int) -> None:
        self.keys += 1
        wanted = resale.Resale(
            company=f"C{name}", contact="Bo", email=f"bo@c{name}.example", product=product, quantity=quantity, term=term
        )
        before, key = self.balance(0), f"s{self.keys}"

        def sell() -> None:
            done = resale.sell(self.context, self.cause(), wanted, key=key)
            assert resale.sell(self.context, self.cause(), wanted, key=key) == done, "asked again, it is the same sale"
            self.sold.append(done)

        if self.tries(sell):
            paid = int(PRICE * quantity * int(term) * (1 - Fraction(self.discount, 10_000)) + Fraction(1, 2))
            assert (product, 1 <= quantity <= MOST_QUANTITY) == ("business", True)
            assert before - self.balance(0) == self.sold[-1].paid == paid

    def funds(self, which: int, amount: int) -> None:
        if self.sold:
            self.keys += 1
            sold = self.sold[which % len(self.sold)]
            move = partial(resale.fund, customer_id=sold.customer, amount=amount, key=f"f{self.keys}")
            before = self.balance()
            self.tries(lambda: move(self.context, self.cause()) and None)
            assert self.balance() == before, "no money comes from nowhere"

    def changes(self, which: int, quantity: int) -> None:
        if self.sold:
            sold = self.sold[which % len(self.sold)]
            wish = Wish(subscription=sold.subscription, quantity=quantity, when=When.NOW)
            self.tries(lambda: quantity_change.change(self.context, self.cause(), wish) and None)

    def orders_more(self, which: int, quantity: int) -> None:
        if self.sold:
            self.keys += 1
            sold = self.sold[which % len(self.sold)]
            wanted = order.Order(
                account=sold.account, product="business", plan=order.Plan.ONE_OFF, key=f"o{self.keys}", quantity=quantity
            )
            before = self.balance()
            if self.tries(lambda: order.place(self.context, self.cause(), wanted) and None):
                share = Fraction(0) if sold.customer in self.admins else Fraction(self.discount, 10_000)
                cost = int(PRICE * quantity * (1 - share) + Fraction(1, 2))
                assert before - self.balance() == cost, "with the discount, unless he has an admin"

    def promotes(self, which: int, is_admin: bool) -> None:
        if self.sold:
            sold = self.sold[which % len(self.sold)]
            with self.store.read() as session:
                email = session.scalars(select(Person.email).where(Person.customer_id == sold.customer)).one()
            role = Role.ADMIN if is_admin else Role.AGENT
            give = partial(people.set_role, email=email, role=role, confirmed=True)
            assert self.tries(lambda: give(self.context, self.cause()) and None)
            self.admins = self.admins | {sold.customer} if is_admin else self.admins - {sold.customer}

    def cancels(self, which: int) -> None:
        if self.sold:
            number = self.sold[which % len(self.sold)].subscription
            self.tries(lambda: cancel.cancel(self.context, self.cause(), subscription_id=number) and None)

    def agrees(self, discount: int) -> None:
        add = partial(resellers.add, customer_id=1, discount=discount)
        assert self.tries(lambda: add(self.context, self.cause(by_reseller=False)) and None)
        self.discount = discount


numbers = st.integers(0, 3)
quantities = st.integers(-1, 12)
STEPS = st.one_of(
    st.builds(
        lambda *told: partial(_do, Business.sells, *told),
        st.sampled_from(["business", "business", "premium"]),
        quantities,
        st.sampled_from(["1", "12", "2"]),
        st.integers(0, 4),
    ),
    st.builds(lambda *told: partial(_do, Business.funds, *told), numbers, st.sampled_from([-1, 0, 1, 4000, 40_000])),
    st.builds(lambda *told: partial(_do, Business.changes, *told), numbers, quantities),
    st.builds(lambda *told: partial(_do, Business.orders_more, *told), numbers, quantities),
    st.builds(lambda *told: partial(_do, Business.promotes, *told), numbers, st.booleans()),
    st.builds(lambda *told: partial(_do, Business.cancels, *told), numbers),
    st.builds(lambda *told: partial(_do, Business.agrees, *told), st.sampled_from([0, 1, 1250, 3333, 10_000])),
)


def _do(what: Callable[..., None], *told: object) -> Callable[[Business], None]:
    return lambda business: what(business, *told)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the reseller, to be copied."""
    file = tmp_path_factory.mktemp("business") / "opened.db"
    store = Store(f"sqlite:///{file}")
    upgrade(store)
    Business(store, str(store.url)).opens()
    with store.connect_autocommit() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return file


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=2, max_size=8))
def test_any_story_of_a_reseller_leaves_the_books_right(
    opened: Path, tmp_path_factory: pytest.TempPathFactory, story: list[Callable[[], Callable[[Business], None]]]
) -> None:
    file = tmp_path_factory.mktemp("story") / "business.db"
    shutil.copy(opened, file)
    store = Store(f"sqlite:///{file}")
    business = Business(store, f"sqlite:///{file}")
    try:
        business.sells("business", 3, "1", 9)
        assert len(business.sold) == 1
        for step in story:
            step()(business)
        check_books(business.url)
    finally:
        store.close()
