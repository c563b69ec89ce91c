"""Changing the quantity of a running subscription: more now or with the next period, less with the next period."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.period import add_months, time_zone
from isp_addons.domain.problem import BadInput, Refused, TryAgain
from isp_addons.domain.proration import Proration, months_to_pay
from isp_addons.domain.quantity_change import Changed, Effect, When, Wish, decide
from isp_addons.domain.subscription import Plan, Status
from isp_addons.domain.text import parse_line
from isp_addons.services import charge, find, quantities, top_up
from isp_addons.services.context import Context
from isp_addons.store import changes, scratch
from isp_addons.store.tables import Account, Charge, Hold, Product, QuantityChange, Subscription

_MEAN_MONTH = timedelta(days=365.2425) / 12


@dataclass(frozen=True, slots=True)
class _Case:
    """One subscription, its account locked, and what the billing says of the account."""

    subscription: Subscription
    account: Account
    product: Product
    funds: Any

    @property
    def is_term(self) -> bool:
        return self.subscription.plan == Plan.ONE_OFF.value


def change(context: Context, cause: Cause, wish: Wish, *, dry_run: bool = False) -> Changed:
    """Do what *wish* says, the money in the same transaction; with *dry_run* only tell what would be.

    Raises `NotFound`, `BadInput` (``bad_quantity``), `Refused` (``downgrade_at_period_end``, ``quantity_fixed``,
    ``insufficient_funds``, ``seats_in_use``, ``held``…), and `TryAgain` between the end of a period and the next.
    """
    if not 1 <= wish.quantity <= MOST_QUANTITY:
        raise BadInput(f"The quantity {wish.quantity} is not from 1 to {MOST_QUANTITY}.", code="bad_quantity")
    if wish.key is not None:
        parse_line(wish.key, name="key", most=find.LONGEST_KEY)
    with context.store.read() as session:
        ref = find.ref_of(session, wish.subscription)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        find.known_accounts(context, session, gathered, [ref])
        subscription, account, product = find.subscription(session, wish.subscription)
        done = _done_before(session, wish, product)
        if done is None:
            funds = session.execute(select(scratch.funds)).one_or_none()
            if funds is None:
                raise find.unknown_account(ref)
            done = _change(context, session, cause, _Case(subscription, account, product, funds), wish)
        if dry_run:
            session.rollback()
        return done


def withdraw(context: Context, cause: Cause, *, subscription_id: int) -> bool:
    """Take the pending change of a subscription back. False: none is pending. Raises `NotFound`, `Refused` (``renewed``)."""
    with context.store.write() as session:
        subscription, _, product = find.subscription(session, subscription_id)
        if changes.pending_of(session, subscription_id) is None:
            return False
        _refuse_renewed(session, subscription)
        _withdraw(session, cause, subscription, product)
        return True


def _done_before(session: Session, wish: Wish, product: Product) -> Changed | None:
    """The answer that was given to the same key."""
    if wish.key is None:
        return None
    known = session.scalar(select(QuantityChange).where(QuantityChange.key == wish.key))
    if known is None:
        return None
    if (known.subscription_id, known.quantity) != (wish.subscription, wish.quantity):
        raise Refused(
            f"The key {wish.key} was that of another change: subscription {known.subscription_id} to {known.quantity}.",
            code="key_used",
        )
    return _told(known, product)


def _change(context: Context, session: Session, cause: Cause, case: _Case, wish: Wish) -> Changed:
    subscription, product = case.subscription, case.product
    _must_run(subscription)
    pending = changes.pending_of(session, subscription.id)
    old, coming = subscription.quantity, pending.quantity if pending is not None else None
    effect = decide(old=old, new=wish.quantity, pending=coming, when=wish.when)
    in_seats = quantities.is_in_seats(context, product)
    row = QuantityChange(
        subscription_id=subscription.id,
        key=wish.key,
        actor=cause.actor,
        effect=effect.value,
        before=old,
        quantity=wish.quantity,
        in_seats=in_seats,
        amount=0,
        price=subscription.price,
        asked_at=cause.at,
        from_at=cause.at,
        applied_at=cause.at,
    )
    if effect in (Effect.NOW, Effect.PENDING):
        quantities.check_limits(product, wish.quantity)
        _may_change(session, cause, case, wish)
    if effect is Effect.WITHDRAWN:
        _refuse_renewed(session, subscription)
        _withdraw(session, cause, subscription, product)
        row.price = subscription.price
    elif effect is Effect.NOW:
        _now(context, session, cause, case, row)
    elif effect is Effect.PENDING:
        _later(context, session, cause, case, row)
    if effect in (Effect.NOTHING, Effect.WITHDRAWN) and wish.key is not None:
        session.add(row)
        session.flush()
    return _told(row, product)


def _must_run(subscription: Subscription) -> None:
    if subscription.status != Status.RUNNING.value:
        raise Refused(
            f"Subscription {subscription.id} is {subscription.status}; only the quantity of a running one can be changed.",
            code="not_running",
        )
    if subscription.plan in (Plan.BUNDLED.value, Plan.TRIAL.value):
        raise Refused(f"The quantity of a {subscription.plan} subscription cannot be changed.", code="quantity_fixed")


def _may_change(session: Session, cause: Cause, case: _Case, wish: Wish) -> None:
    subscription, more = case.subscription, wish.quantity > case.subscription.quantity
    if case.is_term:
        _check_term(cause, case, wish)
    _refuse_held(session, cause, subscription, more=more)
    if case.funds.blocked:
        raise Refused(f"The account {case.account.ref} is blocked in the billing; nothing was changed.", code="account_blocked")
    if not case.is_term and (not _is_paid(subscription, cause) or case.funds.period_end <= cause.at):
        raise TryAgain(
            f"What subscription {subscription.id} has paid for is over, and its next period has not begun yet; the worker "
            "begins it, or: isp-addons period-begin",
            code="period_is_over",
        )
    if more and not case.product.on_sale:
        raise Refused(f"{case.product.code} is not on sale.", code="not_on_sale")
    if not more:
        quantities.check_seats(session, subscription, wish.quantity)


def _check_term(cause: Cause, case: _Case, wish: Wish) -> None:
    subscription = case.subscription
    if not _is_paid(subscription, cause):
        raise Refused(f"Subscription {subscription.id} is over; renew it first.", code="renew_first")
    if wish.when is When.NEXT:
        raise Refused(
            f"Subscription {subscription.id} has no next period; renew it with the new quantity: "
            f"isp-addons renew {subscription.id} --quantity {wish.quantity}",
            code="change_at_renewal",
        )


def _refuse_held(session: Session, cause: Cause, subscription: Subscription, *, more: bool) -> None:
    """But for the forecast's hold ahead of the next period: less may be what the money reaches for."""
    standing = select(Hold.owner).where(Hold.subscription_id == subscription.id, Hold.lifted_at.is_(None))
    owners = set(session.scalars(standing))
    ahead = owners == {HoldOwner.FORECAST.value} and _is_paid(subscription, cause)
    if owners and (more or not ahead):
        raise Refused(
            f"Subscription {subscription.id} is held by {', '.join(sorted(owners))}; its quantity can be changed afterwards.",
            code="held",
        )


def _is_paid(subscription: Subscription, cause: Cause) -> bool:
    return subscription.paid_until is not None and subscription.paid_until > cause.at


def _now(context: Context, session: Session, cause: Cause, case: _Case, row: QuantityChange) -> None:
    """More units at once: the rest of what is paid is charged, by the product's proration."""
    subscription = case.subscription
    _refuse_renewed(session, subscription)
    end = subscription.paid_until or cause.at
    cost = quantities.price_list(session, subscription, case.product, at=cause.at)
    part = _months(session, cause, case, end)
    row.amount = cost.price_of_more(row.quantity - row.before, beyond=row.before, months=part)
    row.price = quantities.price_list(session, subscription, case.product, at=end).price_for(row.quantity, months=1)
    changes.drop(session, cause, subscription.id)
    session.add(row)
    session.flush()
    if context.billing.takes_money:
        charge.take(
            session,
            cause,
            account_id=subscription.account_id,
            subscription_id=subscription.id,
            amount=row.amount,
            start=cause.at,
            end=end,
            change=row.id,
        )
    elif case.funds.unlimited or case.funds.available >= row.amount:
        row.amount = 0
    else:
        raise Refused("The account has not enough money for it; nothing was changed.", code="insufficient_funds")
    changes.set_price(session, cause, subscription, row.price)
    changes.apply_one(session, cause, subscription, quantity=row.quantity, in_seats=row.in_seats)


def _months(session: Session, cause: Cause, case: _Case, end: datetime) -> Fraction:
    """How many months of the new units are paid: to the end of the account's period, or of everything paid for a term."""
    rule = Proration(case.product.proration)
    if not case.is_term:
        return months_to_pay(rule, now=cause.at, start=case.funds.period_start, end=end, months=1)
    covering = select(Charge.period_start).where(
        Charge.subscription_id == case.subscription.id,
        Charge.part == 0,
        Charge.reversed_at.is_(None),
        Charge.period_start <= cause.at,
        Charge.period_end > cause.at,
    )
    start = session.scalar(covering.order_by(Charge.period_start).limit(1))
    if start is None:
        start = add_months(end, -case.subscription.term_months, time_zone(case.account.time_zone))
    return months_to_pay(rule, now=cause.at, start=start, end=end, months=max(round((end - start) / _MEAN_MONTH), 1))


def _later(context: Context, session: Session, cause: Cause, case: _Case, row: QuantityChange) -> None:
    """From the next period on: it costs what the new quantity costs, and the forecast knows at once."""
    subscription = case.subscription
    row.from_at, row.applied_at = subscription.paid_until or cause.at, None
    cost = quantities.price_list(session, subscription, case.product, at=row.from_at)
    row.price = cost.price_for(row.quantity, months=1)
    changes.drop(session, cause, subscription.id)
    changes.add(session, cause, row)
    changes.set_price(session, cause, subscription, row.price)
    top_up.settle(context, session, cause)


def _withdraw(session: Session, cause: Cause, subscription: Subscription, product: Product) -> None:
    at = subscription.paid_until or cause.at
    price = quantities.price_list(session, subscription, product, at=at).price_for(subscription.quantity, months=1)
    changes.drop(session, cause, subscription.id)
    changes.set_price(session, cause, subscription, price)


def _refuse_renewed(session: Session, subscription: Subscription) -> None:
    """A term that was renewed with another quantity has paid for it."""
    if subscription.plan == Plan.ONE_OFF.value and changes.pending_of(session, subscription.id) is not None:
        raise Refused(
            f"Subscription {subscription.id} was renewed, and paid, with another quantity; change it when the new term runs.",
            code="renewed",
        )


def _told(row: QuantityChange, product: Product) -> Changed:
    return Changed(
        subscription=row.subscription_id,
        effect=Effect(row.effect),
        before=row.before,
        quantity=row.quantity,
        from_at=row.from_at,
        charged=row.amount,
        next_price=row.price,
        currency=product.currency,
    )
