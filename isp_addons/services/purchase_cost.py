"""What the vendor takes for what was charged: the product's purchase price, for the units and the time that are paid."""

from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.money import half_up
from isp_addons.domain.period import add_months, time_zone
from isp_addons.store.tables import Account, Product, QuantityChange, Subscription


def of_charge(
    session: Session,
    *,
    subscription_id: int,
    change: int,
    quantity: int | None,
    start: datetime,
    end: datetime,
    at: datetime,
) -> int:
    """The cost, in minor units, of a charge for the period from *start* to *end*, from *at* on when that is later.

    *change*: the change of quantity (its id) that the charge is for, 0 = the whole subscription; *quantity*: for how many
    units, None = as that says.
    """
    found = session.execute(
        select(Product.purchase_price, Subscription.quantity, Account.time_zone)
        .join(Subscription, Subscription.product_id == Product.id)
        .join(Account, Account.id == Subscription.account_id)
        .where(Subscription.id == subscription_id)
    ).one()
    if not found.purchase_price:
        return 0
    if quantity is None:
        added = select(QuantityChange.quantity - QuantityChange.before).where(QuantityChange.id == change)
        quantity = session.scalars(added).one() if change else found.quantity
    zone = time_zone(found.time_zone)
    return half_up(found.purchase_price * quantity * months(max(start, at), end, zone=zone))


def months(start: datetime, end: datetime, *, zone: ZoneInfo) -> Fraction:
    """How many months of the calendar of *zone* there are from *start* to *end*; what is less than one counts by time."""
    if start >= end:
        return Fraction(0)
    whole = 0
    while add_months(end, -whole - 1, zone) >= start:
        whole += 1
    before, first = add_months(end, -whole - 1, zone), add_months(end, -whole, zone)
    return whole + Fraction(int((first - start).total_seconds()), int((first - before).total_seconds()))
