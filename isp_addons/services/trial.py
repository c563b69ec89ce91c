"""Trials: a product for nothing, once for each account and for so many days; an explicit order takes the licence over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import cancel
from isp_addons.store import scratch, wants
from isp_addons.store.tables import Product, Subscription


def standing(session: Session, *, account_id: int, product: Product, plan: Plan, now: datetime) -> Subscription | None:
    """The trial of *product* that runs for the account, which an order of *plan* takes over; None where there is none.

    Raises `Refused` for another trial (``had_trial``), and where the product has none (``no_trial``).
    """
    query = select(Subscription).where(Subscription.account_id == account_id, Subscription.product_id == product.id)
    before = list(session.scalars(query.order_by(Subscription.id.desc())))
    if plan is Plan.TRIAL:
        if not product.trial_days:
            raise Refused(f"{product.code} has no trial; order it with another plan.", code="no_trial")
        if before:
            raise Refused(
                f"The account has or had {product.code} already (subscription {before[0].id}); a trial is for the first time.",
                code="had_trial",
            )
        return None
    return next((each for each in before if _runs(each, now)), None)


def take_over(
    session: Session, cause: Cause, trial: Subscription, subscription_id: int, rows: Sequence[Mapping[str, Any]]
) -> set[int]:
    """Hand the licences of *trial* over to the subscription that was ordered, and end the trial; returns their seats."""
    seats = wants.hand_over(session, cause, before=trial.id, after=subscription_id, rows=rows)
    cancel.move(session, cause, trial, Status.ENDED)
    scratch.empty(session, scratch.touched)
    session.execute(insert(scratch.touched).values(subscription_id=subscription_id))
    wants.rework(session, cause)
    return seats


def _runs(subscription: Subscription, now: datetime) -> bool:
    over = subscription.paid_until is not None and subscription.paid_until <= now
    return subscription.plan == Plan.TRIAL.value and subscription.status == Status.RUNNING.value and not over
