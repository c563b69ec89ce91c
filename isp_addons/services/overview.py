"""Looking: accounts and subscriptions as people ask about them. Nothing here changes anything."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.event import parse_account
from isp_addons.domain.forecast import AddOn, choose
from isp_addons.domain.licence import SeenState
from isp_addons.domain.money import format_amount
from isp_addons.domain.split import as_dict
from isp_addons.services import access, codes, find, forecast
from isp_addons.services.context import Context
from isp_addons.store import changes, scratch
from isp_addons.store.tables import Account, Hold, Licence, Product, QuantityChange, Subscription

_GONE = (SeenState.ABSENT.value, SeenState.ENDED.value)


def account_rows(context: Context, *, at: datetime, limit: int) -> list[dict[str, Any]]:
    """Accounts that we know, as the billing sees them now, with how many add-ons they have and how many are held."""
    with context.store.read() as session:
        refs = list(session.scalars(select(Account.ref).order_by(func.length(Account.ref), Account.ref).limit(limit)))
    gathered = context.billing.gather(refs, at=at)
    with context.store.read() as session:
        context.billing.fill(session, gathered)
        funds = scratch.funds.c
        held = select(Hold.subscription_id).where(Hold.lifted_at.is_(None)).distinct().subquery()
        rows = session.execute(
            select(
                funds.ref,
                funds.currency,
                funds.balance,
                funds.dues,
                funds.blocked,
                funds.period_end,
                func.count(Subscription.id),
                func.count(held.c.subscription_id),
            )
            .outerjoin(
                Subscription,
                and_(Subscription.account_id == funds.account_id, Subscription.status.in_(("running", "ending"))),
            )
            .outerjoin(held, held.c.subscription_id == Subscription.id)
            .group_by(funds.ref, funds.currency, funds.balance, funds.dues, funds.blocked, funds.period_end)
            .order_by(func.length(funds.ref), funds.ref)
        )
        names = ("account", "currency", "balance", "dues", "blocked", "period_end", "subscriptions", "held")
        return [dict(zip(names, row, strict=True)) for row in rows]


def subscription_rows(
    session: Session,
    *,
    cause: Cause | None = None,
    account: str | None = None,
    subscription_id: int | None = None,
    held_by: str | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """Subscriptions with the state their vendor was last seen to have and who holds them; with *cause* those in his care."""
    query = _subscriptions().order_by(Subscription.id).limit(limit)
    if cause is not None:
        query = query.where(access.visible(session, cause, Account.customer_id))
    if account is not None:
        query = query.where(Account.ref == account)
    if subscription_id is not None:
        query = query.where(Subscription.id == subscription_id)
    if held_by is not None:
        standing = select(Hold.subscription_id).where(Hold.owner == held_by, Hold.lifted_at.is_(None))
        query = query.where(Subscription.id.in_(standing))
    rows = session.execute(query).all()
    owners = _holds(session, [row.id for row in rows])
    return [_row(row, owners.get(row.id, [])) for row in rows]


def explain(context: Context, ref: str, *, at: datetime) -> Iterator[dict[str, str]]:
    """Why the account's add-ons are as they are, and how much brings the held ones back. Raises `NotFound`."""
    parse_account(ref)
    gathered = context.billing.gather([ref], at=at)
    with context.store.read() as session:
        context.billing.fill(session, gathered)
        funds = session.execute(select(scratch.funds)).one_or_none()
        if funds is None:
            raise find.unknown_account(ref)

        def money(minor: int) -> str:
            return format_amount(minor, funds.currency, with_currency=True)

        yield {"what": "Account", "value": ref}
        yield {"what": "Balance", "value": money(funds.balance)}
        yield {"what": "Available for the next period", "value": money(funds.available)}
        yield {"what": "The billing's own dues", "value": money(funds.dues)}
        yield {"what": "Period ends", "value": funds.period_end.isoformat()}
        yield {"what": "Blocked by the billing", "value": "yes" if funds.blocked else "no"}
        for row in subscription_rows(session, account=ref, limit=100):
            held = f", held by {row['holds']}" if row["holds"] else ""
            policy = codes.policy(session, row["id"])
            said = f". {policy}" if policy else ""
            yield {
                "what": f"Subscription {row['id']}",
                "value": f"{row['product']}: {row['status']}, {row['vendor_state']}{held}{_told(row)}{said}",
            }
        missing = _missing(context, session, funds)
        if missing:
            yield {"what": "To pay for everything", "value": money(missing)}


def _told(row: Mapping[str, Any]) -> str:
    """The pending change of quantity in words."""
    if row["pending_quantity"] is None:
        return ""
    return f", {row['quantity']} units, {row['pending_quantity']} from {row['pending_from'].isoformat()}"


def _missing(context: Context, session: Session, funds: Any) -> int:
    """How much must arrive so that the next period's forecast keeps everything."""
    forecast.gather_renewing(session)
    rows = session.execute(
        select(scratch.renewing, Subscription.priority, Subscription.ordered_at).join(
            Subscription, Subscription.id == scratch.renewing.c.subscription_id
        )
    ).all()
    queue = [AddOn(row.priority, row.ordered_at, row.subscription_id, row.price) for row in rows]
    choice = choose(funds.available, funds.dues, queue, policy=context.rules.policy, unlimited=funds.unlimited)
    if not choice.suspend:
        return 0
    return int(sum(each.price for each in queue) + funds.dues - funds.available)


def _subscriptions() -> Select[Any]:
    states = (
        select(
            Licence.subscription_id,
            func.min(Licence.seen_state).label("least"),
            func.max(Licence.seen_state).label("most"),
            func.min(Licence.wanted_state).label("wanted"),
            func.count().label("licences"),
            func.sum(case((Licence.given_up_at.is_not(None), 1), else_=0)).label("given_up"),
        )
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .where(or_(Licence.seat <= Subscription.quantity, Licence.seen_state.not_in(_GONE)))
        .group_by(Licence.subscription_id)
        .subquery("states")
    )
    return (
        select(
            Subscription.id,
            Account.ref,
            Product.code,
            Product.currency,
            Subscription.plan,
            Subscription.status,
            Subscription.quantity,
            Subscription.price,
            Subscription.paid_until,
            states.c.least,
            states.c.most,
            states.c.wanted,
            states.c.licences,
            states.c.given_up,
            Subscription.split,
            Subscription.renews,
            QuantityChange.quantity.label("pending_quantity"),
            QuantityChange.split.label("pending_split"),
            QuantityChange.from_at.label("pending_from"),
        )
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .outerjoin(states, states.c.subscription_id == Subscription.id)
        .outerjoin(QuantityChange, and_(QuantityChange.subscription_id == Subscription.id, changes.is_pending()))
    )


def _holds(session: Session, ids: list[int]) -> dict[int, list[str]]:
    owners: dict[int, list[str]] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        query = select(Hold.subscription_id, Hold.owner).where(Hold.subscription_id.in_(part), Hold.lifted_at.is_(None))
        for subscription_id, owner in session.execute(query.order_by(Hold.id)):
            owners.setdefault(subscription_id, []).append(owner)
    return owners


def vendor_state(least: str | None, most: str | None, wanted: str | None, given_up: int | None) -> str:
    """One word for what the vendor has: its state, or the way there (``suspending``, ``resuming``, ``activating``…)."""
    if least is None:
        return "no vendor yet"
    if given_up:
        return "failed"
    if least != most:
        return "mixed"
    ways = {
        ("active", "suspended"): "suspending",
        ("suspended", "active"): "resuming",
        ("absent", "active"): "activating",
        ("active", "ended"): "ending",
        ("suspended", "ended"): "ending",
    }
    return ways.get((least, wanted or ""), least)


def _row(row: Any, owners: list[str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "account": row.ref,
        "product": row.code,
        "plan": row.plan,
        "status": row.status,
        "quantity": row.quantity,
        "split": as_dict(row.split),
        "renews": row.renews,
        "pending_quantity": row.pending_quantity,
        "pending_split": None if row.pending_split is None else as_dict(row.pending_split),
        "pending_from": row.pending_from,
        "price": format_amount(row.price, row.currency),
        "currency": row.currency,
        "paid_until": row.paid_until,
        "vendor_state": vendor_state(row.least, row.most, row.wanted, row.given_up),
        "holds": ", ".join(owners),
    }
