"""What an order costs now and in the next period, and until when the first payment reaches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.period import Month, add_months, time_zone
from isp_addons.domain.proration import Proration, months_to_pay
from isp_addons.domain.quote import Line, Quote
from isp_addons.domain.subscription import Plan
from isp_addons.services import discount, prices, quote
from isp_addons.services.context import Context
from isp_addons.store.tables import Account, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is ordered, what the billing says of the account (a row of `scratch.funds`), and the moment that is priced.

    ``by_customer``: a user of the customer asked for it himself, whoever orders now.
    """

    account: Account
    funds: Any
    product: Product
    plan: Plan
    quantity: int
    months: int
    priced_at: datetime
    by_customer: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """What is paid now, None for what comes with a tariff, and what the whole next period costs, in minor units."""

    line: Line | None
    next_price: int


def until(case: Case, at: datetime) -> datetime | None:
    """Until when the first payment reaches, for what begins at *at*."""
    if case.plan is Plan.BUNDLED:
        return None
    if case.plan is Plan.TRIAL:
        return at + timedelta(days=case.product.trial_days)
    if case.plan is Plan.ONE_OFF:
        return add_months(at, case.months, time_zone(case.account.time_zone), rule=Month(case.product.month))
    end: datetime = case.funds.period_end
    return end


def price(context: Context, session: Session, cause: Cause, case: Case) -> Price:
    """The price for whoever is behind *cause*; the next period's by the price list that is valid when it begins.

    Who orders now would order again: his discount counts for the next period too.
    """
    end = until(case, case.priced_at)
    if end is None:
        return Price(None, 0)
    line = partial(quote.line, case.product, quantity=case.quantity, start=case.priced_at, end=end)
    if case.plan is Plan.TRIAL:
        return Price(line(months=0, list_price=0, net=0), 0)
    taken_off = discount.discount_for(context, session, cause, case.account.id, by_customer=case.by_customer)
    cost = prices.valid(session, case.product, at=case.priced_at).less(taken_off)
    part = _part(context, case)
    net, listed = (each.price_for(case.quantity, months=part) for each in (cost, cost.at_list))
    next_cost = prices.valid(session, case.product, at=end).less(taken_off)
    return Price(line(months=part, list_price=listed, net=net), next_cost.price_for(case.quantity, months=1))


def told(context: Context, session: Session, case: Case, found: Price, request: Mapping[str, object]) -> Quote:
    """The same as a quote."""
    return quote.quote(
        context,
        session,
        account=case.account,
        currency=case.product.currency,
        request=request,
        lines=[found.line] if found.line is not None else [],
        start=case.priced_at,
        next_price=found.next_price if case.plan is Plan.RECURRING else None,
        priced_at=case.priced_at,
    )


def issues_codes(context: Context, product: Product) -> bool:
    """Whether the product is sold as activation codes, which are always paid whole."""
    return product.vendor is not None and context.capabilities(product.vendor).issues_codes


def _part(context: Context, case: Case) -> Fraction:
    """How many months are paid now."""
    if case.plan is Plan.ONE_OFF:
        return Fraction(case.months)
    rule = Proration.NONE if issues_codes(context, case.product) else Proration(case.product.proration)
    return months_to_pay(rule, now=case.priced_at, start=case.funds.period_start, end=case.funds.period_end, months=1)
