"""Terms that renew themselves: when one is over it is paid again, or it is held until it can be; nothing is deleted."""

import logging

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Problem
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import charge
from isp_addons.services.context import Context
from isp_addons.store import changes
from isp_addons.store.tables import Hold, LedgerAccount, Subscription

log = logging.getLogger(__name__)

_MOST = 1000
_MOST_TERMS = 36
"""How many terms one run catches up for a subscription: three years of months."""


def apply(context: Context, cause: Cause) -> int:
    """Renew every running term that renews itself and is over, where the money reaches; returns how many were renewed.

    One that was used until now goes on from its old end; one that was held because nobody paid begins anew. What the money
    does not reach for is held by `isp_addons.services.term_end`, and renewed as soon as it does.
    """
    if not context.billing.takes_money:
        return 0
    with context.store.read() as session:
        due = changes.any_term_begins(session, at=cause.at)
    if due:
        with context.store.write() as session:
            changes.begin_terms(session, cause)
    renewed = 0
    for _ in range(_MOST_TERMS):
        with context.store.read() as session:
            waiting = _waiting(session, cause)
        done = sum(_renew(context, cause, subscription_id, unpaid=held) for subscription_id, held in waiting)
        renewed += done
        if not done:
            break
    return renewed


def _waiting(session: Session, cause: Cause) -> list[tuple[int, bool]]:
    """What is over and may be paid, and whether it was held meanwhile. While anybody else holds one, it is not renewed."""
    standing = exists().where(Hold.subscription_id == Subscription.id, Hold.lifted_at.is_(None))
    forecast = standing.where(Hold.owner == HoldOwner.FORECAST.value)
    query = (
        select(Subscription.id, forecast)
        .join(LedgerAccount, LedgerAccount.account_id == Subscription.account_id)
        .where(
            Subscription.plan == Plan.ONE_OFF.value,
            Subscription.renews,
            Subscription.status == Status.RUNNING.value,
            Subscription.paid_until <= cause.at,
            LedgerAccount.blocked.is_(False),
            or_(LedgerAccount.unlimited, LedgerAccount.balance + LedgerAccount.credit >= Subscription.price),
            ~standing.where(Hold.owner != HoldOwner.FORECAST.value),
        )
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Subscription.priority, Subscription.id).limit(_MOST))]


def _renew(context: Context, cause: Cause, subscription_id: int, *, unpaid: bool) -> bool:
    try:
        charge.renew(context, cause, subscription_id=subscription_id, goes_on=not unpaid)
    except Problem as problem:
        log.info("subscription %s is not renewed: %s", subscription_id, problem.message)
        return False
    return True
