"""An account orders a product: the money, the subscription and its licences in one transaction."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.event import parse_account
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, Refused, TryAgain
from isp_addons.domain.quote import Line, Quote, confirm, moment_of
from isp_addons.domain.split import as_text, distribute
from isp_addons.domain.subscription import Plan
from isp_addons.domain.text import parse_line
from isp_addons.services import access, acting, charge, discount, find, issue, order_price, quantities, trial
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.services.subscribe import NewSubscription, create
from isp_addons.store import scratch
from isp_addons.store.tables import Product, TariffProduct

MOST_QUANTITY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is ordered. ``key``: the caller's own; the same key twice is one order.

    ``split``: how the quantity is distributed over the product's parts; one may be left out. ``renews``: a one-off term that
    renews itself when it is over. ``quote``: the code of the quote that is confirmed.
    """

    account: str
    product: str
    plan: Plan
    key: str | None = None
    quantity: int = 1
    term: str = "1"
    split: Mapping[str, int] = field(default_factory=dict)
    renews: bool = False
    quote: str | None = None


def place(context: Context, cause: Cause, order: Order, *, own: bool = False) -> int:
    """Place *order*; returns the subscription's id, the same for a repeated key. *own*: the key is the product's.

    A one-off term is paid whole; a recurring one for what is left of the account's period, by time, but an activation code
    is always paid whole. Raises `NotFound`, `BadInput`, `Refused` (``insufficient_funds``, ``account_blocked``,
    ``out_of_stock``, ``vendor_disabled``, ``not_on_sale``, ``stale_quote``, ``key_used``…), and `TryAgain` between the end of
    a period and the next.
    """
    check(order)
    gathered = context.billing.gather([order.account], at=cause.at)
    with context.store.write() as session:
        return place_within(context, session, cause, gathered, order, own=own)


def preview(context: Context, cause: Cause, order: Order, *, unpaid: bool = False) -> Quote:
    """What *order* would cost: it is placed, and the transaction rolled back. Raises what `place` raises.

    *unpaid*: also where the account's money does not reach, for who pays otherwise.
    """
    check(order)
    gathered = context.billing.gather([order.account], at=cause.at)
    with context.store.write() as session:
        _, told = _place(context, session, cause, gathered, order, priced_at=cause.at, unpaid=unpaid)
        session.rollback()
        return told


def check(order: Order) -> None:
    """Raise `BadInput` for what cannot be meant, whatever is sold."""
    parse_account(order.account)
    if order.key is not None:
        parse_line(order.key, name="key", most=find.LONGEST_KEY)
    if not 1 <= order.quantity <= MOST_QUANTITY:
        raise BadInput(f"The quantity {order.quantity} is not from 1 to {MOST_QUANTITY}.", code="bad_quantity")
    if order.renews and order.plan is not Plan.ONE_OFF:
        raise BadInput(f"Only a one-off term renews itself; {order.plan} goes on anyway, or ends.", code="bad_term")


def place_within(
    context: Context,
    session: Session,
    cause: Cause,
    gathered: Gathered,
    order: Order,
    *,
    priced_at: datetime | None = None,
    own: bool = False,
) -> int:
    """The same inside the caller's transaction; *gathered* was asked for before it began.

    *priced_at*: an agreed moment for which the price is worked out, of any age; None: that of the quote, or now.
    """

    def do() -> int:
        at = moment_of(order.quote, now=cause.at) if priced_at is None else priced_at
        placed, told = _place(context, session, cause, gathered, order, priced_at=at)
        confirm(order.quote, told)
        return placed

    return once(
        session,
        cause,
        key=order.key,
        what="order",
        arguments={"account": order.account, **_request(order)},
        do=do,
        write=lambda subscription: {"subscription": subscription},
        read=lambda said: int(said["subscription"]),
        own=own,
    )


def place_and_tell(
    context: Context, session: Session, cause: Cause, gathered: Gathered, order: Order, *, priced_at: datetime
) -> tuple[int, Quote]:
    """The subscription and its quote, inside the transaction of a caller who has the key and confirms the quote himself."""
    return _place(context, session, cause, gathered, order, priced_at=priced_at)


def _place(
    context: Context,
    session: Session,
    cause: Cause,
    gathered: Gathered,
    order: Order,
    *,
    priced_at: datetime,
    unpaid: bool = False,
) -> tuple[int, Quote]:
    case = _case(context, session, cause, gathered, order, priced_at)
    account, product, funds = case.account, case.product, case.funds
    tried = trial.standing(session, account_id=account.id, product=product, plan=order.plan)
    goes_on = cause.source is Source.TIMETABLE and tried is not None and tried.by_customer
    case = replace(case, by_customer=goes_on or discount.is_by_customer(session, cause))
    _may_order(context, session, product, funds, order)
    _may_begin(context, cause, case)
    found, end = order_price.price(context, session, cause, case), order_price.until(case, cause.at)
    new = NewSubscription(
        account_id=account.id,
        product=product,
        key=_own_key(cause, order),
        plan=order.plan,
        quantity=order.quantity,
        term_months=case.months,
        price=found.next_price,
        paid_until=end,
        instead_of=tried,
        split=distribute(order.quantity, order.split, parts=product.split, product=product.code),
        renews=order.renews,
        by_customer=case.by_customer,
    )
    new_id = create(session, context, cause, new)
    if order.plan not in (Plan.BUNDLED, Plan.TRIAL) and found.line is not None:
        start = cause.at if order.plan is Plan.ONE_OFF else funds.period_start
        issue.for_one(context, session, cause, subscription_id=new_id, start=start)
        if not unpaid:
            _pay(context, session, cause, funds, new_id, found.line, start, end or funds.period_end)
    return new_id, order_price.told(context, session, case, found, _request(order))


def _request(order: Order) -> dict[str, object]:
    """What makes an order another one."""
    own = {name: value for name, value in asdict(order).items() if name not in ("account", "key", "quote")}
    return {"what": "order", **own, "split": as_text(order.split), "renews": "yes" if order.renews else "no"}


def _case(
    context: Context, session: Session, cause: Cause, gathered: Gathered, order: Order, priced_at: datetime
) -> order_price.Case:
    account = find.known_accounts(context, session, gathered, [order.account]).get(order.account)
    funds = session.execute(select(scratch.funds)).one_or_none()
    if account is None or funds is None:
        raise find.unknown_account(order.account)
    asked = Permission.TRY if order.plan is Plan.TRIAL else Permission.BUY
    access.require_account(session, cause, asked, account_id=account.id)
    product = find.product(session, order.product)
    acting.check_sale(context, session, cause, account_id=account.id, product=product, quantity=order.quantity)
    return order_price.Case(
        account=account,
        funds=funds,
        product=product,
        plan=order.plan,
        quantity=order.quantity,
        months=_months(context, product, order),
        priced_at=priced_at,
    )


def _own_key(cause: Cause, order: Order) -> str:
    """A subscription's name for ever: a key is unique for each person, a subscription's for all of them."""
    if order.key is None:
        return f"order:{secrets.token_hex(8)}"
    return order.key if cause.person is None else find.fitting_key(f"{cause.person}:{order.key}")


def _months(context: Context, product: Product, order: Order) -> int:
    if order.plan is Plan.ONE_OFF:
        if "," in product.terms and order_price.issues_codes(context, product):
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


def _may_begin(context: Context, cause: Cause, case: order_price.Case) -> None:
    if case.plan is Plan.ONE_OFF:
        find.require_money(context)
    if case.plan is Plan.RECURRING and case.funds.period_end <= cause.at:
        raise TryAgain(
            f"The period of account {case.account.ref} ended at {case.funds.period_end.isoformat()} and the next has not begun "
            "yet; the worker begins it, or: isp-addons period-begin",
            code="period_is_over",
        )


def _pay(
    context: Context,
    session: Session,
    cause: Cause,
    funds: Any,
    subscription_id: int,
    line: Line,
    start: datetime,
    end: datetime,
) -> None:
    if context.billing.takes_money:
        charge.take(
            session,
            cause,
            account_id=funds.account_id,
            subscription_id=subscription_id,
            amount=line.net,
            discount=line.discount,
            start=start,
            end=end,
        )
    elif not funds.unlimited and funds.available < line.net:
        raise Refused("The account has not enough money for it; nothing was ordered.", code="insufficient_funds")
