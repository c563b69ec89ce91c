"""A one-off term renewed with another quantity or split: it counts when the new term begins."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import Refused
from isp_addons.domain.quantity_change import Effect, Units
from isp_addons.services import quantities
from isp_addons.services import quantity_rules as rules
from isp_addons.services.context import Context
from isp_addons.store import changes
from isp_addons.store.tables import Product, QuantityChange, Subscription


def units(
    session: Session, subscription: Subscription, product: Product, *, quantity: int | None, told: Mapping[str, int]
) -> Units:
    """How many units the new term has: as wished for, else what is to come, else as before.

    Raises `BadInput` (``bad_split``), and `Refused` (``renewed``) where a renewal with yet another number is paid.
    """
    pending = changes.pending_of(session, subscription.id)
    coming = Units(pending.quantity, pending.split) if pending is not None else _units(subscription)
    if quantity is None and not told:
        return coming
    wanted = quantities.units(subscription, product, quantity=quantity, told=told)
    if pending is not None and rules.is_paid_for(subscription, pending) and wanted != coming:
        raise Refused(
            f"Subscription {subscription.id} was renewed with {coming.quantity} already; do it again when the new term runs.",
            code="renewed",
        )
    return wanted


def resize(
    context: Context,
    session: Session,
    cause: Cause,
    subscription: Subscription,
    product: Product,
    wanted: Units,
    *,
    start: datetime,
) -> None:
    """Let *subscription* have the *wanted* units from *start* on, at once when that is now; nothing where that is paid already.

    Raises `BadInput` (``bad_quantity``), `Refused` (``quantity_fixed``, ``seats_in_use``).
    """
    pending = changes.pending_of(session, subscription.id)
    if pending is not None and rules.is_paid_for(subscription, pending):
        return
    if pending is not None:
        quantities.forget_change(context, session, cause, subscription, product)
    if wanted == _units(subscription):
        return
    in_seats = quantities.is_in_seats(context, product)
    quantities.check_limits(product, wanted.quantity)
    quantities.check_seats(session, subscription, wanted.quantity)
    price = quantities.next_price(context, session, subscription, product, quantity=wanted.quantity, at=start)
    row = _row(subscription, cause, wanted, in_seats=in_seats, price=price, start=start)
    if start <= cause.at:
        row.effect, row.applied_at = Effect.NOW.value, cause.at
        session.add(row)
        session.flush()
        changes.apply_one(session, cause, subscription, wanted, in_seats=in_seats)
    else:
        changes.add(session, cause, row)
    changes.set_price(session, cause, subscription, price)


def _units(subscription: Subscription) -> Units:
    return Units(subscription.quantity, subscription.split)


def _row(
    subscription: Subscription, cause: Cause, wanted: Units, *, in_seats: bool, price: int, start: datetime
) -> QuantityChange:
    return QuantityChange(
        subscription_id=subscription.id,
        actor=cause.actor,
        effect=Effect.PENDING.value,
        before=subscription.quantity,
        quantity=wanted.quantity,
        split=wanted.split,
        in_seats=in_seats,
        price=price,
        asked_at=cause.at,
        from_at=start,
    )
