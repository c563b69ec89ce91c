"""Money arrived: whatever the forecast held and can now be paid for comes back, charged once for its running period."""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import and_, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.forecast import AddOn, choose
from isp_addons.domain.hold import HoldOwner
from isp_addons.services import charge, forecast, issue
from isp_addons.services.context import Context
from isp_addons.store import audit, codes, holds, scratch, wants
from isp_addons.store.tables import Hold, Subscription


def settle(context: Context, session: Session, cause: Cause) -> int:
    """For the accounts in `scratch.funds` that are not blocked: lift the forecast's holds that money now covers.

    A subscription whose running period is unpaid is charged for it first (once for each period); one that was held ahead of
    the next period is judged by the forecast again; one that needs a code and finds none goes on waiting. Returns how many
    subscriptions came back.
    """
    forecast.gather_renewing(session)
    rows = session.execute(_held_accounts(cause.at, takes_money=context.billing.takes_money)).all()
    unpaid = {row.subscription_id for row in rows if _is_unpaid(row, cause.at)}
    wanted = _codes_wanted(context, session, unpaid)
    gone = issue.without_stock(session, wanted, now=cause.at)
    lifted: list[int] = []
    paid: list[Any] = []
    for _, members in groupby((row for row in rows if row.subscription_id not in gone), key=lambda row: row.account_id):
        back, now_paid = _decide(context, list(members), cause.at)
        lifted += back
        paid += now_paid
    charged = {row.subscription_id for row in paid}
    short = codes.take(session, cause, [need for need in wanted if need.subscription_id in charged])
    _pay(context, session, cause, [row for row in paid if row.subscription_id not in short])
    issue.wait_for_codes(session, cause, gone | short)
    holds.choose(session, [each for each in lifted if each not in short])
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
        )
        .select_from(scratch.renewing)
        .join(scratch.funds, funds.account_id == renewing.account_id)
        .join(Subscription, Subscription.id == renewing.subscription_id)
        .outerjoin(Hold, standing)
        .where(funds.blocked.is_(False), funds.account_id.in_(waiting), or_(funds.period_end > now, literal(not takes_money)))
        .order_by(funds.account_id)
    )


def _decide(context: Context, rows: list[Any], now: datetime) -> tuple[list[int], list[Any]]:
    """Which subscriptions of one account come back, and which of them are charged for the running period."""
    first = rows[0]
    policy = context.rules.policy
    unpaid = [row for row in rows if _is_unpaid(row, now)]
    now_kept = set(choose(first.available, 0, map(_add_on, unpaid), policy=policy, unlimited=first.unlimited).keep)
    paid = [row for row in unpaid if row.subscription_id in now_kept]
    left = first.available - sum(row.price for row in paid)
    ahead = {row.subscription_id for row in rows if row.hold_id is not None and row not in unpaid}
    kept = choose(left, first.dues, map(_add_on, rows), policy=policy, unlimited=first.unlimited).keep if ahead else ()
    return [*now_kept, *(each for each in kept if each in ahead)], paid


def _is_unpaid(row: Any, now: datetime) -> bool:
    """Held by the forecast, and its paid time is over."""
    return row.hold_id is not None and (row.paid_until is None or row.paid_until <= now)


def _add_on(row: Any) -> AddOn:
    return AddOn(row.priority, row.ordered_at, row.subscription_id, row.price)


def _pay(context: Context, session: Session, cause: Cause, paid: list[Any]) -> None:
    """Charge the running period, where the money is ours to take, and note until when it is paid."""
    if not paid:
        return
    for row in paid:
        if context.billing.takes_money:
            charge.take(
                session,
                cause,
                account_id=row.account_id,
                subscription_id=row.subscription_id,
                amount=row.price,
                start=row.period_start,
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
    scratch.empty(session, scratch.renewing)
    session.execute(
        insert(scratch.renewing),
        [{"subscription_id": row.subscription_id, "account_id": row.account_id, "price": row.price} for row in paid],
    )
    wants.follow_paid_until(session, cause)
