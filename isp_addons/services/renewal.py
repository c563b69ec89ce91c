"""A one-off term renewed with another quantity: it counts when the new term begins."""

from datetime import datetime

from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import Refused
from isp_addons.domain.quantity_change import Effect
from isp_addons.services import quantities
from isp_addons.services.context import Context
from isp_addons.store import changes
from isp_addons.store.tables import Product, QuantityChange, Subscription


def units(session: Session, subscription: Subscription, quantity: int | None) -> int:
    """How many units the new term has. Raises `Refused` (``renewed``) where a renewal with yet another number is paid."""
    pending = changes.pending_of(session, subscription.id)
    coming = pending.quantity if pending is not None else subscription.quantity
    if pending is not None and quantity not in (None, coming):
        raise Refused(
            f"Subscription {subscription.id} was renewed with {coming} already; renew it again when the new term runs.",
            code="renewed",
        )
    return coming if quantity is None else quantity


def resize(
    context: Context,
    session: Session,
    cause: Cause,
    subscription: Subscription,
    product: Product,
    *,
    quantity: int,
    start: datetime,
) -> None:
    """Let *subscription* have *quantity* units from *start* on, at once when that is now; nothing where it is pending already.

    Raises `BadInput` (``bad_quantity``), `Refused` (``quantity_fixed``, ``seats_in_use``).
    """
    if changes.pending_of(session, subscription.id) is not None:
        return
    in_seats = quantities.is_in_seats(context, product)
    quantities.check_limits(product, quantity)
    quantities.check_seats(session, subscription, quantity)
    price = quantities.price_list(session, subscription, product, at=start).price_for(quantity, months=1)
    row = QuantityChange(
        subscription_id=subscription.id,
        actor=cause.actor,
        effect=Effect.PENDING.value,
        before=subscription.quantity,
        quantity=quantity,
        in_seats=in_seats,
        price=price,
        asked_at=cause.at,
        from_at=start,
    )
    if start <= cause.at:
        row.effect, row.applied_at = Effect.NOW.value, cause.at
        session.add(row)
        session.flush()
        changes.apply_one(session, cause, subscription, quantity=quantity, in_seats=in_seats)
    else:
        changes.add(session, cause, row)
    changes.set_price(session, cause, subscription, price)
