"""Money arrived: whatever the forecast held and can now be paid for comes back, charged once for its running period."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.forecast import AddOn, choose
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.money import half_up
from isp_addons.domain.proration import Proration, months_to_pay
from isp_addons.services import charge, forecast, issue
from isp_addons.services.context import Context
from isp_addons.store import audit, codes, holds, scratch, wants
from isp_addons.store.tables import Hold, Product, ProjectKey, Subscription


def settle(context: Context, session: Session, cause: Cause) -> int:
    """For the accounts in `scratch.funds` that are not blocked: lift the forecast's holds that money now covers.

    A subscription whose running period is unpaid is charged for it first (once for each period); one that was held ahead of
    the next period is judged by the forecast again; one that needs a code and finds none goes on waiting. Where the billing
    takes the money itself, waiting means that it is paid: then a code is all it needs. Returns how many came back.
    """
    remote = not context.billing.takes_money
    forecast.gather_renewing(session)
    rows = session.execute(_held_accounts(cause.at, takes_money=not remote)).all()
    owed = {row.subscription_id for row in rows if remote and issue.is_owed(row.note, row.paid_until, cause.at)}
    unpaid = {row.subscription_id for row in rows if _is_unpaid(row, cause.at)}
    wanted = _codes_wanted(context, session, unpaid | owed)
    gone = issue.without_stock(session, wanted, now=cause.at)
    back: list[int] = [*owed]
    paid: list[Any] = []
    for _, members in groupby(rows, key=lambda row: row.account_id):
        lifted, now_paid = _decide(context, list(members), cause.at, owed=owed, gone=gone)
        back += lifted
        paid += now_paid
    due = owed.union(row.subscription_id for row in paid)
    short = codes.take(session, cause, [need for need in wanted if need.subscription_id in due - gone])
    waiting = (gone | short) & due if remote else gone | short
    _pay(context, session, cause, [row for row in paid if remote or row.subscription_id not in waiting])
    _follow(session, cause, [row for row in rows if row.subscription_id in due - waiting])
    issue.wait_for_codes(session, cause, waiting, paid=remote)
    holds.choose(session, [each for each in back if each not in waiting])
    return holds.lift(session, cause, owner=HoldOwner.FORECAST)


def _codes_wanted(context: Context, session: Session, subscription_ids: Collection[int]) -> list[codes.Need]:
    """The codes that these subscriptions of `scratch.renewing` need for the running period."""
    if not subscription_ids:
        return []
    wanted = issue.needs(session, issue.vendors(context, session), scratch.funds.c.period_start)
    return [need for need in wanted if need.subscription_id in subscription_ids]


def _held_accounts(now: datetime, *, takes_money: bool) -> Any:
    """All renewing subscriptions of the free accounts that have one held by the forecast.

    Between the end of a period and the beginning of the next there is no period that could be charged: beginning it decides.
    Where the billing takes the money itself, nothing is charged here and nobody has to wait.
    """
    funds, renewing = scratch.funds.c, scratch.renewing.c
    standing = and_(Hold.subscription_id == Subscription.id, Hold.owner == HoldOwner.FORECAST.value, Hold.lifted_at.is_(None))
    held = scratch.renewing.alias("held")
    waiting = (
        select(held.c.account_id)
        .join(Hold, Hold.subscription_id == held.c.subscription_id)
        .where(Hold.owner == HoldOwner.FORECAST.value, Hold.lifted_at.is_(None))
    )
    return (
        select(
            funds.account_id,
            funds.available,
            funds.dues,
            funds.unlimited,
            funds.period_start,
            funds.period_end,
            renewing.subscription_id,
            renewing.price,
            Subscription.priority,
            Subscription.ordered_at,
            Subscription.paid_until,
            Hold.id.label("hold_id"),
            Hold.note,
            Product.proration,
            _after_key().label("after_key"),
        )
        .select_from(scratch.renewing)
        .join(scratch.funds, funds.account_id == renewing.account_id)
        .join(Subscription, Subscription.id == renewing.subscription_id)
        .join(Product, Product.id == Subscription.product_id)
        .outerjoin(Hold, standing)
        .where(funds.blocked.is_(False), funds.account_id.in_(waiting), or_(funds.period_end > now, literal(not takes_money)))
        .order_by(funds.account_id)
    )


def _decide(
    context: Context, rows: list[Any], now: datetime, *, owed: Collection[int], gone: Collection[int]
) -> tuple[list[int], list[Any]]:
    """Which subscriptions of one account come back, and which of them are paid for the running period.

    What is *owed* a code is paid already. Of whose article every code is *gone* comes last: a ledger charges nothing for it,
    while a billing that takes the money itself charges it as soon as the money reaches.
    """
    first = rows[0]
    reach = partial(choose, policy=context.rules.policy, unlimited=first.unlimited)
    unpaid = [row for row in rows if _is_unpaid(row, now)]
    at_hand = [row for row in unpaid if row.subscription_id not in gone]
    missing = [] if context.billing.takes_money else [row for row in unpaid if row.subscription_id in gone]
    left, paid, kept_now = first.available, [], set[int]()
    for queue in (at_hand, missing):
        kept_now.update(reach(left, 0, map(_add_on_now, queue)).keep)
        paid = [row for row in unpaid if row.subscription_id in kept_now]
        left = first.available - sum(_due(row) for row in paid)
    left_out = set(gone).difference(owed, kept_now)
    ahead = {row.subscription_id for row in rows if row.hold_id is not None and row not in unpaid}.difference(owed)
    running = [row for row in rows if row.subscription_id not in left_out]
    kept = reach(left, first.dues, map(_add_on, running)).keep if ahead else ()
    return [*kept_now, *(each for each in kept if each in ahead)], paid


def _is_unpaid(row: Any, now: datetime) -> bool:
    """Held by the forecast, and its paid time is over."""
    return row.hold_id is not None and (row.paid_until is None or row.paid_until <= now)


def _add_on(row: Any) -> AddOn:
    return AddOn(row.priority, row.ordered_at, row.subscription_id, row.price)


def _add_on_now(row: Any) -> AddOn:
    return AddOn(row.priority, row.ordered_at, row.subscription_id, _due(row))


def _after_key() -> ColumnElement[bool]:
    """Whether a project key paid a `Subscription` until now, and the first part of the running period too."""
    mine = (ProjectKey.subscription_id == Subscription.id, ProjectKey.until == Subscription.paid_until)
    funds = scratch.funds.c
    return and_(exists().where(*mine), Subscription.paid_until > funds.period_start, Subscription.paid_until < funds.period_end)


def _due(row: Any) -> int:
    """What the running period costs, less what a project key paid of it."""
    if not row.after_key:
        return int(row.price)
    rest = months_to_pay(Proration(row.proration), now=row.paid_until, start=row.period_start, end=row.period_end, months=1)
    return half_up(row.price * rest)


def _pay(context: Context, session: Session, cause: Cause, paid: list[Any]) -> None:
    """Charge the running period, where the money is ours to take, and note until when it is paid."""
    for row in paid:
        if context.billing.takes_money:
            charge.take(
                session,
                cause,
                account_id=row.account_id,
                subscription_id=row.subscription_id,
                amount=_due(row),
                start=row.paid_until if row.after_key else row.period_start,
                end=row.period_end,
            )
        session.execute(
            update(Subscription)
            .where(Subscription.id == row.subscription_id)
            .values(paid_until=row.period_end)
            .execution_options(synchronize_session=False)
        )
        audit.record(
            session,
            cause,
            subject="subscription",
            subject_id=row.subscription_id,
            field="paid_until",
            before=row.paid_until,
            after=row.period_end,
        )


def _follow(session: Session, cause: Cause, rows: list[Any]) -> None:
    """Licences that carry a date get the end of what was paid, and with it their vendor is asked for the new period."""
    if not rows:
        return
    scratch.empty(session, scratch.renewing)
    session.execute(
        insert(scratch.renewing),
        [{"subscription_id": row.subscription_id, "account_id": row.account_id, "price": row.price} for row in rows],
    )
    wants.follow_paid_until(session, cause)
