"""Terms that renew themselves: when one is over it is paid again, or it is held until it can be; nothing is deleted."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import case, exists, literal, select, tuple_
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.price_list import PriceList
from isp_addons.domain.problem import Problem
from isp_addons.domain.reseller import WHOLE
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import charge, discount, prices
from isp_addons.services.context import Context
from isp_addons.store import changes
from isp_addons.store.tables import Hold, LedgerAccount, Product, Subscription

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
        done = _renew_all(context, cause)
        renewed += done
        if not done:
            break
    return renewed


def _renew_all(context: Context, cause: Cause) -> int:
    """Each term that is over once, as long as there are any more; returns how many were renewed."""
    renewed, last = 0, (0, 0)
    while True:
        with context.store.read() as session:
            waiting = _waiting(context, session, cause, beyond=last)
            costs = _costs(session, cause, waiting)
        if not waiting:
            return renewed
        last = (waiting[-1].priority, waiting[-1].id)
        spent: dict[int, int] = defaultdict(int)
        for row in waiting:
            cost = costs.get(row.id)
            if cost is None or (cost > row.left - spent[row.account_id] and not row.unlimited):
                continue
            if _renew(context, cause, row.id, unpaid=row.held):
                renewed += 1
                spent[row.account_id] += cost


def _costs(session: Session, cause: Cause, waiting: Sequence[Any]) -> dict[int, int]:
    """What the next terms cost, in minor units, by subscription; without those that have no price."""
    lists: dict[int, PriceList] = {}
    found: dict[int, int] = {}
    for row in waiting:
        try:
            if row.own_price:
                found[row.id] = row.price * row.term_months
                continue
            if row.product_id not in lists:
                lists[row.product_id] = prices.valid(session, session.get_one(Product, row.product_id), at=cause.at)
            listed = lists[row.product_id].less(Fraction(row.discount, WHOLE))
            found[row.id] = listed.price_for(row.units, months=row.term_months)
        except Problem as problem:
            log.info("subscription %s is not renewed: %s", row.id, problem.message)
    return found


def _waiting(context: Context, session: Session, cause: Cause, *, beyond: tuple[int, int]) -> Sequence[Any]:
    """What is over, *beyond* that priority and number, and whether it was ``held`` meanwhile. ``left``: what may pay for it.

    While anybody else holds one, it is not renewed. The tariff comes first: where its period ends soon, its fee is not spent.
    """
    standing = exists().where(Hold.subscription_id == Subscription.id, Hold.lifted_at.is_(None))
    forecast = standing.where(Hold.owner == HoldOwner.FORECAST.value)
    soon = LedgerAccount.period_end <= cause.at + context.rules.lead
    left = LedgerAccount.balance + LedgerAccount.credit - case((soon, LedgerAccount.base_price), else_=0)
    query = (
        select(
            Subscription.id,
            Subscription.priority,
            Subscription.account_id,
            Subscription.product_id,
            Subscription.own_price,
            Subscription.price,
            Subscription.term_months,
            changes.next_quantity().label("units"),
            discount.next_discount(context.resellers).label("discount"),
            LedgerAccount.unlimited,
            left.label("left"),
            forecast.label("held"),
        )
        .join(LedgerAccount, LedgerAccount.account_id == Subscription.account_id)
        .where(
            Subscription.plan == Plan.ONE_OFF.value,
            Subscription.renews,
            Subscription.status == Status.RUNNING.value,
            Subscription.paid_until <= cause.at,
            LedgerAccount.blocked.is_(False),
            ~standing.where(Hold.owner != HoldOwner.FORECAST.value),
            tuple_(Subscription.priority, Subscription.id) > tuple_(*map(literal, beyond)),
        )
    )
    return session.execute(query.order_by(Subscription.priority, Subscription.id).limit(_MOST)).all()


def _renew(context: Context, cause: Cause, subscription_id: int, *, unpaid: bool) -> bool:
    try:
        charge.renew(context, cause, subscription_id=subscription_id, goes_on=not unpaid)
    except Problem as problem:
        log.info("subscription %s is not renewed: %s", subscription_id, problem.message)
        return False
    return True
