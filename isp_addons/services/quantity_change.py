"""Changing the quantity of a running subscription: more now or with the next period, less with the next period."""

from dataclasses import asdict
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.domain import split
from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.cause import Cause
from isp_addons.domain.period import Month, add_months, time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.proration import MONTH, Proration, months_to_pay
from isp_addons.domain.quantity_change import Changed, Effect, Units, Wish, decide
from isp_addons.domain.quote import Line, Quote, confirm, moment_of
from isp_addons.domain.text import parse_line
from isp_addons.services import access, acting, charge, find, quantities, quote, top_up
from isp_addons.services import quantity_rules as rules
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.services.quantity_rules import Case
from isp_addons.store import changes, scratch
from isp_addons.store.tables import Charge, Product, QuantityChange, Subscription

_MEAN_MONTH = timedelta(days=365.2425) / 12


def change(context: Context, cause: Cause, wish: Wish, *, dry_run: bool = False) -> Changed:
    """Do what *wish* says, the money in the same transaction; with *dry_run* only tell what would be.

    Raises `NotFound`, `BadInput` (``bad_quantity``, ``bad_split``), `Refused` (``downgrade_at_month_end``,
    ``quantity_fixed``, ``insufficient_funds``, ``seats_in_use``, ``held``, ``managed_customer``…), and `TryAgain` between the
    end of a period and the next.
    """
    if wish.quantity is not None and not 1 <= wish.quantity <= MOST_QUANTITY:
        raise BadInput(f"The quantity {wish.quantity} is not from 1 to {MOST_QUANTITY}.", code="bad_quantity")
    if wish.key is not None:
        parse_line(wish.key, name="key", most=find.LONGEST_KEY)
    with context.store.read() as session:
        ref = find.ref_of(session, wish.subscription, cause, Permission.BUY)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:

        def do() -> Changed:
            find.known_accounts(context, session, gathered, [ref])
            return change_within(context, session, cause, wish)

        done = once(
            session,
            cause,
            key=None if dry_run else wish.key,
            what="change",
            arguments={**asdict(wish), "key": None, "quote": None},
            do=do,
            write=written,
            read=as_read,
        )
        if dry_run:
            session.rollback()
        return done


def change_within(
    context: Context, session: Session, cause: Cause, wish: Wish, *, priced_at: datetime | None = None
) -> Changed:
    """The same within a transaction that is open already, after `find.known_accounts` for the account; its key is the caller's.

    *priced_at*: an agreed moment for which the price is worked out, of any age; None: that of the quote, or now.
    """
    at = moment_of(wish.quote, now=cause.at) if priced_at is None else priced_at
    subscription, account, product = find.subscription(session, wish.subscription, cause, Permission.BUY)
    access.require_account(session, cause, Permission.BUY, account_id=account.id)
    funds = session.execute(select(scratch.funds).where(scratch.funds.c.account_id == account.id)).one_or_none()
    if funds is None:
        raise find.unknown_account(account.ref)
    case = Case(subscription, account, product, funds)
    row, line = _change(context, session, cause, case, wish, at)
    told = _quote(context, session, case, row, line, wish, at)
    confirm(wish.quote, told)
    return _told(row, product, told)


def withdraw(context: Context, cause: Cause, *, subscription_id: int) -> bool:
    """Take the pending change of a subscription back. False: none is pending. Raises `NotFound`, `Refused` (``renewed``)."""
    with context.store.write() as session:
        subscription, account, product = find.subscription(session, subscription_id, cause, Permission.BUY)
        access.require_account(session, cause, Permission.BUY, account_id=account.id)
        if changes.pending_of(session, subscription_id) is None:
            return False
        rules.refuse_renewed(session, subscription)
        quantities.forget_change(context, session, cause, subscription, product)
        return True


def written(done: Changed) -> dict[str, Any]:
    """The answer as it is kept for the same key."""
    kept = {name: value for name, value in asdict(done).items() if name != "quote"}
    return {**kept, "effect": done.effect.value, "from_at": done.from_at.isoformat()}


def as_read(kept: dict[str, Any]) -> Changed:
    """What was kept."""
    return Changed(**{**kept, "effect": Effect(kept["effect"]), "from_at": datetime.fromisoformat(kept["from_at"])})


def _change(
    context: Context, session: Session, cause: Cause, case: Case, wish: Wish, at: datetime
) -> tuple[QuantityChange, Line | None]:
    """What became of *wish*, and what is bought at once, priced for *at*."""
    subscription, product = case.subscription, case.product
    rules.must_run(subscription)
    pending = changes.pending_of(session, subscription.id)
    old, coming = _units(subscription), _units(pending) if pending is not None else None
    new = quantities.units(subscription, product, quantity=wish.quantity, told=wish.split)
    effect = decide(old=old, new=new, pending=coming, when=wish.when)
    in_seats = quantities.is_in_seats(context, product)
    row = _row(cause, subscription, effect, new, in_seats=in_seats)
    line = None
    if effect in (Effect.NOW, Effect.PENDING):
        acting.check_sale(
            context, session, cause, account_id=case.account.id, product=product, quantity=new.quantity, is_new=False
        )
        quantities.check_limits(product, new.quantity)
        rules.may_change(session, cause, case, quantity=new.quantity, when=wish.when)
    if effect is Effect.WITHDRAWN:
        rules.refuse_renewed(session, subscription)
        quantities.forget_change(context, session, cause, subscription, product)
        row.price = subscription.price
    elif effect is Effect.SPLIT:
        session.add(row)
        session.flush()
        changes.apply_one(session, cause, subscription, new, in_seats=in_seats)
    elif effect is Effect.NOW:
        line = _now(context, session, cause, case, row, at)
    elif effect is Effect.PENDING:
        _later(context, session, cause, case, row)
    if effect is Effect.NOTHING and pending is not None:
        row.from_at = pending.from_at
    return row, line


def _row(cause: Cause, subscription: Subscription, effect: Effect, new: Units, *, in_seats: bool) -> QuantityChange:
    """The change as it is if it counts at once and costs nothing."""
    return QuantityChange(
        subscription_id=subscription.id,
        actor=cause.actor,
        effect=effect.value,
        before=subscription.quantity,
        quantity=new.quantity,
        split=new.split,
        in_seats=in_seats,
        amount=0,
        price=subscription.price,
        asked_at=cause.at,
        from_at=cause.at,
        applied_at=cause.at,
    )


def _now(context: Context, session: Session, cause: Cause, case: Case, row: QuantityChange, at: datetime) -> Line:
    """More units at once: the rest of what is paid is charged, by the product's proration."""
    subscription = case.subscription
    rules.refuse_renewed(session, subscription)
    end = subscription.paid_until or cause.at
    line = _line(context, session, cause, case, row, at, end)
    row.amount = line.net
    row.price = quantities.next_price(context, session, subscription, case.product, quantity=row.quantity, at=end)
    changes.drop(session, cause, subscription.id)
    session.add(row)
    session.flush()
    if context.billing.takes_money:
        charge.take(
            session,
            cause,
            account_id=subscription.account_id,
            subscription_id=subscription.id,
            amount=line.net,
            discount=line.discount,
            start=cause.at,
            end=end,
            change=row.id,
        )
    elif case.funds.unlimited or case.funds.available >= row.amount:
        left = case.funds.available - row.amount
        session.execute(update(scratch.funds).where(scratch.funds.c.account_id == case.account.id).values(available=left))
        row.amount = 0
    else:
        raise Refused("The account has not enough money for it; nothing was changed.", code="insufficient_funds")
    changes.set_price(session, cause, subscription, row.price)
    changes.apply_one(session, cause, subscription, _units(row), in_seats=row.in_seats)
    return line


def _line(
    context: Context, session: Session, cause: Cause, case: Case, row: QuantityChange, at: datetime, end: datetime
) -> Line:
    """The new units from *at* to *end*."""
    cost = quantities.price_list(context, session, cause, case.subscription, case.product, at=at)
    extra, part = row.quantity - row.before, _months(session, case, at, end)
    net, listed = (each.price_of_more(extra, beyond=row.before, months=part) for each in (cost, cost.at_list))
    return quote.line(case.product, quantity=extra, months=part, start=at, end=end, list_price=listed, net=net)


def _months(session: Session, case: Case, now: datetime, end: datetime) -> Fraction:
    """How many months of the new units are paid: to the end of the account's period, or of everything paid for a term."""
    rule = Proration(case.product.proration)
    if not case.is_term:
        return months_to_pay(rule, now=now, start=case.funds.period_start, end=end, months=1)
    covering = select(Charge.period_start).where(
        Charge.subscription_id == case.subscription.id,
        Charge.part == 0,
        Charge.reversed_at.is_(None),
        Charge.period_start <= now,
        Charge.period_end > now,
    )
    start = session.scalar(covering.order_by(Charge.period_start).limit(1))
    if start is None:
        months, zone = case.subscription.term_months, time_zone(case.account.time_zone)
        start = add_months(end, -months, zone, rule=Month(case.product.month))
    month = MONTH if Month(case.product.month) is Month.DAYS_30 else _MEAN_MONTH
    return months_to_pay(rule, now=now, start=start, end=end, months=max(round((end - start) / month), 1))


def _later(context: Context, session: Session, cause: Cause, case: Case, row: QuantityChange) -> None:
    """From the next period on: it costs what the new quantity costs, and the forecast knows at once."""
    subscription = case.subscription
    rules.refuse_renewed(session, subscription)
    row.from_at, row.applied_at = subscription.paid_until or cause.at, None
    row.price = quantities.next_price(context, session, subscription, case.product, quantity=row.quantity, at=row.from_at)
    changes.drop(session, cause, subscription.id)
    changes.add(session, cause, row)
    changes.set_price(session, cause, subscription, row.price)
    top_up.settle(context, session, cause)


def _quote(
    context: Context, session: Session, case: Case, row: QuantityChange, line: Line | None, wish: Wish, at: datetime
) -> Quote:
    request = {"what": "change", "subscription": row.subscription_id, "product": case.product.code, "when": wish.when}
    return quote.quote(
        context,
        session,
        account=case.account,
        currency=case.product.currency,
        request={**request, "effect": row.effect, "before": row.before, "quantity": row.quantity, "split": row.split},
        lines=[line] if line is not None else [],
        start=row.from_at if line is None and row.effect == Effect.PENDING else at,
        next_price=row.price,
        priced_at=at,
    )


def _told(row: QuantityChange, product: Product, told: Quote) -> Changed:
    return Changed(
        subscription=row.subscription_id,
        effect=Effect(row.effect),
        before=row.before,
        quantity=row.quantity,
        from_at=row.from_at,
        charged=row.amount,
        next_price=row.price,
        currency=product.currency,
        split=split.as_dict(row.split),
        quote=told,
    )


def _units(of: Subscription | QuantityChange) -> Units:
    return Units(of.quantity, of.split)
