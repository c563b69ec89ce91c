"""An account orders a product: the money, the subscription and its licences in one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.event import parse_account
from isp_addons.domain.period import add_months, time_zone
from isp_addons.domain.problem import BadInput, Refused, TryAgain
from isp_addons.domain.proration import Proration, months_to_pay
from isp_addons.domain.subscription import Plan
from isp_addons.domain.text import parse_line
from isp_addons.services import charge, find, issue, prices, quantities, trial
from isp_addons.services.context import Context
from isp_addons.services.subscribe import NewSubscription, create
from isp_addons.store import scratch
from isp_addons.store.tables import Product, Subscription, TariffProduct

MOST_QUANTITY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is ordered. ``key``: the caller's own; the same key twice is one order."""

    account: str
    product: str
    plan: Plan
    key: str
    quantity: int = 1
    term: str = "1"


def place(context: Context, cause: Cause, order: Order) -> int:
    """Place *order*; returns the subscription's id, the same for a repeated key.

    A one-off term is paid whole; a recurring one for what is left of the account's period, by time, but an activation code
    is always paid whole. Raises `NotFound`, `BadInput`, `Refused` (``insufficient_funds``, ``account_blocked``,
    ``out_of_stock``, ``vendor_disabled``, ``not_on_sale``…), and `TryAgain` between the end of a period and the next.
    """
    parse_account(order.account)
    parse_line(order.key, name="key", most=find.LONGEST_KEY)
    if not 1 <= order.quantity <= MOST_QUANTITY:
        raise BadInput(f"The quantity {order.quantity} is not from 1 to {MOST_QUANTITY}.", code="bad_quantity")
    gathered = context.billing.gather([order.account], at=cause.at)
    with context.store.write() as session:
        account = find.known_accounts(context, session, gathered, [order.account]).get(order.account)
        before = session.scalar(select(Subscription.id).where(Subscription.key == order.key))
        if before is not None:
            return before
        funds = session.execute(select(scratch.funds)).one_or_none()
        if account is None or funds is None:
            raise find.unknown_account(order.account)
        product = find.product(session, order.product)
        months = _months(context, product, order)
        tried = trial.standing(session, account_id=account.id, product=product, plan=order.plan)
        _may_order(context, session, product, funds, order)
        paid_until, amount = _first_payment(context, session, cause, account.time_zone, product, funds, order, months)
        new = NewSubscription(
            account_id=account.id,
            product=product,
            key=order.key,
            plan=order.plan,
            quantity=order.quantity,
            term_months=months,
            price=_next_price(session, cause, product, order, paid_until),
            paid_until=paid_until,
            instead_of=tried,
        )
        new_id = create(session, context, cause, new)
        if order.plan not in (Plan.BUNDLED, Plan.TRIAL):
            start = cause.at if order.plan is Plan.ONE_OFF else funds.period_start
            issue.for_one(context, session, cause, subscription_id=new_id, start=start)
            _pay(context, session, cause, funds, new_id, amount, start, paid_until or funds.period_end)
        return new_id


def _months(context: Context, product: Product, order: Order) -> int:
    if order.plan is Plan.ONE_OFF:
        if "," in product.terms and _issues_codes(context, product):
            raise BadInput(
                f"{product.code} is sold as codes, which are of one term, but has the terms {product.terms}; "
                "add a product for each term.",
                code="bad_term",
            )
        return find.term(product, order.term)
    if order.term != "1":
        raise BadInput(
            f"A term ({order.term}) is for the plan one_off only; {order.plan} goes on until it is cancelled.", code="bad_term"
        )
    return 1


def _may_order(context: Context, session: Session, product: Product, funds: Any, order: Order) -> None:
    if not product.on_sale:
        raise Refused(f"{product.code} is not on sale.", code="not_on_sale")
    quantities.check_limits(product, order.quantity)
    if funds.blocked:
        raise Refused(
            f"The account {order.account} is blocked in the billing; it can order once it is free.", code="account_blocked"
        )
    if order.plan is Plan.BUNDLED and session.get(TariffProduct, (funds.tariff or "", product.id)) is None:
        raise Refused(
            f"The tariff {funds.tariff or 'none'} of account {order.account} does not include {product.code}; "
            "include it with: isp-addons products include",
            code="not_in_tariff",
        )
    if product.vendor is not None:
        can = context.capabilities(product.vendor)
        if order.quantity > 1 and not (can.counts_seats or can.changes_quantity):
            raise Refused(f"The vendor {product.vendor} sells {product.code} one at a time.", code="bad_quantity")
        if order.plan is Plan.TRIAL and can.issues_codes:
            message = f"{product.code} is sold as codes, and a code that was shown cannot be taken back: it has no trial."
            raise Refused(message, code="no_trial")


def _next_price(session: Session, cause: Cause, product: Product, order: Order, paid_until: datetime | None) -> int:
    """What the next period costs, by the price list that is valid when it begins."""
    if order.plan in (Plan.BUNDLED, Plan.TRIAL):
        return 0
    return prices.valid(session, product, at=paid_until or cause.at).price_for(order.quantity, months=1)


def _first_payment(
    context: Context, session: Session, cause: Cause, zone: str, product: Product, funds: Any, order: Order, months: int
) -> tuple[datetime | None, int]:
    """Until when the first payment reaches, and how much it is."""
    if order.plan is Plan.BUNDLED:
        return None, 0
    if order.plan is Plan.TRIAL:
        return cause.at + timedelta(days=product.trial_days), 0
    cost = prices.valid(session, product, at=cause.at)
    if order.plan is Plan.ONE_OFF:
        find.require_money(context)
        return add_months(cause.at, months, time_zone(zone)), cost.price_for(order.quantity, months=months)
    if funds.period_end <= cause.at:
        raise TryAgain(
            f"The period of account {order.account} ended at {funds.period_end.isoformat()} and the next has not begun yet; "
            "the worker begins it, or: isp-addons period-begin",
            code="period_is_over",
        )
    rule = Proration.NONE if _issues_codes(context, product) else Proration(product.proration)
    part = months_to_pay(rule, now=cause.at, start=funds.period_start, end=funds.period_end, months=1)
    return funds.period_end, cost.price_for(order.quantity, months=part)


def _issues_codes(context: Context, product: Product) -> bool:
    return product.vendor is not None and context.capabilities(product.vendor).issues_codes


def _pay(
    context: Context,
    session: Session,
    cause: Cause,
    funds: Any,
    subscription_id: int,
    amount: int,
    start: datetime,
    end: datetime,
) -> None:
    if context.billing.takes_money:
        charge.take(
            session, cause, account_id=funds.account_id, subscription_id=subscription_id, amount=amount, start=start, end=end
        )
    elif not funds.unlimited and funds.available < amount:
        raise Refused("The account has not enough money for it; nothing was ordered.", code="insufficient_funds")
