"""Who can pay for the next period. SQL finds the accounts that cannot pay for all; the pure rule chooses for those alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, delete, exists, func, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import WhileSuspended
from isp_addons.domain.forecast import AddOn, Choice, Policy, choose
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.subscription import Plan, Status
from isp_addons.store import scratch
from isp_addons.store.tables import Hold, Product, Subscription

_ANSWERED_FOR = (HoldOwner.BILLING.value, HoldOwner.FORECAST.value)
"""Holds that follow from money. While any other stands, the product says whether its periods are taken."""


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
    rows = (
        select(Subscription.account_id, Subscription.id, Subscription.price)
        .join(scratch.funds, scratch.funds.c.account_id == Subscription.account_id)
        .where(Subscription.status == Status.RUNNING.value, Subscription.plan == Plan.RECURRING.value, ~spared())
    )
    session.execute(insert(scratch.renewing).from_select(["account_id", "subscription_id", "price"], rows))
    scratch.know(session, scratch.renewing)


def leave_out_blocked(session: Session, *, takes_money: bool) -> None:
    """Take the add-ons of blocked accounts out of `scratch.renewing`: they are suspended, and nothing is taken for them.

    *takes_money*: the money is ours to take, so that what costs the same while it is suspended stays in. A billing that takes
    it itself takes nothing from an account that it blocks.
    """
    renewing, funds = scratch.renewing.c, scratch.funds.c
    leave = delete(scratch.renewing).where(renewing.account_id.in_(select(funds.account_id).where(funds.blocked)))
    if takes_money:
        stays = select(Subscription.id).where(Subscription.product_id.in_(charged_while_suspended()))
        leave = leave.where(renewing.subscription_id.not_in(stays))
    session.execute(leave)


def frozen() -> ColumnElement[bool]:
    """Whether a hold that no money lifts stands on a `Subscription`."""
    return exists().where(*_frozen())


def spared() -> ColumnElement[bool]:
    """Whether nothing is taken for the next period of a recurring `Subscription`, because a hold stands that no money lifts."""
    return exists().where(*_frozen(), Subscription.product_id.not_in(charged_while_suspended()))


def charged_while_suspended() -> Select[int]:
    """The products whose periods cost the same while they are suspended."""
    return select(Product.id).where(Product.while_suspended == WhileSuspended.FULL.value)


def _frozen() -> tuple[ColumnElement[bool], ...]:
    return (Hold.subscription_id == Subscription.id, Hold.lifted_at.is_(None), Hold.owner.not_in(_ANSWERED_FOR))


def choose_suspended(session: Session, *, policy: Policy) -> None:
    """Fill `scratch.chosen` with the subscriptions that the money does not reach for; `scratch.renewing` keeps the others.

    SQL settles the two ends: whoever can pay for everything loses nothing, whoever cannot pay for the cheapest loses
    everything. For the accounts in between the rule chooses.
    """
    chosen, renewing = scratch.empty(session, scratch.chosen), scratch.renewing.c
    short = _short_accounts()
    nothing_fits = select(renewing.subscription_id).join(short, short.c.account_id == renewing.account_id)
    session.execute(insert(chosen).from_select(["subscription_id"], nothing_fits.where(short.c.left < short.c.cheapest)))
    queues = (
        select(
            short.c.account_id, short.c.left, Subscription.priority, Subscription.ordered_at, Subscription.id, renewing.price
        )
        .join(scratch.renewing, renewing.account_id == short.c.account_id)
        .join(Subscription, Subscription.id == renewing.subscription_id)
        .where(short.c.left >= short.c.cheapest)
        .order_by(short.c.account_id)
    )
    suspended: list[int] = []
    for (_, left), members in groupby(session.connection().execute(queues), key=itemgetter(0, 1)):
        suspended += choose(left, 0, [AddOn(*row[2:]) for row in members], policy=policy).suspend
    if suspended:
        session.execute(insert(chosen), [{"subscription_id": each} for each in suspended])
    session.execute(delete(scratch.renewing).where(renewing.subscription_id.in_(select(chosen.c.subscription_id))))


def _short_accounts() -> Subquery:
    """The accounts whose money does not reach for all their add-ons: what is left after the dues, and the cheapest price."""
    renewing, funds = scratch.renewing.c, scratch.funds.c
    left = funds.available - funds.dues
    prices = (
        select(renewing.account_id, func.sum(renewing.price).label("total"), func.min(renewing.price).label("cheapest"))
        .group_by(renewing.account_id)
        .subquery("prices")
    )
    return (
        select(funds.account_id, left.label("left"), prices.c.cheapest)
        .join(prices, prices.c.account_id == funds.account_id)
        .where(funds.unlimited.is_(False), prices.c.total > left)
        .subquery("short")
    )


def forecasts(session: Session, *, policy: Policy) -> Iterator[AccountForecast]:
    """Every account of `scratch.funds` with what would be kept and suspended, in the order of the billing's accounts."""
    codes = dict(session.execute(select(Product.id, Product.code)).all())
    funds, renewing = scratch.funds.c, scratch.renewing.c
    queues = (
        select(
            scratch.funds,
            renewing.subscription_id,
            renewing.price,
            Subscription.priority,
            Subscription.ordered_at,
            Subscription.product_id,
        )
        .select_from(scratch.funds)
        .outerjoin(scratch.renewing, renewing.account_id == funds.account_id)
        .outerjoin(Subscription, Subscription.id == renewing.subscription_id)
        .order_by(func.length(funds.ref), funds.ref)
    )
    rows = session.execute(queues.execution_options(yield_per=5000))
    for _, members in groupby(rows, key=attrgetter("account_id")):
        group = list(members)
        choice = _choice(group, policy)
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


def _choice(group: list[Any], policy: Policy) -> Choice:
    queue = [
        AddOn(row.priority, row.ordered_at, row.subscription_id, row.price) for row in group if row.subscription_id is not None
    ]
    first = group[0]
    return choose(first.available, first.dues, queue, policy=policy, unlimited=first.unlimited)
