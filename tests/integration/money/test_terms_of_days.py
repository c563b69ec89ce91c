"""A month of 30 days is counted as such, however long the term."""

from datetime import timedelta

from sqlalchemy import update

from integration.money.till import Till
from isp_addons.domain.period import Month
from isp_addons.domain.quantity_change import When, Wish
from isp_addons.domain.subscription import Plan
from isp_addons.services import order, products, quantity_change
from isp_addons.store.tables import Product


def test_three_years_of_30_days_are_36_months(till: Till) -> None:
    new = products.NewProduct(code="years", name="years", vendor=None, price=100, terms="36")
    products.add(till.context, till.cause(), new)
    with till.store.write() as session:
        session.execute(update(Product).values(month=Month.DAYS_30.value))
    till.opens("42", balance=20_000)
    order.place(till.context, till.cause(), order.Order(account="42", product="years", plan=Plan.ONE_OFF, term="36"))
    till.now += timedelta(days=18 * 30)
    wish = Wish(subscription=1, quantity=2, when=When.NOW)
    assert quantity_change.change(till.context, till.cause(), wish).charged == 1800
