"""What was cancelled runs again: until its paid time is over for nothing, afterwards as a new period with the same licence."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.period import Month, add_months, time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, Refused, TryAgain
from isp_addons.domain.proration import Proration, months_to_pay
from isp_addons.domain.quantity_change import Changed, Effect, Units
from isp_addons.domain.split import as_dict
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import access, acting, cancel, charge, find, paid_until, quantities
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.services.quantity_change import as_read, written
from isp_addons.services.quantity_rules import Case
from isp_addons.store import changes, holds, scratch
from isp_addons.store.tables import Hold, QuantityChange, Subscription

_LIFTED = (HoldOwner.FORECAST, HoldOwner.BILLING)
"""Holds that say that nothing was paid: paying lifts them."""


def reactivate(
    context: Context,
    cause: Cause,
    *,
    subscription_id: int,
    quantity: int | None = None,
    split: Mapping[str, int] | None = None,
    key: str | None = None,
) -> Changed:
    """Let a cancelled subscription run on, or, where it is over, run again with *quantity* units distributed as *split*.

    While its paid time runs nothing is charged, and a quantity cannot be set in the same go. Once it is over it must be: a new
    period is charged as if it were ordered now. *key*: the caller's own; the same again is answered as before.

    Raises `NotFound`, `BadInput` (``bad_quantity``, ``bad_split``), `Refused` (``already_over``, ``not_over``,
    ``insufficient_funds``, ``held``, ``managed_customer``…), `TryAgain`.
    """
    if quantity is not None and not 1 <= quantity <= MOST_QUANTITY:
        raise BadInput(f"The quantity {quantity} is not from 1 to {MOST_QUANTITY}.", code="bad_quantity")
    with context.store.read() as session:
        ref = find.ref_of(session, subscription_id, cause, Permission.BUY)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        return once(
            session,
            cause,
            key=key,
            what="reactivate",
            arguments={"subscription": subscription_id, "quantity": quantity, "split": dict(split or {})},
            do=lambda: _reactivate(context, session, cause, gathered, subscription_id, quantity, split or {}),
            write=written,
            read=as_read,
        )


def _reactivate(
    context: Context,
    session: Session,
    cause: Cause,
    gathered: Gathered,
    subscription_id: int,
    quantity: int | None,
    split: Mapping[str, int],
) -> Changed:
    find.known_accounts(context, session, gathered, gathered.refs or ())
    subscription, account, product = find.subscription(session, subscription_id, cause, Permission.BUY)
    access.require_account(session, cause, Permission.BUY, account_id=account.id)
    if not cancel.is_over(subscription, cause):
        return _take_back(context, session, cause, subscription, product.currency, sets=quantity is not None or bool(split))
    funds = session.execute(select(scratch.funds)).one_or_none()
    if funds is None:
        raise find.unknown_account(account.ref)
    case = Case(subscription, account, product, funds)
    if quantity is None and not split:
        raise Refused(
            f"Subscription {subscription_id} is over; order again, or set what it is to have: "
            f"isp-addons subscriptions reactivate {subscription_id} --quantity {subscription.quantity}",
            code="already_over",
        )
    wanted = quantities.units(subscription, product, quantity=quantity, told=split)
    return _again(context, session, cause, case, wanted)


def _take_back(
    context: Context, session: Session, cause: Cause, subscription: Subscription, currency: str, *, sets: bool
) -> Changed:
    if sets:
        raise Refused(
            f"Subscription {subscription.id} is not over: reactivate it without a quantity, and change it then with: "
            f"isp-addons subscriptions change {subscription.id}",
            code="not_over",
        )
    before = subscription.status
    cancel.take_back(session, context, cause, subscription)
    return Changed(
        subscription=subscription.id,
        effect=Effect.NOTHING if subscription.status == before else Effect.REACTIVATED,
        before=subscription.quantity,
        quantity=subscription.quantity,
        from_at=cause.at,
        charged=0,
        next_price=subscription.price,
        currency=currency,
        split=as_dict(subscription.split),
    )


def _again(context: Context, session: Session, cause: Cause, case: Case, wanted: Units) -> Changed:
    """A new period, paid now, for the same licences."""
    subscription, product = case.subscription, case.product
    _may_run_again(session, cause, case)
    acting.check_sale(
        context, session, cause, account_id=case.account.id, product=product, quantity=wanted.quantity, is_new=False
    )
    in_seats = quantities.is_in_seats(context, product)
    quantities.check_limits(product, wanted.quantity)
    end, amount, listed = _payment(context, session, cause, case, wanted.quantity)
    price = quantities.next_price(context, session, subscription, product, quantity=wanted.quantity, at=end)
    if subscription.status == Status.ENDING.value:
        cancel.end(session, context, cause, subscription, Status.ENDED)
    row = QuantityChange(
        subscription_id=subscription.id,
        actor=cause.actor,
        effect=Effect.REACTIVATED.value,
        before=0,
        quantity=wanted.quantity,
        split=wanted.split,
        in_seats=in_seats,
        amount=amount if context.billing.takes_money else 0,
        price=price,
        asked_at=cause.at,
        from_at=cause.at,
        applied_at=cause.at,
    )
    session.add(row)
    session.flush()
    _pay(context, session, cause, case, row, amount=amount, listed=listed, end=end)
    _run(context, session, cause, subscription, wanted, in_seats=in_seats, price=price, end=end)
    return Changed(
        subscription=subscription.id,
        effect=Effect.REACTIVATED,
        before=0,
        quantity=wanted.quantity,
        from_at=cause.at,
        charged=row.amount,
        next_price=price,
        currency=product.currency,
        split=as_dict(wanted.split),
    )


def _may_run_again(session: Session, cause: Cause, case: Case) -> None:
    subscription = case.subscription
    if subscription.status == Status.REFUSED.value or subscription.plan in (Plan.TRIAL.value, Plan.BUNDLED.value):
        raise Refused(
            f"Subscription {subscription.id} ({subscription.plan}, {subscription.status}) does not come back; order again.",
            code="already_over",
        )
    if not case.product.on_sale:
        raise Refused(f"{case.product.code} is not on sale.", code="not_on_sale")
    if case.funds.blocked:
        raise Refused(f"The account {case.account.ref} is blocked in the billing; nothing was changed.", code="account_blocked")
    standing = select(Hold.owner).where(Hold.subscription_id == subscription.id, Hold.lifted_at.is_(None))
    others = sorted(set(session.scalars(standing)) - {owner.value for owner in _LIFTED})
    if others:
        raise Refused(
            f"Subscription {subscription.id} is held by {', '.join(others)}, which must be released first.", code="held"
        )
    if not case.is_term and case.funds.period_end <= cause.at:
        raise TryAgain(
            f"The period of account {case.account.ref} is over and the next has not begun yet; the worker begins it, or: "
            "isp-addons period-begin",
            code="period_is_over",
        )


def _payment(context: Context, session: Session, cause: Cause, case: Case, quantity: int) -> tuple[datetime, int, int]:
    """Until when the new period is paid, what it costs, and by the list: a whole term, or the rest of the account's period."""
    subscription, product, funds = case.subscription, case.product, case.funds
    cost = quantities.price_list(context, session, cause, subscription, product, at=cause.at)
    if case.is_term:
        zone, months = time_zone(case.account.time_zone), subscription.term_months
        part, end = Fraction(months), add_months(cause.at, months, zone, rule=Month(product.month))
    else:
        end, rule = funds.period_end, Proration(product.proration)
        part = months_to_pay(rule, now=cause.at, start=funds.period_start, end=end, months=1)
    return end, cost.price_for(quantity, months=part), cost.at_list.price_for(quantity, months=part)


def _pay(
    context: Context,
    session: Session,
    cause: Cause,
    case: Case,
    row: QuantityChange,
    *,
    amount: int,
    listed: int,
    end: datetime,
) -> None:
    """A billing that takes the money itself is only asked whether it reaches."""
    if context.billing.takes_money:
        charge.take(
            session,
            cause,
            account_id=case.account.id,
            subscription_id=case.subscription.id,
            amount=amount,
            start=cause.at,
            end=end,
            change=row.id,
            discount=listed - amount,
        )
    elif not case.funds.unlimited and case.funds.available < amount:
        raise Refused("The account has not enough money for it; nothing was changed.", code="insufficient_funds")


def _run(
    context: Context,
    session: Session,
    cause: Cause,
    subscription: Subscription,
    wanted: Units,
    *,
    in_seats: bool,
    price: int,
    end: datetime,
) -> None:
    """The subscription runs with its new end, and its licences are wanted again."""
    paid_until.note(session, cause, subscription, end)
    changes.set_price(session, cause, subscription, price)
    cancel.move(session, cause, subscription, Status.RUNNING)
    changes.apply_one(session, cause, subscription, wanted, in_seats=in_seats)
    paid_until.tell(context, session, cause, subscription)
    for owner in _LIFTED:
        holds.choose(session, [subscription.id])
        holds.lift(session, cause, owner=owner)
