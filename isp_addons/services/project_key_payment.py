"""What it means for a subscription that a project key pays it: a term that is paid, with the key's units.

The smallest change of what there is: the subscription becomes a one-off term until the key's end. So no period is charged,
no forecast counts it, and what a term's end means at the vendor is the same for every product.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Refused
from isp_addons.domain.project_key import Span
from isp_addons.domain.quantity_change import Effect, Units
from isp_addons.domain.split import as_dict
from isp_addons.domain.subscription import Plan
from isp_addons.services import paid_until, quantities, trial
from isp_addons.services.context import Context
from isp_addons.services.subscribe import NewSubscription, create
from isp_addons.store import audit, changes, holds
from isp_addons.store.tables import Account, Product, ProjectKey, QuantityChange, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What a key pays: these units for that time. ``price``: what it comes to in a month, in minor units."""

    key: ProjectKey
    product: Product
    span: Span
    units: Units
    price: int


def begin(context: Context, session: Session, cause: Cause, account: Account, payment: Payment) -> int:
    """A new subscription, paid by the key from the beginning; a trial of the product is taken over. Returns its number."""
    _require_quantity(context, payment)
    new = NewSubscription(
        account_id=account.id,
        product=payment.product,
        key=f"project-key:{payment.key.id}",
        plan=Plan.ONE_OFF,
        quantity=payment.units.quantity,
        term_months=payment.key.term_months,
        price=payment.price,
        paid_until=payment.span.until,
        instead_of=trial.standing(session, account_id=account.id, product=payment.product, plan=Plan.ONE_OFF),
        split=as_dict(payment.units.split),
    )
    return create(session, context, cause, new)


def pay(
    context: Context, session: Session, cause: Cause, subscription: Subscription, payment: Payment, *, effect: Effect
) -> None:
    """Let the key pay *subscription* from now on, or from the end of what is paid; its units count by *effect*."""
    _forget_pending(session, cause, subscription)
    if effect is not Effect.NOTHING:
        _resize(context, session, cause, subscription, payment, effect)
    _record(session, cause, subscription, "plan", subscription.plan, Plan.ONE_OFF.value)
    _record(session, cause, subscription, "paid_until", subscription.paid_until, payment.span.until)
    _record(session, cause, subscription, "price", subscription.price, payment.price)
    if not subscription.renews:  # a term that renews itself goes on with its own
        subscription.term_months = payment.key.term_months
    subscription.plan = Plan.ONE_OFF.value
    subscription.paid_until, subscription.price, subscription.own_price = payment.span.until, payment.price, False
    session.flush()
    paid_until.tell(context, session, cause, subscription)
    holds.choose(session, [subscription.id])
    holds.lift(session, cause, owner=HoldOwner.FORECAST)


def _resize(
    context: Context, session: Session, cause: Cause, subscription: Subscription, payment: Payment, effect: Effect
) -> None:
    units = payment.units
    in_seats = quantities.is_in_seats(context, payment.product)
    quantities.check_seats(session, subscription, units.quantity)
    later = effect is Effect.PENDING
    row = QuantityChange(
        subscription_id=subscription.id,
        actor=cause.actor,
        effect=effect.value,
        before=subscription.quantity,
        quantity=units.quantity,
        split=units.split,
        in_seats=in_seats,
        price=payment.price,
        asked_at=cause.at,
        from_at=payment.span.start if later else cause.at,
        applied_at=None if later else cause.at,
    )
    if later:
        changes.add(session, cause, row)
        return
    session.add(row)
    session.flush()
    changes.apply_one(session, cause, subscription, units, in_seats=in_seats)


def _forget_pending(session: Session, cause: Cause, subscription: Subscription) -> None:
    """The key pays its own units: what was to come does not, unless a renewal has paid for it."""
    if subscription.plan == Plan.ONE_OFF.value and changes.pending_of(session, subscription.id) is not None:
        raise Refused(
            f"Subscription {subscription.id} was renewed, and paid, with another quantity; redeem the key when that term runs.",
            code="renewed",
        )
    changes.drop(session, cause, subscription.id)


def _require_quantity(context: Context, payment: Payment) -> None:
    product, quantity = payment.product, payment.units.quantity
    if product.vendor is None:
        return
    can = context.capabilities(product.vendor)
    if can.issues_codes:
        raise Refused(f"{product.code} is sold as activation codes; no project key pays them.", code="sold_as_codes")
    if quantity > 1 and not (can.counts_seats or can.changes_quantity):
        raise Refused(f"The vendor {product.vendor} sells {product.code} one at a time.", code="bad_quantity")


def running_key(session: Session, subscription_id: int) -> ProjectKey | None:
    """The key that pays a subscription, the newest of several."""
    mine = (ProjectKey.subscription_id == subscription_id, ProjectKey.ended_at.is_(None))
    return session.scalar(select(ProjectKey).where(*mine).order_by(ProjectKey.until.desc()).limit(1))


def _record(session: Session, cause: Cause, subscription: Subscription, field: str, before: object, after: object) -> None:
    if before != after:
        audit.record(
            session, cause, subject="subscription", subject_id=subscription.id, field=field, before=before, after=after
        )
