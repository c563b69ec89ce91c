"""What a purchase delivers once it is paid: one word, one function each, run in the transaction of the money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.money import LARGEST, format_amount
from isp_addons.domain.problem import Refused
from isp_addons.domain.quote import moment_of
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import find, order, resale
from isp_addons.services.context import Context
from isp_addons.store import scratch
from isp_addons.store.tables import LedgerAccount, Purchase, Subscription

ORDER, TOP_UP, RESALE = "order", "top_up", "resale"
_ON = (Status.RUNNING.value, Status.ENDING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What is delivered to the account ``ref``, at the prices of ``priced_at``; ``key``: the same twice is one.

    ``quote``: the code of a quote that is confirmed now, at its own moment (then ``priced_at`` is None). ``buyer``: whose
    rights and discount count; None: they were looked at already.
    """

    ref: str
    what: Mapping[str, Any]
    key: str
    priced_at: datetime | None
    buyer: int | None
    quote: str | None = None


def of(purchase: Purchase, *, ref: str, confirm: bool = False) -> Goods:
    """What a purchase delivers. In a space, its own rules said who may pay. *confirm*: its quote was not confirmed yet."""
    quote = purchase.what.get("quote")
    agreed = moment_of(quote, now=purchase.created_at)
    return Goods(
        ref=ref,
        what=purchase.what,
        key=f"purchase:{purchase.id}",
        priced_at=None if confirm and quote else agreed,
        quote=quote if confirm else None,
        buyer=purchase.person_id if purchase.space_id is None else None,
    )


def deliver(context: Context, session: Session, cause: Cause, gathered: Gathered, goods: Goods) -> int | None:
    """Deliver *goods*, whose money is on the balance already; returns the subscription, if it is one.

    Raises what the service behind it raises.
    """
    return _DELIVERIES[goods.what["kind"]](context, session, replace(cause, person=goods.buyer), gathered, goods)


def price(context: Context, cause: Cause, *, ref: str, what: Mapping[str, Any], buyer: int | None) -> int:
    """What *what* would take from the account's balance now, in minor units; nothing is changed.

    It is delivered in a transaction that is taken back, so that everything that delivering refuses is refused here. What an
    account lacks already is not part of the price: raises `Refused` (``account_blocked``) for one that is blocked or overdrawn.
    """
    find.require_money(context)
    gathered = context.billing.gather([ref], at=cause.at)
    quote = what.get("quote")
    at = None if quote else cause.at
    goods = Goods(ref=ref, what=what, key=f"price:{ref}", priced_at=at, buyer=buyer, quote=quote)
    with context.store.write() as session:
        account = find.known_accounts(context, session, gathered, [ref]).get(ref)
        if account is None:
            raise find.unknown_account(ref)
        if what["kind"] != TOP_UP:
            _refuse_blocked(session, ref)
        ledger.give(session, cause, account_id=account.id, amount=LARGEST, key=goods.key, kind="price", note="")
        before = _balance(session, account.id)
        deliver(context, session, cause, gathered, goods)
        cost = before - _balance(session, account.id)
        session.rollback()
    return int(what["amount"]) if what["kind"] == TOP_UP else cost


def _refuse_blocked(session: Session, ref: str) -> None:
    """What is paid for a thing would go into a debt first, and the thing could not be delivered."""
    funds = session.execute(select(scratch.funds)).one()
    if funds.blocked:
        missing = format_amount(-funds.available, funds.currency, with_currency=True) if funds.available < 0 else None
        why = "blocked in the billing" if missing is None else f"overdrawn by {missing}; that is paid first"
        raise Refused(f"The account {ref} is {why}; it can buy once it is free.", code="account_blocked")


def refuse_twice(session: Session, *, space_id: int, service: str, devices: list[str]) -> None:
    """Raise `Refused` (``already_active``) where the same service runs in the space for the same device, by whichever path."""
    running = select(Purchase).join(Subscription, Subscription.id == Purchase.subscription_id)
    mine = running.where(Purchase.space_id == space_id, Purchase.service == service, Subscription.status.in_(_ON))
    for each in session.scalars(mine.order_by(Purchase.id)):
        theirs = each.what.get("devices", [])
        if set(theirs) & set(devices) or not (theirs or devices):
            where = f" on {', '.join(sorted(set(theirs) & set(devices)))}" if devices else ""
            raise Refused(
                f"{service} is active{where} in space {space_id} already, paid by {each.method} (subscription "
                f"{each.subscription_id}); stop that first.",
                code="already_active",
            )


def _order(context: Context, session: Session, cause: Cause, gathered: Gathered, goods: Goods) -> int | None:
    what = goods.what
    wanted = order.Order(
        account=goods.ref,
        product=what["product"],
        plan=Plan(what["plan"]),
        key=goods.key,
        quantity=what["quantity"],
        term=what["term"],
        quote=goods.quote,
    )
    return order.place_within(context, session, cause, gathered, wanted, priced_at=goods.priced_at, own=True)


def _top_up(*_: object) -> int | None:
    """The money itself is what was bought."""
    return None


def _resale(context: Context, session: Session, cause: Cause, gathered: Gathered, goods: Goods) -> int | None:  # noqa: ARG001
    payer = find.account(session, goods.ref)
    return resale.deliver(
        context, session, cause, payer=payer, what=goods.what, key=goods.key, priced_at=goods.priced_at, quote=goods.quote
    )


def _balance(session: Session, account_id: int) -> int:
    return session.scalars(select(LedgerAccount.balance).where(LedgerAccount.account_id == account_id)).one()


_DELIVERIES: Mapping[str, Callable[[Context, Session, Cause, Gathered, Goods], int | None]] = {
    ORDER: _order,
    TOP_UP: _top_up,
    RESALE: _resale,
}
