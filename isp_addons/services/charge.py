"""Charging: money for one period of one subscription, once; renewing a one-off term."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.period import extend, time_zone
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import find, issue, quantities, renewal
from isp_addons.services.context import Context
from isp_addons.store import audit, holds, scratch, wants
from isp_addons.store.tables import Charge, Subscription


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
) -> None:
    """Take *amount* for the period from *start*, once; or for what a *change* of the quantity (its id) added to it, once.

    Raises `Refused` when the money does not reach.
    """
    known = select(Charge.id).where(
        Charge.subscription_id == subscription_id, Charge.period_start == start, Charge.part == change
    )
    if session.scalar(known) is not None:
        return
    if amount:
        name = f"{ledger.period_name(start)}:{change}" if change else ledger.period_name(start)
        key = f"add_on:{subscription_id}:{name}"
        ledger.take(session, cause, account_id=account_id, amount=amount, key=key, kind="add_on", note=cause.why)
    session.execute(
        insert(Charge).values(
            subscription_id=subscription_id, part=change, period_start=start, period_end=end, amount=amount, at=cause.at
        )
    )


def renew(
    context: Context, cause: Cause, *, subscription_id: int, term: str | None = None, quantity: int | None = None
) -> datetime:
    """Renew a one-off subscription by *term* months (None: its own): from its old expiry when early, from now when late.

    *quantity*: so many units in the new term (None: as before); what more there were is lost when the old term is over.
    Returns until when it is paid. Raises `NotFound`, `BadInput` (``bad_term``, ``bad_quantity``), `Refused`
    (``insufficient_funds``, ``out_of_stock``, ``held``, ``seats_in_use``, ``renewed``…).
    """
    find.require_money(context)
    with context.store.write() as session:
        subscription, account, product = find.subscription(session, subscription_id)
        if subscription.plan != Plan.ONE_OFF.value or subscription.status != Status.RUNNING.value:
            raise Refused(
                f"Subscription {subscription_id} is {subscription.plan} and {subscription.status}; "
                "only a running one-off term is renewed by hand.",
                code="not_renewable",
            )
        months = find.term(product, term) if term is not None else subscription.term_months
        start = subscription.paid_until if subscription.paid_until and subscription.paid_until > cause.at else cause.at
        end = extend(subscription.paid_until, now=cause.at, months=months, zone=time_zone(account.time_zone))
        units = renewal.units(session, subscription, quantity)
        cost = quantities.price_list(session, subscription, product, at=cause.at)
        if units != subscription.quantity:
            renewal.resize(context, session, cause, subscription, product, quantity=units, start=start)
        issue.refuse_while_held(context, session, subscription_id=subscription.id)
        issue.for_one(context, session, cause, subscription_id=subscription.id, start=start)
        amount = cost.price_for(units, months=months)
        take(session, cause, account_id=account.id, subscription_id=subscription.id, amount=amount, start=start, end=end)
        _paid_until(session, cause, subscription, end)
        holds.choose(session, [subscription.id])
        holds.lift(session, cause, owner=HoldOwner.FORECAST)
        return end


def _paid_until(session: Session, cause: Cause, subscription: Subscription, end: datetime) -> None:
    audit.record(
        session,
        cause,
        subject="subscription",
        subject_id=subscription.id,
        field="paid_until",
        before=subscription.paid_until,
        after=end,
    )
    session.execute(update(Subscription).where(Subscription.id == subscription.id).values(paid_until=end))
    scratch.empty(session, scratch.renewing)
    session.execute(
        insert(scratch.renewing).values(subscription_id=subscription.id, account_id=subscription.account_id, price=0)
    )
    wants.follow_paid_until(session, cause)
