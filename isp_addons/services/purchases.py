"""Purchases: what is ordered and paid for from outside, step by step, so that no crash loses or takes money twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.app_version import AppUse
from isp_addons.domain.availability import Path
from isp_addons.domain.cause import Cause
from isp_addons.domain.event import parse_account
from isp_addons.domain.payment_method import Method
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.purchase import State
from isp_addons.domain.subscription import Plan
from isp_addons.domain.text import parse_line
from isp_addons.services import access, availability, find, order, payment_methods, purchase_booking, purchase_goods
from isp_addons.services.context import Context
from isp_addons.services.idempotency import refuse_own
from isp_addons.services.resale import Resale
from isp_addons.store import audit, scratch
from isp_addons.store.tables import Account, Purchase

_PATHS = {Method.CARD: Path.CARD, Method.DISTRIBUTOR: Path.DISTRIBUTOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPurchase:
    """What is bought and how it is paid. ``account`` pays; ``key``: the caller's own, the same twice is one purchase.

    ``resale``: what `isp_addons.services.resale.deliver` needs to know of a reseller's new customer, beside what is bought.
    ``space``, ``devices`` (the vendor's numbers) and ``payer`` (a person's id, where not the one who asks): for a space.
    ``app``: from which of the vendor's apps.
    """

    account: str
    product: str
    method: Method
    key: str
    plan: Plan = Plan.RECURRING
    quantity: int = 1
    term: str = "1"
    quote: str | None = None
    space: int | None = None
    devices: tuple[str, ...] = ()
    payer: int | None = None
    app: AppUse | None = None
    resale: Mapping[str, str] | None = None

    @property
    def what(self) -> dict[str, object]:
        """What is delivered once it is paid."""
        confirmed: dict[str, object] = {"quote": self.quote} if self.quote is not None else {}
        if self.resale is not None:
            sold: dict[str, object] = {"kind": purchase_goods.RESALE, "product": self.product, **self.resale}
            return {**sold, "quantity": self.quantity, "term": self.term, **confirmed}
        said: dict[str, object] = {"kind": purchase_goods.ORDER, "product": self.product, "plan": self.plan.value}
        where: dict[str, object] = {"devices": list(self.devices)} if self.devices else {}
        return {**said, "quantity": self.quantity, "term": self.term, **where, **confirmed}


def of_resale(sold: Resale, *, payer: str, method: Method, key: str, quote: str | None = None) -> NewPurchase:
    """What a reseller's sale to a new customer is as a purchase of the reseller's own account *payer*."""
    about = {"company": sold.company, "contact": sold.contact, "email": sold.email}
    return NewPurchase(
        account=payer,
        product=sold.product,
        method=method,
        key=key,
        plan=Plan.ONE_OFF,
        quantity=sold.quantity,
        term=sold.term,
        quote=quote,
        resale=about,
    )


def create(context: Context, cause: Cause, new: NewPurchase) -> int:
    """Write the purchase down, priced as of now; returns its id, the same for a repeated key. Nothing is paid yet.

    But off the balance, or on a distributor's statement, it is active at once. Raises what `order.place` raises, and
    `Refused` (``method_not_offered``, ``not_a_distributor``, ``already_active``, ``nothing_to_pay``…), `NotFound`.
    """
    _check(new)
    with context.store.read() as session:
        known = session.scalar(select(Purchase).where(Purchase.key == _own_key(cause, new)))
        if known is not None:
            return _same(known, new, account=purchase_booking.ref_of(session, known.id))
        payment_methods.require_offered(session, new.method)
    at_once = new.method in (Method.BALANCE, Method.DISTRIBUTOR)
    amount = 0 if at_once else _price(context, cause, new)
    if not at_once and not amount:
        raise Refused("It costs nothing now, so there is nothing to pay from outside; order it.", code="nothing_to_pay")
    gathered = context.billing.gather([new.account], at=cause.at)
    with context.store.write() as session:
        account = find.known_accounts(context, session, gathered, [new.account]).get(new.account)
        if account is None:
            raise find.unknown_account(new.account)
        service = _may_buy(session, cause, account, new)
        purchase = _row(context, cause, account, new, amount=amount, service=service)
        session.add(purchase)
        session.flush()
        audit.record(
            session, cause, subject="purchase", subject_id=purchase.id, field="status", before=None, after=purchase.status
        )
        if at_once:
            goods = purchase_goods.of(purchase, ref=account.ref, confirm=True)
            bought = purchase_goods.deliver(context, session, cause, gathered, goods)
            purchase.subscription_id, purchase.paid_at = bought, cause.at
            purchase_booking.move(session, cause, purchase, State.PAID)
            purchase_booking.move(session, cause, purchase, State.ACTIVE)
        return purchase.id


def row(session: Session, cause: Cause, purchase_id: int) -> Purchase:
    """One purchase, for somebody who may see it. Raises `NotFound` (``unknown_purchase``)."""
    found = session.get(Purchase, purchase_id)
    if found is None:
        raise access.missing(session, cause, Permission.SEE, purchase_booking.unknown(purchase_id))
    require(session, cause, Permission.SEE, found)
    return found


def rows(session: Session, cause: Cause, *, account: str | None, status: State | None, limit: int) -> Sequence[Purchase]:
    """The newest purchases of what is in the care of who asks."""
    query = select(Purchase).join(Account, Account.id == Purchase.account_id).order_by(Purchase.id.desc()).limit(limit)
    query = query.where(access.visible(session, cause, Account.customer_id))
    if account is not None:
        query = query.where(Account.ref == account)
    if status is not None:
        query = query.where(Purchase.status == status.value)
    return session.scalars(query).all()


def require(session: Session, cause: Cause, permission: Permission, purchase: Purchase) -> None:
    """Raise unless who asks made the purchase himself, or its account is in his care."""
    if cause.person is not None and purchase.person_id == cause.person:
        access.require(session, cause, permission)
        return
    access.require_account(session, cause, permission, account_id=purchase.account_id)


def _check(new: NewPurchase) -> None:
    parse_account(new.account)
    parse_line(new.key, name="key", most=find.LONGEST_KEY)
    refuse_own(new.key)
    order.check(
        order.Order(account=new.account, product=new.product, plan=new.plan, key=new.key, quantity=new.quantity, term=new.term)
    )
    if new.devices and new.space is None:
        raise BadInput("Devices belong to a space; name it too.", code="space_missing")


def _price(context: Context, cause: Cause, new: NewPurchase) -> int:
    buyer = cause.person if new.space is None else None
    return purchase_goods.price(context, cause, ref=new.account, what=new.what, buyer=buyer)


def _own_key(cause: Cause, new: NewPurchase) -> str:
    """A key is unique for each person, a purchase's for all of them."""
    return new.key if cause.person is None else find.fitting_key(f"{cause.person}:{new.key}")


def _same(known: Purchase, new: NewPurchase, *, account: str) -> int:
    if (known.what, known.method, account) != (new.what, new.method.value, new.account):
        raise Refused(f"The key {new.key} was that of another purchase ({known.id}); use a new key.", code="key_used")
    return known.id


def _may_buy(session: Session, cause: Cause, account: Account, new: NewPurchase) -> str:
    """The service that is bought, "" without a space. Who pays in a space does so by the space's own rules."""
    if new.method is Method.DISTRIBUTOR and not session.scalar(select(scratch.funds.c.unlimited)):
        raise Refused(
            f"The account {account.ref} is no distributor's: it has no unlimited credit, so nothing goes on its statement.",
            code="not_a_distributor",
        )
    if new.space is None:
        access.require_account(session, cause, Permission.BUY, account_id=account.id)
        return ""
    path = _PATHS.get(new.method)
    if path is None:
        raise Refused(f"In a space one pays by card or through a distributor, not by {new.method}.", code="method_not_offered")
    if path is Path.DISTRIBUTOR:
        access.require_account(session, cause, Permission.BUY, account_id=account.id)
    allowed = availability.require(
        session, cause, space=new.space, service=new.product, path=path, person=new.payer, app=new.app, devices=new.devices
    )
    if path is Path.CARD and allowed.account_id != account.id:
        raise BadInput(f"The space {new.space} belongs to another account than {account.ref}.", code="wrong_account")
    purchase_goods.refuse_twice(session, space_id=new.space, service=allowed.service, devices=list(new.devices))
    return allowed.service


def _row(context: Context, cause: Cause, account: Account, new: NewPurchase, *, amount: int, service: str) -> Purchase:
    is_transfer = new.method is Method.BANK_TRANSFER
    return Purchase(
        key=_own_key(cause, new),
        account_id=account.id,
        person_id=new.payer if new.payer is not None else cause.person,
        space_id=new.space,
        service=service,
        what=new.what,
        amount=amount,
        currency=account.currency,
        method=new.method.value,
        status=(State.PENDING if is_transfer else State.NEW).value,
        created_at=cause.at,
        expires_at=_expiry(context, cause.at, is_transfer=is_transfer),
    )


def _expiry(context: Context, now: datetime, *, is_transfer: bool) -> datetime:
    wait: timedelta = context.payments.transfer if is_transfer else context.payments.purchase
    return now + wait
