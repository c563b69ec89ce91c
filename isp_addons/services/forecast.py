"""Who can pay for the next period. SQL finds the accounts that cannot pay for all; the pure rule chooses for those alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.forecast import AddOn, Choice, Policy, choose
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.subscription import Plan, Status
from isp_addons.store import holds, scratch
from isp_addons.store.tables import Hold, Product, Subscription

_ANSWERED_FOR = (HoldOwner.BILLING.value, HoldOwner.FORECAST.value)
"""Holds that follow from money. Any other hold means that nothing is taken while it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountForecast:
    """What the next period brings one account; ``keep`` and ``suspend`` are product codes in the order they were asked."""

    account_id: str
    period_end: datetime
    currency: str
    available_minor: int
    dues_minor: int
    blocked: bool
    keep: tuple[str, ...]
    suspend: tuple[str, ...]


def gather_renewing(session: Session) -> None:
    """Fill `scratch.renewing`: the recurring subscriptions of the accounts in `scratch.funds` that want money next."""
    scratch.empty(session, scratch.renewing)
    frozen = exists().where(Hold.subscription_id == Subscription.id, Hold.lifted_at.is_(None), Hold.owner.not_in(_ANSWERED_FOR))
    rows = (
        select(Subscription.id, Subscription.account_id, Subscription.price)
        .join(scratch.funds, scratch.funds.c.account_id == Subscription.account_id)
        .where(Subscription.status == Status.RUNNING.value, Subscription.plan == Plan.RECURRING.value, ~frozen)
    )
    session.execute(insert(scratch.renewing).from_select(["subscription_id", "account_id", "price"], rows))
    scratch.know(session, scratch.renewing)


def choose_suspended(session: Session, *, policy: Policy) -> list[int]:
    """The subscriptions of `scratch.renewing` that the money does not reach for."""
    renewing, funds = scratch.renewing.c, scratch.funds.c
    totals = (
        select(renewing.account_id, func.sum(renewing.price).label("total")).group_by(renewing.account_id).subquery("totals")
    )
    short = (
        select(funds.account_id)
        .join(totals, totals.c.account_id == funds.account_id)
        .where(funds.unlimited.is_(False), totals.c.total > funds.available - funds.dues)
    )
    rows = session.execute(_queues().where(funds.account_id.in_(short)))
    return [each for _, choice in _choices(rows, policy) for each in choice.suspend]


def forecasts(session: Session, *, policy: Policy) -> Iterator[AccountForecast]:
    """Every account of `scratch.funds` with what would be kept and suspended, in the order of the billing's accounts."""
    codes = dict(session.execute(select(Product.id, Product.code)).tuples().all())
    rows = session.execute(_queues().execution_options(yield_per=5000))
    for group, choice in _choices(rows, policy):
        product = {row.subscription_id: codes[row.product_id] for row in group if row.subscription_id is not None}
        first = group[0]
        yield AccountForecast(
            account_id=first.ref,
            period_end=first.period_end,
            currency=first.currency,
            available_minor=first.available,
            dues_minor=first.dues,
            blocked=first.blocked,
            keep=tuple(product[each] for each in choice.keep),
            suspend=tuple(product[each] for each in choice.suspend),
        )


def leave_kept(session: Session, suspended: list[int]) -> None:
    """Take the *suspended* out of `scratch.renewing`; what stays is what can be paid for. They become `scratch.chosen`."""
    holds.choose(session, suspended)
    session.execute(
        delete(scratch.renewing).where(scratch.renewing.c.subscription_id.in_(select(scratch.chosen.c.subscription_id)))
    )


def _queues() -> Select[Any]:
    """Every account of the scratch funds with its add-ons, account by account."""
    funds, renewing = scratch.funds.c, scratch.renewing.c
    return (
        select(
            funds.ref,
            funds.period_end,
            funds.currency,
            funds.available,
            funds.dues,
            funds.blocked,
            funds.unlimited,
            renewing.subscription_id,
            renewing.price,
            Subscription.priority,
            Subscription.ordered_at,
            Subscription.product_id,
        )
        .outerjoin(scratch.renewing, renewing.account_id == funds.account_id)
        .outerjoin(Subscription, Subscription.id == renewing.subscription_id)
        .select_from(scratch.funds)
        .order_by(func.length(funds.ref), funds.ref)
    )


def _choices(rows: Any, policy: Policy) -> Iterator[tuple[list[Any], Choice]]:
    for _, members in groupby(rows, key=lambda row: row.ref):
        group = list(members)
        queue = [
            AddOn(row.subscription_id, row.price, row.priority, row.ordered_at)
            for row in group
            if row.subscription_id is not None
        ]
        first = group[0]
        yield group, choose(first.available, first.dues, queue, policy=policy, unlimited=first.unlimited)
