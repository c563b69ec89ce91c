"""A trial is over, and its product says that those who are in it are charged for: it becomes a subscription, or just ends."""

import logging

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import Kind, TrialEnd
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import ConfigProblem, Problem, TryAgain
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import order
from isp_addons.services.context import Context
from isp_addons.store import holds, users
from isp_addons.store.tables import Account, Hold, Product, Subscription

log = logging.getLogger(__name__)

_MOST = 1000


def apply(context: Context, cause: Cause) -> int:
    """Turn every such trial that is over into a recurring subscription for as many as are in it; returns how many.

    Each on its own: who cannot pay keeps nothing and is charged nothing, and his trial is held. A trial that was cancelled, and
    one that nobody is in, simply ends. At most 1,000 at a time.
    """
    with context.store.read() as session:
        held = exists().where(Hold.subscription_id == Subscription.id, Hold.lifted_at.is_(None))
        over = and_(Subscription.plan == Plan.TRIAL.value, Subscription.paid_until <= cause.at)
        due = session.scalars(
            select(Subscription.id)
            .join(Product, Product.id == Subscription.product_id)
            .where(over, Subscription.status == Status.RUNNING.value, Product.trial_then == TrialEnd.CHARGE.value, ~held)
            .order_by(Subscription.id)
            .limit(_MOST)
        ).all()
    return sum(_charge(context, cause, each) for each in due)


def _charge(context: Context, cause: Cause, trial_id: int) -> bool:
    """Whether what was tried was ordered. It is held where nobody is in it, or where it cannot be ordered."""
    try:
        if _order(context, cause, trial_id):
            return True
        log.info("the trial %s is over and nobody is in it", trial_id)
    except (TryAgain, ConfigProblem) as problem:
        log.warning("the trial %s waits: %s", trial_id, problem.message)
        return False
    except Problem as problem:
        log.warning("the trial %s is not charged: %s", trial_id, problem.message)
    with context.store.write() as session:
        holds.choose(session, [trial_id])
        holds.put(session, cause, owner=HoldOwner.FORECAST)
    return False


def _order(context: Context, cause: Cause, trial_id: int) -> bool:
    """Order what was tried for as many as are in it; False: nobody is."""
    with context.store.read() as session:
        subscription, account, product = session.execute(
            select(Subscription, Account, Product)
            .join(Account, Account.id == Subscription.account_id)
            .join(Product, Product.id == Subscription.product_id)
            .where(Subscription.id == trial_id)
        ).one()
        count = _members(context, session, subscription, product)
        wanted = order.Order(
            account=account.ref, product=product.code, plan=Plan.RECURRING, key=f"trial:{trial_id}", quantity=max(count, 1)
        )
    if count:
        order.place(context, cause, wanted, own=True)
    return count > 0


def _members(context: Context, session: Session, subscription: Subscription, product: Product) -> int:
    """How many are in it: those with a seat, or all units where the vendor has a licence for each."""
    by_seat = product.kind == Kind.SEAT.value and product.vendor is not None
    if not by_seat or context.capabilities(str(product.vendor)).counts_seats:
        return subscription.quantity
    return users.standing_seats(session, subscription_id=subscription.id)
