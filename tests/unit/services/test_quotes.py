"""A quote that is confirmed within its time is booked to the cent, whatever was bought and however the seconds pass."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from isp_addons.domain.permission import Role
from isp_addons.domain.problem import Refused
from isp_addons.domain.quantity_change import When, Wish
from isp_addons.domain.reseller import DiscountWithAdmin, ResellerRules
from isp_addons.domain.subscription import Plan
from isp_addons.services import order, quantity_change
from isp_addons.services.taxes import FixedTaxes
from isp_addons.store.engine import Store
from isp_addons.store.schema import upgrade
from isp_addons.store.tables import Account, Customer, Person, Product, Subscription
from unit.services.world import START, World

SECONDS = st.integers(0, 30 * 24 * 3600)
LATER = st.integers(0, 900)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('quotes') / 'isp-addons.db'}")
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def world(store: Store) -> World:
    return opened(store)


def opened(store: Store) -> World:
    """An account with enough money for anything, in the month that begins at `START`."""
    found = World(store)
    found.now = START
    found.begin()
    found.opens("rich", balance=10**10)
    return found


@settings(max_examples=25, deadline=None)
@given(
    product=st.sampled_from(["av", "cloud", "plain"]),
    plan=st.sampled_from([Plan.ONE_OFF, Plan.RECURRING]),
    quantity=st.integers(1, 50),
    more=st.integers(1, 50),
    passed=SECONDS,
    later=LATER,
)
def test_what_was_previewed_is_booked(
    store: Store, product: str, plan: Plan, quantity: int, more: int, passed: int, later: int
) -> None:
    world = opened(store)
    world.now += timedelta(seconds=passed)
    wanted = order.Order(account="rich", product=product, plan=plan, quantity=quantity)
    told = order.preview(world.context, world.cause("looked"), wanted)
    world.now += timedelta(seconds=later)
    assert told.net == sum(line.net for line in told.lines) == told.lines[0].list_price
    made = world.confirms("rich", wanted, told)
    if product != "plain":
        _more_is_previewed_and_booked(world, made, quantity + more, later)


def _more_is_previewed_and_booked(world: World, subscription: int, quantity: int, later: int) -> None:
    wish = Wish(subscription=subscription, quantity=quantity, when=When.NOW)
    told = quantity_change.change(world.context, world.cause("looked"), wish, dry_run=True)
    assert told.quote is not None
    world.now += timedelta(seconds=later)
    before = world._balance("rich")
    done = quantity_change.change(world.context, world.cause("changed"), replace(wish, quote=told.quote.code))
    assert (done.charged, world._balance("rich")) == (told.charged, before - told.quote.net)


def test_an_order_for_somebody_else_is_not_confirmed_by_the_same_code(world: World) -> None:
    world.opens("other", balance=10**10)
    wanted = order.Order(account="rich", product="av", plan=Plan.RECURRING)
    told = order.preview(world.context, world.cause("looked"), wanted)
    with pytest.raises(Refused) as caught:
        order.place(world.context, world.cause("ordered"), replace(wanted, account="other", quote=told.code))
    assert caught.value.code == "stale_quote"


def test_a_preview_can_tell_what_is_to_be_paid_from_outside(world: World) -> None:
    world.opens("empty")
    wanted = order.Order(account="empty", product="av", plan=Plan.ONE_OFF)
    with pytest.raises(Refused, match="not enough money"):
        order.preview(world.context, world.cause("looked"), wanted)
    told = order.preview(world.context, world.cause("looked"), wanted, unpaid=True)
    assert told.net == 15_000
    assert world.subscriptions() == []


@pytest.mark.parametrize(
    ("rule", "who", "admin", "net", "next_price"),
    [
        (DiscountWithAdmin.NOBODY, "staff", False, 12_000, 12_000),
        (DiscountWithAdmin.NOBODY, "reseller", False, 12_000, 12_000),
        (DiscountWithAdmin.NOBODY, "customer", False, 15_000, 15_000),
        (DiscountWithAdmin.NOBODY, "reseller", True, 15_000, 15_000),
        (DiscountWithAdmin.NOBODY, "customer", True, 15_000, 15_000),
        (DiscountWithAdmin.RESELLER_ORDERS, "reseller", True, 12_000, 12_000),
        (DiscountWithAdmin.RESELLER_ORDERS, "customer", True, 15_000, 15_000),
    ],
)
def test_whose_orders_have_the_resellers_discount(
    world: World, rule: DiscountWithAdmin, who: str, admin: bool, net: int, next_price: int
) -> None:
    people = _resold(world, admin=admin)
    taxes = FixedTaxes(home="SE", rates={"SE": 2500})
    context = replace(world.context, resellers=ResellerRules(with_admin=rule), taxes=taxes)
    cause = replace(world.cause("looked"), person=people[who])
    wanted = order.Order(account="rich", product="av", plan=Plan.ONE_OFF)
    told = order.preview(context, cause, wanted)
    assert (told.net, told.tax, told.gross) == (net, net // 4, net + net // 4)
    made = order.place(context, cause, replace(wanted, plan=Plan.RECURRING))
    with world.store.read() as session:
        assert session.get_one(Subscription, made).price == next_price


def _resold(world: World, *, admin: bool) -> dict[str, int | None]:
    """The account is that of a customer in the care of a reseller with 20 % off; who may order, by what he is."""
    with world.store.write() as session:
        session.execute(update(Product).values(resale=True))
        reseller = Customer(company="Partner", is_reseller=True, discount=2000, created_at=START)
        session.add(reseller)
        session.flush()
        customer = Customer(company="Bakery", reseller_id=reseller.id, created_at=START)
        session.add(customer)
        session.flush()
        session.scalars(select(Account)).one().customer_id = customer.id
        common = {"created_at": START, "registered_at": START}
        role = Role.ADMIN if admin else Role.OWNER
        rita = Person(email="rita@x.example", role=Role.RESELLER.value, customer_id=reseller.id, **common)
        bo = Person(email="bo@x.example", role=role.value, customer_id=customer.id, **common)
        session.add_all([rita, bo])
        session.flush()
        return {"staff": None, "reseller": rita.id, "customer": bo.id}
