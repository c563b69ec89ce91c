"""What a product and its vendor say about quantities, and what the units of a subscription cost."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from isp_addons.domain import split
from isp_addons.domain.catalogue import Kind
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.price_list import PriceList, flat
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.quantity_change import Units
from isp_addons.domain.seats import is_account_wide
from isp_addons.services import discount, prices
from isp_addons.services.context import Context
from isp_addons.store import changes, users
from isp_addons.store.tables import Product, Subscription


def check_limits(product: Product, quantity: int) -> None:
    """Raise `BadInput` (``bad_quantity``) for a quantity in which *product* is not sold."""
    if product.kind == Kind.DEVICE.value and product.most is not None and quantity != 1:
        raise BadInput(
            f"{product.code} is a bundle for up to {product.most} devices, sold one at a time, not {quantity}; order it again "
            "for more.",
            code="bad_quantity",
        )
    if quantity < product.least or (product.most is not None and quantity > product.most):
        limits = f"at least {product.least}" if product.most is None else f"{product.least} to {product.most}"
        raise BadInput(f"{product.code} is sold {limits} at a time, not {quantity}.", code="bad_quantity")


def is_in_seats(context: Context, product: Product) -> bool:
    """Whether the vendor has a licence for each unit. Raises `Refused` (``quantity_fixed``) where a quantity cannot change."""
    if product.kind == Kind.ACCOUNT_WIDE.value or is_account_wide(product.options):
        raise Refused(f"{product.code} is for the whole account: it has no quantity.", code="quantity_fixed")
    if product.vendor is None:
        return False
    can = context.capabilities(product.vendor)
    if can.issues_codes or not (can.counts_seats or can.changes_quantity):
        raise Refused(
            f"The vendor {product.vendor} cannot change the quantity of {product.code}; order it once more, or cancel it.",
            code="quantity_fixed",
        )
    return can.counts_seats


def check_seats(session: Session, subscription: Subscription, quantity: int) -> None:
    """Raise `Refused` (``seats_in_use``) where more users have a seat than *quantity*, saying how many must go."""
    given = users.standing_seats(session, subscription_id=subscription.id)
    if given > quantity:
        raise Refused(
            f"{given} users have a seat of subscription {subscription.id}: take {given - quantity} back first, with: "
            f"isp-addons seats unassign {subscription.id}",
            code="seats_in_use",
        )


def units(subscription: Subscription, product: Product, *, quantity: int | None, told: Mapping[str, int]) -> Units:
    """So many units (None: as many as there are), distributed as *told*, or as before where neither says anything else.

    Raises `BadInput` (``bad_split``).
    """
    total = subscription.quantity if quantity is None else quantity
    if not told and total == subscription.quantity:
        return Units(total, subscription.split)
    return Units(total, split.as_text(split.distribute(total, told, parts=product.split, product=product.code)))


def forget_change(context: Context, session: Session, cause: Cause, subscription: Subscription, product: Product) -> None:
    """Take the pending change of *subscription* back: its next period costs what there is. Raises `Refused` (``no_price``)."""
    at = subscription.paid_until or cause.at
    price = next_price(context, session, subscription, product, quantity=subscription.quantity, at=at)
    changes.drop(session, cause, subscription.id)
    changes.set_price(session, cause, subscription, price)


def price_list(
    context: Context, session: Session, cause: Cause, subscription: Subscription, product: Product, *, at: datetime
) -> PriceList:
    """What units of *subscription* cost at *at* for whoever is behind *cause*: by the product's price list, less his discount.

    Or as agreed with this account alone, where no discount counts.
    """
    if subscription.own_price:
        return _own_price(session, subscription)
    listed = prices.valid(session, product, at=at)
    if cause.source is Source.TIMETABLE:  # nobody asks: what goes on by itself goes on for whoever ordered it
        return listed.less(discount.discount_of_next(context, session, subscription))
    return listed.less(discount.discount_for(context, session, cause, subscription.account_id))


def next_price(
    context: Context, session: Session, subscription: Subscription, product: Product, *, quantity: int, at: datetime
) -> int:
    """What *quantity* units of *subscription* cost in the whole next period, which begins at *at*, discount taken off."""
    if subscription.own_price:
        return _own_price(session, subscription).price_for(quantity, months=1)
    listed = prices.valid(session, product, at=at)
    return listed.less(discount.discount_of_next(context, session, subscription)).price_for(quantity, months=1)


def _own_price(session: Session, subscription: Subscription) -> PriceList:
    pending = changes.pending_of(session, subscription.id)
    units = pending.quantity if pending is not None else subscription.quantity
    return flat(subscription.price, per_months=units)  # what all units cost, divided only when a line is rounded
