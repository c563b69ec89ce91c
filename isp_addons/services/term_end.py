"""A term or a trial is over at a vendor that lets licences run on: they are suspended, and nothing is deleted."""

from sqlalchemy import ColumnElement, Select, and_, exists, insert, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import TrialEnd
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.licence import SeenState
from isp_addons.domain.problem import Problem
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services.context import Context
from isp_addons.store import holds, scratch
from isp_addons.store.tables import Account, Hold, Licence, Product, Subscription

_TERMS = (Plan.ONE_OFF.value, Plan.TRIAL.value)
_GONE = (SeenState.ABSENT.value, SeenState.ENDED.value)


def apply(context: Context, cause: Cause) -> int:
    """Hold every one-off term and trial that is over, where its vendor does not end it by itself; returns how many changed.

    The hold is the forecast's, since what is not paid for is not used; a renewal lifts it. What the vendor does not have when
    the time is over is held whatever the vendor: nothing is ordered there after its end; so is a term that renews itself. A
    hold that stands although the term is paid again is lifted.
    """
    with context.store.write() as session:
        over, paid = _over(session, context, cause), _paid_again(cause)
        _lock_accounts(session, or_(Subscription.id.in_(over), Subscription.id.in_(paid)))
        _choose(session, paid)
        lifted = holds.lift(session, cause, owner=HoldOwner.FORECAST)
        _choose(session, over)
        return lifted + holds.put(session, cause, owner=HoldOwner.FORECAST)


def _over(session: Session, context: Context, cause: Cause) -> Select[int]:
    known = select(Product.vendor).where(Product.vendor.is_not(None)).distinct()
    vendors = [name for name in session.scalars(known) if name is not None and _runs_on(context, name)]
    not_there = exists().where(Licence.subscription_id == Subscription.id, Licence.seen_state.in_(_GONE))
    return (
        select(Subscription.id)
        .join(Product, Product.id == Subscription.product_id)
        .where(
            or_(Product.vendor.in_(vendors), not_there, Subscription.renews),
            Subscription.plan.in_(_TERMS),
            Subscription.status == Status.RUNNING.value,
            Subscription.paid_until <= cause.at,
            ~_held(),
            ~_is_still_charged(),
        )
    )


def _is_still_charged() -> ColumnElement[bool]:
    """A trial that `isp_addons.services.trial_end` turns into a subscription, or holds itself: it may have to wait a moment."""
    standing = exists().where(Hold.subscription_id == Subscription.id, Hold.lifted_at.is_(None))
    return and_(Subscription.plan == Plan.TRIAL.value, Product.trial_then == TrialEnd.CHARGE.value, ~standing)


def _paid_again(cause: Cause) -> Select[int]:
    return select(Subscription.id).where(
        Subscription.plan == Plan.ONE_OFF.value,
        Subscription.status == Status.RUNNING.value,
        Subscription.paid_until > cause.at,
        _held(),
    )


def _held() -> ColumnElement[bool]:
    mine = and_(Hold.subscription_id == Subscription.id, Hold.owner == HoldOwner.FORECAST.value)
    return exists().where(mine, Hold.lifted_at.is_(None))


def _lock_accounts(session: Session, condition: ColumnElement[bool]) -> None:
    """Whoever renews one of these waits from here on, or is done: what is chosen afterwards stays true."""
    theirs = select(Subscription.account_id).where(condition)
    session.execute(select(Account.id).where(Account.id.in_(theirs)).order_by(Account.id).with_for_update())


def _choose(session: Session, subscriptions: Select[int]) -> None:
    scratch.empty(session, scratch.chosen)
    session.execute(insert(scratch.chosen).from_select(["subscription_id"], subscriptions))


def _runs_on(context: Context, vendor: str) -> bool:
    try:
        return not context.capabilities(vendor).ends_by_itself
    except Problem:
        return False  # whoever cannot be called cannot be told; the next time
