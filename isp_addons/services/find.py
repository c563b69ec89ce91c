"""Finding what a request names, or saying which name is wrong."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.period import LONGEST_TERM, parse_whole
from isp_addons.domain.problem import BadInput, NotFound, Refused
from isp_addons.services.context import Context
from isp_addons.store import scratch
from isp_addons.store.tables import Account, Product, Subscription


def account(session: Session, ref: str, *, lock: bool = False) -> Account:
    """The account that the billing calls *ref*; *lock* keeps other writers of it waiting until the transaction ends."""
    query = select(Account).where(Account.ref == ref)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise unknown_account(ref)
    return found


def product(session: Session, code: str) -> Product:
    """The product of that code."""
    found = session.scalar(select(Product).where(Product.code == code))
    if found is None:
        known = ", ".join(session.scalars(select(Product.code).order_by(Product.code).limit(20))) or "none yet"
        raise NotFound(
            f"There is no product {code!r} (known: {known}); add it with: isp-addons products add", code="unknown_product"
        )
    return found


def subscription(session: Session, subscription_id: int) -> tuple[Subscription, Account, Product]:
    """A subscription with its account and product, the account locked against other writers."""
    row = session.execute(
        select(Subscription, Account, Product)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .where(Subscription.id == subscription_id)
        .with_for_update(of=Account)
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no subscription {subscription_id}.", code="unknown_subscription")
    return row


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


def unknown_account(ref: str) -> NotFound:
    """The billing knows no live account of that name."""
    return NotFound(f"There is no account {ref!r} in the billing.", code="unknown_account")
