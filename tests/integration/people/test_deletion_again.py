"""Deleting is repeatable: what fails stays marked, one customer's trouble is its own, and a second run changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from integration.people.conftest import House
from isp_addons.billing.base import Gathered
from isp_addons.billing.ledger import Ledger
from isp_addons.domain.permission import Role
from isp_addons.domain.problem import TryAgain
from isp_addons.domain.subscription import Plan
from isp_addons.services import accounts, customers, deletion, order, people, products
from isp_addons.services.context import Context
from isp_addons.store.tables import Audit, Base, Customer, Subscription


class Shaky(Ledger):
    """A billing that does not answer about some accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.silent_about: set[str] = set()

    def gather(self, refs: Sequence[str] | None, *, at: datetime) -> Gathered:
        if self.silent_about & set(refs or ()):
            raise TryAgain("the billing does not answer")
        return super().gather(refs, at=at)


def with_billing(house: House, billing: Ledger) -> Context:
    return Context(store=house.store, billing=billing, capabilities={}.__getitem__)


def subscriber(house: House, context: Context, ref: str) -> int:
    """A customer with one running subscription, marked for deletion."""
    accounts.open_account(context, house.cause(), ref=ref, balance=1000)
    main = people.NewPerson(email=f"{ref}@example.net", name="Anna", role=Role.OWNER, invite=False)
    made = customers.create(context, house.cause(), customers.NewCustomer(company=ref, main=main, accounts=[ref]))
    order.place(context, house.cause(), order.Order(account=ref, product="av", plan=Plan.RECURRING, key=ref))
    deletion.mark(context, house.cause(), customer_id=made.customer, typed="DELETE")
    return made.customer


def states(house: House) -> list[tuple[str, bool, str]]:
    """Each customer's account, whether he is deleted, and how his subscription is."""
    with house.store.read() as session:
        deleted = list(session.scalars(select(Customer.deleted_at.is_not(None)).order_by(Customer.id)))
        return list(
            zip(("good", "bad"), deleted, session.scalars(select(Subscription.status).order_by(Subscription.id)), strict=True)
        )


def everything(house: House) -> list[Any]:
    with house.store.read() as session:
        return [list(map(tuple, session.execute(select(table)))) for table in Base.metadata.sorted_tables]


def test_what_fails_stays_marked_and_the_next_run_takes_it_up(house: House) -> None:
    billing = Shaky()
    context = with_billing(house, billing)
    products.add(
        context, house.cause(), products.NewProduct(code="av", name="av", vendor=None, price=100, priority=1, terms="1")
    )
    for ref in ("good", "bad"):
        subscriber(house, context, ref)
    billing.silent_about = {"bad"}

    assert deletion.run(context, house.cause()) == 1
    assert states(house) == [("good", True, "ending"), ("bad", False, "running")]
    billing.silent_about = set()
    assert deletion.run(context, house.cause()) == 1
    assert states(house) == [("good", True, "ending"), ("bad", True, "ending")]

    before = everything(house)
    assert deletion.run(context, house.cause()) == 0
    assert everything(house) == before
    with house.store.read() as session:
        deleted = session.scalars(select(Audit.subject_id).where(Audit.subject == "customer", Audit.field == "deleted")).all()
    assert sorted(deleted) == [1, 2], "each once"
