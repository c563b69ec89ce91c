"""What a product and its vendor say about quantities, and what the units of a subscription cost."""

from datetime import datetime

from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import Kind
from isp_addons.domain.price_list import PriceList, flat
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.seats import is_account_wide
from isp_addons.services import prices
from isp_addons.services.context import Context
from isp_addons.store import changes, users
from isp_addons.store.tables import Product, Subscription


def check_limits(product: Product, quantity: int) -> None:
    """Raise `BadInput` (``bad_quantity``) for a quantity in which *product* is not sold."""
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


def price_list(session: Session, subscription: Subscription, product: Product, *, at: datetime) -> PriceList:
    """What units of *subscription* cost at *at*: by the product's price list, or as agreed with this account alone."""
    if not subscription.own_price:
        return prices.valid(session, product, at=at)
    pending = changes.pending_of(session, subscription.id)
    return flat(subscription.price // (pending.quantity if pending is not None else subscription.quantity))
