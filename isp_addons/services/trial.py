"""Trials: a product for nothing, once for each account and for so many days; an explicit order takes the licence over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import Kind, TrialEnd
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import cancel
from isp_addons.services.context import Context
from isp_addons.store import scratch, users, wants
from isp_addons.store.tables import Hold, Product, Subscription

_LAST = (HoldOwner.ADMIN, HoldOwner.ABUSE, HoldOwner.VENDOR)
"""Holds that no order of the account lifts. The forecast's and the account's own stay behind with the trial."""


def standing(session: Session, *, account_id: int, product: Product, plan: Plan) -> Subscription | None:
    """The trial of *product* whose licences an order of *plan* takes over, its time over or not; None where there is none.

    Raises `Refused` for another trial (``trial_used``), where the product has none (``no_trial``), and while somebody holds the
    trial whose hold an order does not lift (``held``).
    """
    query = select(Subscription).where(Subscription.account_id == account_id, Subscription.product_id == product.id)
    before = list(session.scalars(query.order_by(Subscription.id.desc())))
    if plan is Plan.TRIAL:
        if not product.trial_days:
            raise Refused(f"{product.code} has no trial; order it with another plan.", code="no_trial")
        if before:
            raise Refused(
                f"The account has or had {product.code} already (subscription {before[0].id}); a trial is for the first time.",
                code="trial_used",
            )
        return None
    tried = next((each for each in before if _runs(each)), None)
    if tried is not None:
        _refuse_while_held(session, tried, product)
    return tried


def is_for_everybody(subscription: Subscription, product: Product) -> bool:
    """Whether *subscription* is a trial in which every user of the account has the product, so that nobody is given a seat."""
    return _runs(subscription) and was_for_everybody(subscription, product)


def was_for_everybody(subscription: Subscription, product: Product) -> bool:
    """The same for a trial that was taken over too: for the rest of its time nobody loses what he tries."""
    by_seat = product.kind == Kind.SEAT.value and product.trial_then == TrialEnd.END.value
    return subscription.plan == Plan.TRIAL.value and by_seat


def has_open_pool(context: Context, subscription: Subscription, product: Product) -> bool:
    """Whether *subscription* is a trial into which any number of users is taken, and all are charged for at its end."""
    if product.vendor is None or not _runs(subscription) or product.trial_then != TrialEnd.CHARGE.value:
        return False
    return product.kind == Kind.SEAT.value and not context.capabilities(product.vendor).counts_seats


def take_over(
    session: Session, cause: Cause, trial: Subscription, subscription_id: int, rows: Sequence[Mapping[str, Any]]
) -> set[int]:
    """Hand licences and users' seats of *trial* over to the subscription that was ordered, and end the trial.

    Returns which licences were handed over, by their number in the subscription.
    """
    moved = replace(cause, why=f"subscription {subscription_id} takes the trial {trial.id} over")
    users.move_seats(session, moved, before=trial.id, after=subscription_id)
    seats = wants.hand_over(session, cause, before=trial.id, after=subscription_id, rows=rows)
    cancel.move(session, cause, trial, Status.ENDED)
    scratch.empty(session, scratch.touched)
    session.execute(insert(scratch.touched).values(subscription_id=subscription_id))
    wants.rework(session, cause)
    return seats


def _runs(subscription: Subscription) -> bool:
    running = subscription.status in (Status.RUNNING.value, Status.ENDING.value)
    return running and subscription.plan == Plan.TRIAL.value


def _refuse_while_held(session: Session, trial: Subscription, product: Product) -> None:
    mine = (Hold.subscription_id == trial.id, Hold.owner.in_([owner.value for owner in _LAST]), Hold.lifted_at.is_(None))
    owners = list(session.scalars(select(Hold.owner).where(*mine).order_by(Hold.owner)))
    if owners:
        raise Refused(
            f"The trial of {product.code} (subscription {trial.id}) is held by {' and '.join(owners)}, which an order does not "
            f"lift; nothing was ordered. See: isp-addons subscriptions show {trial.id}",
            code="held",
        )
