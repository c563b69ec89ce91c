"""A project key's term is over: its subscription is paid as before, or is simply over."""

import logging
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Problem, Refused, TryAgain
from isp_addons.domain.proration import Proration, months_to_pay
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import charge, customers, discount, find, paid_until, prices
from isp_addons.services.context import Context
from isp_addons.store import audit, holds, scratch
from isp_addons.store.tables import Account, Customer, Product, ProjectKey, Subscription

log = logging.getLogger(__name__)

_MOST = 1000


def finish(context: Context, cause: Cause) -> int:
    """Whatever keys paid until now is paid as before from now on, or is over; returns how many keys ended.

    What was paid by period before is charged for the rest of the account's period, and held where the money does not reach.
    Any number of times; at most 1000 keys at a time.
    """
    due = select(ProjectKey.id, Account.ref).where(_over(cause)).order_by(ProjectKey.until, ProjectKey.id).limit(_MOST)
    due = due.join(Subscription, Subscription.id == ProjectKey.subscription_id)
    with context.store.read() as session:
        found = session.execute(due.join(Account, Account.id == Subscription.account_id)).all()
    if not found:
        return 0
    refs = sorted({each.ref for each in found})
    gathered = context.billing.gather(refs, at=cause.at)
    with context.store.write() as session:
        _lock_customers(session, [each.id for each in found])
        find.known_accounts(context, session, gathered, refs)
        still = select(ProjectKey).where(ProjectKey.id.in_([each.id for each in found]), _over(cause))
        keys = list(session.scalars(still.order_by(ProjectKey.until, ProjectKey.id)))
        return sum(_end_alone(context, session, cause, key) for key in keys)


def _over(cause: Cause) -> ColumnElement[bool]:
    return and_(ProjectKey.used_at.is_not(None), ProjectKey.ended_at.is_(None), ProjectKey.until <= cause.at)


def _lock_customers(session: Session, ids: Sequence[int]) -> None:
    """First, as everybody does who redeems a key."""
    theirs = select(ProjectKey.customer_id).where(ProjectKey.id.in_(ids))
    session.execute(select(Customer.id).where(Customer.id.in_(theirs)).order_by(Customer.id).with_for_update())


def _end_alone(context: Context, session: Session, cause: Cause, key: ProjectKey) -> bool:
    """One that cannot be ended, for instance because its vendor is not configured any more, does not stop the others."""
    try:
        with session.begin_nested():
            _end(context, session, cause, key)
    except TryAgain:
        raise
    except Problem as problem:
        log.warning("project key %s does not end yet: %s", key.id, problem.message)
        return False
    return True


def _end(context: Context, session: Session, cause: Cause, key: ProjectKey) -> None:
    subscription = session.get_one(Subscription, key.subscription_id)
    paid_on = subscription.paid_until is not None and key.until is not None and subscription.paid_until > key.until
    runs = subscription.status == Status.RUNNING.value and subscription.plan == Plan.ONE_OFF.value
    if runs and not paid_on and (key.plan_before != Plan.RECURRING.value or not _pay_again(context, session, cause, key)):
        holds.choose(session, [subscription.id])
        holds.put(session, cause, owner=HoldOwner.FORECAST)
    key.ended_at = cause.at
    session.flush()
    audit.record(session, cause, subject="project_key", subject_id=key.id, field="ended", before=None, after=cause.at)
    _pay_as_before(session, cause, key)


def _pay_again(context: Context, session: Session, cause: Cause, key: ProjectKey) -> bool:
    """By period again: the rest of the running one. False: the money does not reach, or there is no price.

    Where the account's period is over too, the next one is paid when it begins, like everything else.
    """
    subscription = session.get_one(Subscription, key.subscription_id)
    product = session.get_one(Product, subscription.product_id)
    funds = session.execute(select(scratch.funds).where(scratch.funds.c.account_id == subscription.account_id)).one_or_none()
    try:
        price = _price(context, session, cause, subscription, product, months=1)
    except Refused as problem:
        log.warning("subscription %s is over with its project key: %s", subscription.id, problem.message)
        return False
    _change(session, cause, subscription, "plan", Plan.RECURRING.value)
    _change(session, cause, subscription, "price", price)
    subscription.term_months = 1
    session.flush()
    begins = funds is not None and funds.period_end <= cause.at
    can_pay = funds is not None and not funds.blocked and not begins
    paid = can_pay and _pay_rest(context, session, cause, subscription, product, funds)
    paid_until.tell(context, session, cause, subscription)
    if paid:
        holds.choose(session, [subscription.id])
        holds.lift(session, cause, owner=HoldOwner.FORECAST)
    return paid or begins


def _price(
    context: Context, session: Session, cause: Cause, subscription: Subscription, product: Product, *, months: Fraction | int
) -> int:
    """What the units cost for *months*. Raises `Refused` (``no_price``)."""
    listed = prices.valid(session, product, at=cause.at)
    return listed.less(discount.discount_of_next(context, session, subscription)).price_for(
        subscription.quantity, months=months
    )


def _pay_rest(
    context: Context, session: Session, cause: Cause, subscription: Subscription, product: Product, funds: Any
) -> bool:
    """The rest of the account's period from the key's end on, by the product's proration; whether the money reached."""
    end, start = funds.period_end, max(subscription.paid_until or cause.at, funds.period_start)
    months = months_to_pay(Proration(product.proration), now=start, start=funds.period_start, end=end, months=1)
    amount = _price(context, session, cause, subscription, product, months=months)
    if not _take(context, session, cause, subscription, funds, amount, start=start):
        return False
    _change(session, cause, subscription, "paid_until", end)
    session.flush()
    return True


def _take(
    context: Context, session: Session, cause: Cause, subscription: Subscription, funds: Any, amount: int, *, start: datetime
) -> bool:
    """Whether the rest of the period is paid."""
    if not context.billing.takes_money:
        reaches = bool(funds.unlimited or funds.available >= amount)
        left = scratch.funds.c.available - (amount if reaches else 0)
        mine = update(scratch.funds).where(scratch.funds.c.account_id == subscription.account_id)
        session.execute(mine.values(available=left).execution_options(synchronize_session=False))
        return reaches
    try:
        charge.take(
            session,
            cause,
            account_id=subscription.account_id,
            subscription_id=subscription.id,
            amount=amount,
            start=start,
            end=funds.period_end,
        )
    except Refused as problem:
        if problem.code != "insufficient_funds":
            raise
        return False
    return True


def _pay_as_before(session: Session, cause: Cause, key: ProjectKey) -> None:
    """The customer's payment method, once no other key of his runs."""
    another = select(ProjectKey.id).where(
        ProjectKey.customer_id == key.customer_id, ProjectKey.used_at.is_not(None), ProjectKey.ended_at.is_(None)
    )
    customer = session.get_one(Customer, key.customer_id)
    if session.scalar(another.limit(1)) is None and customer.payment_method != key.method_before:
        before, customer.payment_method = customer.payment_method, key.method_before
        customers.record(session, cause, customer.id, field="payment_method", before=before, after=key.method_before)
        session.flush()


def _change(session: Session, cause: Cause, subscription: Subscription, field: str, after: object) -> None:
    before = getattr(subscription, field)
    if before != after:
        setattr(subscription, field, after)
        audit.record(
            session, cause, subject="subscription", subject_id=subscription.id, field=field, before=before, after=after
        )
