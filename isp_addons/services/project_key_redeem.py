"""Redeeming a project key: a managed customer's subscription is paid by it, for its units and term, in one step."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain import project_key, split
from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import Action, Mode, PaymentMethod
from isp_addons.domain.money import half_up, parse_amount
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.project_key import Span, parse_key
from isp_addons.domain.quantity_change import Effect, Units, When, decide
from isp_addons.domain.stock import starred
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import access, customers, find, project_key_payment
from isp_addons.services.context import Context
from isp_addons.services.project_key_payment import Payment
from isp_addons.services.project_keys import unknown_key
from isp_addons.store import audit, scratch
from isp_addons.store.tables import Account, Customer, Product, ProjectKey, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeem:
    """Who redeems which key. ``selling_price``: an amount such as 1500.00; ``split``: see `isp_addons.domain.split`.

    ``instantly``: the term begins now, not when what is paid already is over. ``account``: which one of several.
    """

    customer: int
    code: str
    selling_price: str | None = None
    split: Mapping[str, int] = field(default_factory=dict)
    instantly: bool = False
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What a key pays, and from when its units count. Prices in minor units; ``subscription`` None: a new one would begin.

    ``then``: the plan to which the subscription returns when the term is over, nothing where it simply is over.
    ``purchase_price`` None: whoever asks does not see what the ISP pays.
    """

    key: str
    customer: int
    company: str
    account: str
    product: str
    subscription: int | None
    quantity: int
    before: int
    split: Mapping[str, int]
    effect: Effect
    term: int
    starts_at: datetime
    until: datetime
    then: str
    purchase_price: int | None
    selling_price: int | None
    currency: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """A customer and a key, both locked, and what the key is to pay: a subscription of his, or (None) a new one."""

    customer: Customer
    key: ProjectKey
    product: Product
    account: Account
    running: Subscription | None


def redeem(context: Context, cause: Cause, wish: Redeem, *, dry_run: bool = False) -> Redeemed:
    """Let the key pay; with *dry_run* only tell what it would come to, for which the selling price and the split can wait.

    Two who redeem one key at once: one wins. Raises `BadInput` (``project_key_missing``, ``selling_price_missing``,
    ``bad_amount``, ``bad_split``), `NotFound` (``unknown_project_key``, ``unknown_customer``), `Refused`
    (``not_managed``, ``project_key_used``, ``project_key_expired``, ``downgrade_at_month_end``, ``which_account``…).
    """
    code = parse_key(wish.code)
    if wish.selling_price is None and not dry_run:
        raise BadInput("Say for how much the key is sold, 0.00 for nothing.", code="selling_price_missing")
    with context.store.read() as session:
        refs = list(session.scalars(select(Account.ref).where(Account.customer_id == wish.customer).order_by(Account.ref)))
    gathered = context.billing.gather(refs, at=cause.at)
    with context.store.write() as session:
        customer = _managed(session, cause, wish)
        find.known_accounts(context, session, gathered, refs)
        key = _unused(session, cause, code)
        told = _redeem(context, session, cause, _case(session, customer, key, wish), wish, dry_run=dry_run)
        seen = told if access.is_staff(session, cause) else replace(told, purchase_price=None, warnings=())
        if dry_run:
            session.rollback()
        return seen


def _managed(session: Session, cause: Cause, wish: Redeem) -> Customer:
    access.require_carer(session, cause, Permission.MANAGE_CUSTOMERS, customer_id=wish.customer)
    if access.customer(session, wish.customer).mode != Mode.MANAGED.value:
        raise Refused("This customer serves himself; project keys are for managed customers.", code="not_managed")
    return customers.for_action(session, cause, Action.PROJECT_KEY, customer_id=wish.customer)


def _unused(session: Session, cause: Cause, code: str) -> ProjectKey:
    """The key, which nobody else can use from here on. Raises `NotFound`, `Refused` (``project_key_used``, ``…_expired``)."""
    query = select(ProjectKey).where(ProjectKey.code == code).with_for_update()
    key = session.scalar(query.execution_options(populate_existing=True))
    if key is None:
        raise unknown_key()
    state = project_key.state_of(used_at=key.used_at, until=key.until, expires_at=key.expires_at, now=cause.at)
    project_key.require_unused(state, shown=starred(code))
    return key


def _case(session: Session, customer: Customer, key: ProjectKey, wish: Redeem) -> _Case:
    """The customer's subscription to the key's product, the oldest that runs; where he has none, the account for a new one."""
    accounts = {
        each.id: each
        for each in session.scalars(select(Account).where(Account.customer_id == customer.id).order_by(Account.id))
        if wish.account in (None, each.ref)
    }
    product = session.get_one(Product, key.product_id)
    his = (Subscription.account_id.in_(accounts), Subscription.product_id == product.id)
    alive = Subscription.status.in_([Status.RUNNING.value, Status.ENDING.value])
    found = list(session.scalars(select(Subscription).where(*his, alive).order_by(Subscription.id)))
    paid = [each for each in found if each.plan in (Plan.RECURRING.value, Plan.ONE_OFF.value)]
    running = [each for each in paid if each.status == Status.RUNNING.value]
    if len({each.account_id for each in running}) > 1 or (not running and len(accounts) != 1):
        raise _which_account(customer, product, accounts, wish)
    for each in found:
        _refuse_other_payment(each, running)
    chosen = running[0] if running else None
    (account,) = accounts.values() if chosen is None else (accounts[chosen.account_id],)
    return _Case(customer, key, product, account, chosen)


def _which_account(customer: Customer, product: Product, accounts: Mapping[int, Account], wish: Redeem) -> Refused:
    if not accounts and wish.account is None:
        return Refused(f"Customer {customer.id} has no account in the billing; give him one first.", code="no_account")
    known = ", ".join(each.ref for each in accounts.values())
    text = f"none is {wish.account!r}" if not accounts else f"say for which one (--account) {product.code} is: {known}"
    return Refused(f"Of the accounts of customer {customer.id} {text}.", code="which_account")


def _refuse_other_payment(each: Subscription, running: list[Subscription]) -> None:
    if each.plan == Plan.BUNDLED.value:
        raise Refused(f"Subscription {each.id} comes with the tariff, which pays it.", code="paid_with_tariff")
    if each.plan != Plan.TRIAL.value and not running:
        raise Refused(
            f"Subscription {each.id} was cancelled and runs out; take that back with: isp-addons cancel {each.id} --undo",
            code="not_running",
        )


def _redeem(context: Context, session: Session, cause: Cause, case: _Case, wish: Redeem, *, dry_run: bool) -> Redeemed:
    key, product, running = case.key, case.product, case.running
    selling = None if wish.selling_price is None else parse_amount(wish.selling_price, currency=key.currency, minimum=0)
    span = project_key.span(
        now=cause.at,
        paid_until=running.paid_until if running is not None else None,
        instantly=wish.instantly,
        months=key.term_months,
        zone=time_zone(case.account.time_zone),
    )
    parts = _parts(case, wish, dry_run=dry_run)
    units, before = Units(key.quantity, split.as_text(parts)), running.quantity if running is not None else 0
    effect = _effect(case, units, cause, wish)
    month = half_up(Fraction(selling or 0, key.term_months))
    payment = Payment(key=key, product=product, span=span, units=units, price=month)
    earlier = project_key_payment.running_key(session, running.id) if running is not None else None
    then = _then(running, earlier)
    if running is None:
        _refuse_blocked(session, case.account)
        used_for = project_key_payment.begin(context, session, cause, case.account, payment)
    else:
        project_key_payment.pay(context, session, cause, running, payment, effect=effect)
        used_for = running.id
    _note(session, cause, case, used_for, span, selling=selling, then=then)
    return Redeemed(
        key=starred(key.code),
        customer=case.customer.id,
        company=case.customer.company,
        account=case.account.ref,
        product=product.code,
        subscription=None if dry_run and running is None else used_for,
        quantity=key.quantity,
        before=before,
        split=parts,
        effect=effect,
        term=key.term_months,
        starts_at=span.start,
        until=span.until,
        then=then,
        purchase_price=key.purchase_price,
        selling_price=selling,
        currency=key.currency,
        warnings=project_key.warnings(selling=selling, purchase=key.purchase_price, currency=key.currency),
    )


def _parts(case: _Case, wish: Redeem, *, dry_run: bool) -> dict[str, int]:
    """How the key's units are distributed; while one only looks, as before if they are as many."""
    if dry_run and not wish.split:
        running = case.running
        return split.as_dict(running.split) if running is not None and running.quantity == case.key.quantity else {}
    return split.distribute(case.key.quantity, wish.split, parts=case.product.split, product=case.product.code)


def _effect(case: _Case, units: Units, cause: Cause, wish: Redeem) -> Effect:
    """When the key's units count: the rule of every change of quantity, and at once where nothing is paid."""
    running = case.running
    if running is None:
        return Effect.NOW
    old = Units(running.quantity, running.split)
    if running.paid_until is None or running.paid_until <= cause.at:
        return Effect.NOTHING if units == old else Effect.NOW
    return decide(old=old, new=units, pending=None, when=When.NOW if wish.instantly else When.NEXT)


def _then(running: Subscription | None, earlier: ProjectKey | None) -> str:
    if earlier is not None:
        return earlier.plan_before
    return Plan.RECURRING.value if running is not None and running.plan == Plan.RECURRING.value else ""


def _refuse_blocked(session: Session, account: Account) -> None:
    blocked = session.scalar(select(scratch.funds.c.blocked).where(scratch.funds.c.account_id == account.id))
    if blocked is None:
        raise find.unknown_account(account.ref)
    if blocked:
        raise Refused(f"The account {account.ref} is blocked in the billing.", code="account_blocked")


def _note(
    session: Session,
    cause: Cause,
    case: _Case,
    subscription_id: int,
    span: Span,
    *,
    selling: int | None,
    then: str,
) -> None:
    """The key is used, and the customer pays by key until its end."""
    key, customer, method = case.key, case.customer, PaymentMethod.PROJECT_KEY.value
    key.used_at, key.customer_id, key.subscription_id = cause.at, customer.id, subscription_id
    key.selling_price, key.starts_at, key.until, key.plan_before = selling, span.start, span.until, then
    key.method_before = customer.payment_method if customer.payment_method != method else _method_before(session, customer)
    after = f"customer {customer.id}, subscription {subscription_id}"
    audit.record(session, cause, subject="project_key", subject_id=key.id, field="used", before=None, after=after)
    if customer.payment_method != method:
        before, customer.payment_method = customer.payment_method, method
        customers.record(session, cause, customer.id, field="payment_method", before=before, after=method)
    session.flush()


def _method_before(session: Session, customer: Customer) -> str:
    """How a customer paid before the first of his keys."""
    his = (ProjectKey.customer_id == customer.id, ProjectKey.ended_at.is_(None), ProjectKey.used_at.is_not(None))
    first = select(ProjectKey.method_before).where(*his, ProjectKey.method_before != PaymentMethod.PROJECT_KEY.value)
    return session.scalar(first.order_by(ProjectKey.used_at).limit(1)) or PaymentMethod.BALANCE.value
