"""What is missing for the next period is taken from the account's saved card, some days before the period ends.

Those days are the grace: a card that fails is tried again each day. What is still not paid when the period is over is suspended
as everything that is not paid, and never deleted.
"""

import logging
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, delete, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.money import LARGEST
from isp_addons.domain.payment_method import Method
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import Problem
from isp_addons.domain.purchase import State
from isp_addons.domain.subscription import Plan, Status
from isp_addons.domain.text import parse_line
from isp_addons.services import access, card_payment, find, forecast, payment_methods, quantities
from isp_addons.services.context import Context
from isp_addons.services.purchase_goods import TOP_UP
from isp_addons.store import audit, changes, scratch
from isp_addons.store.tables import Account, LedgerAccount, Product, Purchase, SavedCard, Subscription

log = logging.getLogger(__name__)

_MOST = 200
_UNDER_WAY = (State.PAYING.value, State.ACTION_REQUIRED.value)
"""What may still bring money; that of a paid purchase is on the balance already."""


def save(context: Context, cause: Cause, *, account: str, card: str | None) -> None:
    """Take what will be missing from *card*, the gateway's token of a card; None: from none any more.

    Raises `NotFound`, `Refused` (``method_not_offered``, ``not_permitted``).
    """
    if card is not None:
        parse_line(card, name="card", most=200)
        find.require_money(context)
    with context.store.write() as session:
        owner = find.account(session, account, lock=True)
        access.require_account(session, cause, Permission.BUY, account_id=owner.id)
        before = session.get(SavedCard, owner.id)
        session.execute(delete(SavedCard).where(SavedCard.account_id == owner.id))
        if card is not None:
            payment_methods.require_offered(session, Method.CARD)
            session.add(SavedCard(account_id=owner.id, card=card, since=cause.at))
        told = [None if each is None else "a card" for each in (before, card)]
        audit.record(session, cause, subject="account", subject_id=owner.id, field="saved_card", before=told[0], after=told[1])


def run(context: Context, cause: Cause) -> int:
    """Take what is missing of every account with a saved card whose paid time ends soon; returns how many cards paid."""
    if not context.billing.takes_money:
        return 0
    paid, last = 0, 0
    while part := _ending(context, cause, beyond=last):
        last = part[-1][0]
        for account_id, ref in part:
            try:
                paid += _pay(context, cause, account_id, ref)
            except Problem as problem:
                log.warning("account %s: its card was not charged: %s", ref, problem.message)
    return paid


def _ending(context: Context, cause: Cause, *, beyond: int) -> list[tuple[int, str]]:
    """The next accounts *beyond* that number with a saved card for which something ends soon and the money may not reach.

    No payment of them is under way or was tried today.
    """
    soon = cause.at + context.payments.renewal
    under_way = exists().where(Purchase.account_id == Account.id, Purchase.status.in_(_UNDER_WAY))
    today = exists().where(Purchase.account_id == Account.id, Purchase.key == _key_of_day(cause.at))
    term = exists().where(Subscription.account_id == Account.id, *_terms(cause.at, soon))
    theirs = select(func.coalesce(func.sum(Subscription.price), 0)).where(
        Subscription.account_id == Account.id,
        Subscription.plan == Plan.RECURRING.value,
        Subscription.status == Status.RUNNING.value,
    )
    funds = LedgerAccount.balance + LedgerAccount.credit
    lacks = funds < LedgerAccount.base_price + theirs.correlate(Account).scalar_subquery()
    period = and_(LedgerAccount.period_end > cause.at, LedgerAccount.period_end <= soon, lacks)
    query = (
        select(Account.id, Account.ref)
        .join(SavedCard, SavedCard.account_id == Account.id)
        .join(LedgerAccount, LedgerAccount.account_id == Account.id)
        .where(LedgerAccount.unlimited.is_(False), or_(period, term), ~under_way, ~today, Account.id > beyond)
    )
    with context.store.read() as session:
        return [(row.id, row.ref) for row in session.execute(query.order_by(SavedCard.account_id).limit(_MOST)).all()]


def _pay(context: Context, cause: Cause, account_id: int, ref: str) -> bool:
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        find.known_accounts(context, session, gathered, [ref])
        saved, missing = session.get(SavedCard, account_id), _missing(context, session, cause, account_id)
        if saved is None or not 0 < missing <= LARGEST:
            return False
        card, key = saved.card, f"renewal:{account_id}:{cause.at:%Y-%m-%d}"
        purchase = Purchase(
            key=key,
            account_id=account_id,
            what={"kind": TOP_UP, "amount": missing},
            amount=missing,
            currency=session.get_one(Account, account_id).currency,
            method=Method.CARD.value,
            status=State.NEW.value,
            created_at=cause.at,
            expires_at=cause.at + context.payments.purchase,
        )
        session.add(purchase)
        session.flush()
        audit.record(
            session, cause, subject="purchase", subject_id=purchase.id, field="status", before=None, after=purchase.status
        )
        made = purchase.id
    return card_payment.pay(context, cause, purchase_id=made, card=card) is State.ACTIVE


def _missing(context: Context, session: Session, cause: Cause, account_id: int) -> int:
    """What the account in `scratch.funds` lacks, in minor units, for what ends soon; 0 or less: nothing."""
    soon = cause.at + context.payments.renewal
    funds = session.execute(select(scratch.funds)).one()
    needed = _of_terms(context, session, cause, account_id, soon)
    if cause.at < funds.period_end <= soon:
        forecast.gather_renewing(session)
        needed += funds.dues + session.scalars(select(func.coalesce(func.sum(scratch.renewing.c.price), 0))).one()
    return int(needed - funds.available) if needed else 0


def _of_terms(context: Context, session: Session, cause: Cause, account_id: int, soon: datetime) -> int:
    """What the terms cost that renew themselves soon."""
    asked = Cause(actor=cause.actor, source=Source.TIMETABLE, at=cause.at, why=cause.why)
    query = select(Subscription, Product).join(Product, Product.id == Subscription.product_id)
    total = 0
    for row in session.execute(query.where(Subscription.account_id == account_id, *_terms(cause.at, soon))).all():
        subscription, product = row.Subscription, row.Product
        pending = changes.pending_of(session, subscription.id)
        units = subscription.quantity if pending is None else pending.quantity
        listed = quantities.price_list(context, session, asked, subscription, product, at=cause.at)
        total += listed.price_for(units, months=subscription.term_months)
    return total


def _terms(now: datetime, soon: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Subscription.plan == Plan.ONE_OFF.value,
        Subscription.renews.is_(True),
        Subscription.status == Status.RUNNING.value,
        Subscription.paid_until > now,
        Subscription.paid_until <= soon,
        ~forecast.frozen(),
    )


def _key_of_day(now: datetime) -> ColumnElement[str]:
    """One try a day for each account."""
    return literal("renewal:") + cast(Account.id, String) + literal(f":{now:%Y-%m-%d}")
