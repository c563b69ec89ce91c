"""Finding what a request names, or saying which name is wrong."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.event import parse_account
from isp_addons.domain.period import LONGEST_TERM, parse_whole
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, NotFound, Refused
from isp_addons.domain.text import parse_line
from isp_addons.services import access
from isp_addons.services.context import Context
from isp_addons.store import scratch
from isp_addons.store.tables import Account, Product, Subscription

LONGEST_KEY = 120


def account(session: Session, ref: str, *, lock: bool = False) -> Account:
    """The account that the billing calls *ref*; *lock* keeps other writers of it waiting until the transaction ends."""
    query = select(Account).where(Account.ref == ref)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise unknown_account(ref)
    return found


def product(session: Session, code: str) -> Product:
    """The product of that code."""
    parse_line(code, name="product", most=64)
    found = session.scalar(select(Product).where(Product.code == code))
    if found is None:
        known = ", ".join(session.scalars(select(Product.code).order_by(Product.code).limit(20))) or "none yet"
        raise NotFound(
            f"There is no product {code!r} (known: {known}); add it with: isp-addons products add", code="unknown_product"
        )
    return found


def ref_of(session: Session, subscription_id: int, cause: Cause, permission: Permission) -> str:
    """The billing's name of the account that has the subscription, for who may do what is asked for with it."""
    query = select(Account).join(Subscription, Subscription.account_id == Account.id)
    owner = session.scalar(query.where(Subscription.id == subscription_id))
    if owner is None:
        raise access.missing(session, cause, permission, unknown_subscription(subscription_id))
    access.require_account(session, cause, permission, account_id=owner.id)
    return owner.ref


def subscription(
    session: Session, subscription_id: int, cause: Cause, permission: Permission
) -> tuple[Subscription, Account, Product]:
    """A subscription with its account and product, the account locked against other writers.

    Locked first and read then: what another writer changed while we waited for the lock is seen. Whether it is in the care
    of who asks is the caller's to find out; one that is not there is told from another's to staff alone.
    """
    owner = select(Account.id).join(Subscription, Subscription.account_id == Account.id)
    if session.scalar(owner.where(Subscription.id == subscription_id).with_for_update(of=Account)) is None:
        raise access.missing(session, cause, permission, unknown_subscription(subscription_id))
    return session.execute(
        select(Subscription, Account, Product)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .where(Subscription.id == subscription_id)
    ).one()


def term(product: Product, text: str) -> int:
    """The months of a term, if *product* is sold for that long."""
    months = parse_whole(text, name="term", most=LONGEST_TERM)
    if str(months) not in product.terms.split(","):
        raise BadInput(
            f"{product.code} is not sold for {months} months; its terms are {product.terms.replace(',', ', ')}.",
            code="bad_term",
        )
    return months


def require_money(context: Context) -> None:
    """Refuse what needs a charge where the billing only lets itself be read."""
    if not context.billing.takes_money:
        raise Refused(
            "This billing adapter only reads: add-ons are charged by the billing itself, so one-off terms cannot be sold here.",
            code="billing_only_reads",
        )


def known_accounts(context: Context, session: Session, gathered: Gathered, refs: Sequence[str]) -> dict[str, Account]:
    """Fill the scratch funds and make sure that each live account of *refs* has a row of ours; by ref.

    Other writers of these accounts wait from here on, so that what the scratch funds say stays true in this transaction.
    """
    for start in range(0, len(refs), 500):
        theirs = select(Account.id).where(Account.ref.in_(refs[start : start + 500]))
        session.execute(theirs.order_by(Account.id).with_for_update())
    context.billing.fill(session, gathered)
    adopt(session, context, at=gathered.at)
    found: dict[str, Account] = {}
    for start in range(0, len(refs), 500):
        part = session.scalars(select(Account).where(Account.ref.in_(refs[start : start + 500])))
        found.update({each.ref: each for each in part})
    return found


def adopt(session: Session, context: Context, *, at: datetime) -> None:
    """Give every account of `scratch.funds` that we do not know yet a row of ours."""
    funds = scratch.funds.c
    fresh = select(funds.ref, funds.currency, literal(context.time_zone), literal(at, Account.created_at.type)).where(
        funds.account_id < 0
    )
    session.execute(insert(Account).from_select(["ref", "currency", "time_zone", "created_at"], fresh))
    known = select(Account.id).where(Account.ref == funds.ref).scalar_subquery()
    session.execute(update(scratch.funds).where(funds.account_id < 0).values(account_id=known))


def known_to_us_or_the_billing(context: Context, ref: str, *, at: datetime) -> None:
    """Raise `NotFound` for an account that neither we nor the billing know, `BadInput` for what cannot be one."""
    parse_account(ref)
    gathered = context.billing.gather([ref], at=at)
    with context.store.read() as session:
        if session.scalar(select(Account.id).where(Account.ref == ref)) is None:
            context.billing.fill(session, gathered)
            if session.execute(select(scratch.funds)).first() is None:
                raise unknown_account(ref)


def fitting_key(key: str) -> str:
    """*key* as it fits into the database: a long one becomes its own fingerprint."""
    return key if len(key) <= LONGEST_KEY else f"{key[:20]}:{hashlib.sha256(key.encode()).hexdigest()}"


def unknown_subscription(subscription_id: int) -> NotFound:
    """There is no subscription of that number."""
    return NotFound(
        f"There is no subscription {subscription_id}; see: isp-addons subscriptions list", code="unknown_subscription"
    )


def unknown_account(ref: str) -> NotFound:
    """The billing knows no live account of that name."""
    return NotFound(f"There is no account {ref!r} in the billing.", code="unknown_account")
