"""A term or a trial is over at a vendor that lets licences run on: they are suspended, and nothing is deleted."""

from sqlalchemy import exists, insert, select

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Problem
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services.context import Context
from isp_addons.store import holds, scratch
from isp_addons.store.tables import Hold, Product, Subscription

_TERMS = (Plan.ONE_OFF.value, Plan.TRIAL.value)


def apply(context: Context, cause: Cause) -> int:
    """Hold every one-off term and trial that is over, where its vendor does not end it by itself; returns how many.

    The hold is the forecast's, since what is not paid for is not used; a renewal lifts it.
    """
    with context.store.write() as session:
        known = select(Product.vendor).where(Product.vendor.is_not(None)).distinct()
        vendors = [name for name in session.scalars(known) if name is not None and _runs_on(context, name)]
        if not vendors:
            return 0
        held = exists().where(
            Hold.subscription_id == Subscription.id, Hold.owner == HoldOwner.FORECAST.value, Hold.lifted_at.is_(None)
        )
        over = (
            select(Subscription.id)
            .join(Product, Product.id == Subscription.product_id)
            .where(
                Product.vendor.in_(vendors),
                Subscription.plan.in_(_TERMS),
                Subscription.status == Status.RUNNING.value,
                Subscription.paid_until <= cause.at,
                ~held,
            )
        )
        scratch.empty(session, scratch.chosen)
        session.execute(insert(scratch.chosen).from_select(["subscription_id"], over))
        return holds.put(session, cause, owner=HoldOwner.FORECAST)


def _runs_on(context: Context, vendor: str) -> bool:
    try:
        return not context.capabilities(vendor).ends_by_itself
    except Problem:
        return False  # whoever cannot be called cannot be told; the next time
