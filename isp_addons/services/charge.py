"""Charging: money for one period of one subscription, once; renewing a one-off term."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ScalarSelect, insert, select
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.period import Month, next_term, time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import Refused
from isp_addons.domain.quote import Quote, confirm, moment_of
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import access, find, issue, paid_until, purchase_cost, quantities, renewal
from isp_addons.services import quote as quotes
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.store import holds, scratch, wants
from isp_addons.store.tables import Charge, QuantityChange, Subscription


def take(
    session: Session,
    cause: Cause,
    *,
    account_id: int,
    subscription_id: int,
    amount: int,
    start: datetime,
    end: datetime,
    change: int = 0,
    quantity: int | None = None,
    discount: int = 0,
) -> None:
    """Take *amount* for the period from *start*, once; or for what a *change* of the quantity (its id) added to it, once.

    *quantity*: for how many units, where the subscription does not say; *discount*: what was taken off before. Raises
    `Refused` when the money does not reach.
    """
    if _is_taken(session, subscription_id, start, change):
        return
    if amount:
        key = _key(subscription_id, start, change)
        ledger.take(session, cause, account_id=account_id, amount=amount, key=key, kind="add_on", note=cause.why)
    cost = purchase_cost.of_charge(
        session, subscription_id=subscription_id, change=change, quantity=quantity, start=start, end=end, at=cause.at
    )
    session.execute(
        insert(Charge).values(
            subscription_id=subscription_id,
            part=change,
            period_start=start,
            period_end=end,
            quantity=_units(subscription_id, change) if quantity is None else quantity,
            amount=amount,
            discount=discount,
            cost=cost,
            at=cause.at,
        )
    )


def _is_taken(session: Session, subscription_id: int, start: datetime, change: int) -> bool:
    known = select(Charge.id).where(
        Charge.subscription_id == subscription_id, Charge.period_start == start, Charge.part == change
    )
    return session.scalar(known) is not None


def _key(subscription_id: int, start: datetime, change: int) -> str:
    """What the ledger knows it by."""
    name = f"{ledger.period_name(start)}:{change}" if change else ledger.period_name(start)
    return f"add_on:{subscription_id}:{name}"


def _units(subscription_id: int, change: int) -> ScalarSelect[int]:
    """For how many units the charge is: all of the subscription's, or those that a change added."""
    if change:
        added = QuantityChange.quantity - QuantityChange.before
        return select(added).where(QuantityChange.id == change).scalar_subquery()
    return select(Subscription.quantity).where(Subscription.id == subscription_id).scalar_subquery()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Renewal:
    """What is wished for; see `renew`."""

    subscription: int
    term: str | None
    quantity: int | None
    split: Mapping[str, int]
    goes_on: bool = False


def renew(
    context: Context,
    cause: Cause,
    *,
    subscription_id: int,
    term: str | None = None,
    quantity: int | None = None,
    split: Mapping[str, int] | None = None,
    goes_on: bool = False,
    key: str | None = None,
    quote: str | None = None,
) -> datetime:
    """Renew a one-off subscription by *term* months (None: its own): from its old expiry when early, from now when late.

    *quantity*: so many units in the new term (None: as before); what more there were is lost when the old term is over.
    *split*: how they are distributed. *goes_on*: it was used until now, so that the new term begins where the old one ended.
    *key*: the caller's own; *quote*: the code of the quote that is confirmed. Returns until when it is paid. Raises
    `NotFound`, `BadInput` (``bad_term``, ``bad_quantity``), `Refused` (``insufficient_funds``, ``out_of_stock``, ``held``,
    ``seats_in_use``, ``renewed``, ``stale_quote``, ``key_used``…).
    """
    find.require_money(context)
    wish = _Renewal(subscription=subscription_id, term=term, quantity=quantity, split=split or {}, goes_on=goes_on)
    with context.store.write() as session:

        def do() -> datetime:
            end, told = _renew(context, session, cause, wish, at=moment_of(quote, now=cause.at))
            confirm(quote, told)
            return end

        return once(
            session,
            cause,
            key=key,
            what="renew",
            arguments=asdict(wish),
            do=do,
            write=lambda end: {"paid_until": end.isoformat()},
            read=lambda said: datetime.fromisoformat(said["paid_until"]),
        )


def preview_renewal(
    context: Context,
    cause: Cause,
    *,
    subscription_id: int,
    term: str | None = None,
    quantity: int | None = None,
    split: Mapping[str, int] | None = None,
) -> Quote:
    """What the same would cost: it is renewed, and the transaction rolled back. Raises what `renew` raises."""
    find.require_money(context)
    wish = _Renewal(subscription=subscription_id, term=term, quantity=quantity, split=split or {})
    with context.store.write() as session:
        _, told = _renew(context, session, cause, wish, at=cause.at)
        session.rollback()
        return told


def _renew(context: Context, session: Session, cause: Cause, wish: _Renewal, *, at: datetime) -> tuple[datetime, Quote]:
    """Until when it is paid, and the price for *at*."""
    subscription, account, product = find.subscription(session, wish.subscription, cause, Permission.BUY)
    access.require_account(session, cause, Permission.BUY, account_id=account.id)
    _must_be_a_running_term(subscription)
    months = find.term(product, wish.term) if wish.term is not None else subscription.term_months
    zone, rule = time_zone(account.time_zone), Month(product.month)
    term = partial(next_term, subscription.paid_until, months=months, zone=zone, rule=rule, goes_on=wish.goes_on)
    (start, end), (first, last) = term(now=cause.at), term(now=at)
    units = renewal.units(session, subscription, product, quantity=wish.quantity, told=wish.split)
    cost = quantities.price_list(context, session, cause, subscription, product, at=at)
    renewal.resize(context, session, cause, subscription, product, units, start=start)
    issue.refuse_while_held(context, session, subscription_id=subscription.id)
    issue.for_one(context, session, cause, subscription_id=subscription.id, start=start)
    net, listed = (each.price_for(units.quantity, months=months) for each in (cost, cost.at_list))
    line = quotes.line(product, quantity=units.quantity, months=months, start=first, end=last, list_price=listed, net=net)
    take(
        session,
        cause,
        account_id=account.id,
        subscription_id=subscription.id,
        amount=net,
        start=start,
        end=end,
        quantity=units.quantity,
        discount=line.discount,
    )
    _paid_until(session, cause, subscription, end)
    holds.choose(session, [subscription.id])
    holds.lift(session, cause, owner=HoldOwner.FORECAST)
    request = {"what": "renew", "subscription": subscription.id, "product": product.code, "split": units.split}
    told = partial(quotes.quote, context, session, account=account, currency=product.currency, request=request)
    return end, told(lines=[line], start=first, next_price=None, priced_at=at)


def _must_be_a_running_term(subscription: Subscription) -> None:
    if subscription.plan != Plan.ONE_OFF.value or subscription.status != Status.RUNNING.value:
        raise Refused(
            f"Subscription {subscription.id} is {subscription.plan} and {subscription.status}; "
            "only a running one-off term is renewed by hand.",
            code="not_renewable",
        )


def _paid_until(session: Session, cause: Cause, subscription: Subscription, end: datetime) -> None:
    paid_until.note(session, cause, subscription, end)
    scratch.empty(session, scratch.renewing)
    session.execute(
        insert(scratch.renewing).values(subscription_id=subscription.id, account_id=subscription.account_id, price=0)
    )
    wants.follow_paid_until(session, cause)
