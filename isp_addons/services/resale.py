"""A reseller sells to a new customer: the customer, his account and his licences are one order, which the reseller pays."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import Mode, PaymentMethod
from isp_addons.domain.money import LARGEST
from isp_addons.domain.period import add_months, time_zone
from isp_addons.domain.permission import Permission, Role
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.quote import Quote, confirm, moment_of
from isp_addons.domain.subscription import Plan
from isp_addons.domain.text import parse_line
from isp_addons.services import accounts, acting, block, customers, find, order, top_up
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.services.people import NewPerson
from isp_addons.store import audit
from isp_addons.store.tables import Account, Customer, LedgerAccount

KIND = "resale"
"""The kind of the ledger's entries, and of what a purchase delivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resale:
    """What is sold to whom: ``contact`` is the first and last name of the customer's main user, ``email`` his address.

    He may look, and nothing more, until somebody gives him another role.
    """

    company: str
    contact: str
    email: str
    product: str
    quantity: int
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What became of it: numbers, the new account's name, and what the reseller paid, in minor units."""

    customer: int
    account: str
    subscription: int
    paid: int


def sell(
    context: Context,
    cause: Cause,
    wanted: Resale,
    *,
    key: str,
    payer: str | None = None,
    quote: str | None = None,
) -> Sold:
    """Sell *wanted*, paid from the balance of the reseller's account *payer* (None: his only one). All or nothing.

    *key*: the caller's own; the same twice is one sale. *quote*: the code of the quote that is confirmed; see `preview`.

    Raises `BadInput` (``bad_quantity``, ``bad_term``, ``bad_email``…), `NotFound`, and `Refused`
    (``not_permitted``, ``not_resellable``, ``email_taken``, ``insufficient_funds``, ``stale_quote``…).
    """
    accounts.require_ledger(context)
    with context.store.write() as session:
        asked = {**asdict(wanted), "payer": payer}

        def do() -> Sold:
            paying = account_of(session, cause, payer)
            return sell_within(context, session, cause, wanted, payer=paying, key=key, quote=quote)

        return once(session, cause, key=key, what=KIND, arguments=asked, do=do, write=asdict, read=lambda said: Sold(**said))


def preview(context: Context, cause: Cause, wanted: Resale, *, payer: str | None = None, unpaid: bool = False) -> Quote:
    """What *wanted* would cost the reseller: it is sold, and the transaction rolled back. Raises what `sell` raises.

    *unpaid*: also where his money does not reach, for who pays otherwise.
    """
    accounts.require_ledger(context)
    key = f"{KIND}:preview"
    with context.store.write() as session:
        paying = account_of(session, cause, payer)
        if unpaid:
            ledger.give(session, cause, account_id=paying.id, amount=LARGEST, key=key, kind=KIND, note="")
        _, told = _sell(context, session, cause, wanted, payer=paying, key=key, priced_at=cause.at)
        session.rollback()
        return told


def sell_within(
    context: Context,
    session: Session,
    cause: Cause,
    wanted: Resale,
    *,
    payer: Account,
    key: str,
    priced_at: datetime | None = None,
    quote: str | None = None,
) -> Sold:
    """The same in the caller's transaction, with the money on the balance of *payer* already.

    *priced_at*: the moment for which the price was agreed; None: that of the quote, or now.
    """
    at = moment_of(quote, now=cause.at) if priced_at is None else priced_at
    done, told = _sell(context, session, cause, wanted, payer=payer, key=key, priced_at=at)
    confirm(quote, told)
    return done


def _sell(
    context: Context, session: Session, cause: Cause, wanted: Resale, *, payer: Account, key: str, priced_at: datetime
) -> tuple[Sold, Quote]:
    """The quote names the account that pays: the new one has no name before it is there."""
    reseller = session.get_one(Customer, payer.customer_id)
    if not reseller.is_reseller:
        raise Refused(f"The account {payer.ref} is not that of a reseller.", code="not_permitted")
    product = find.product(session, wanted.product)
    acting.check_goods(context, session, cause, product=product, quantity=wanted.quantity)
    main = NewPerson(email=wanted.email, name=wanted.contact, role=Role.AGENT, invite=context.mail is not None)
    new = customers.NewCustomer(
        company=wanted.company, main=main, mode=Mode.MANAGED, payment_method=PaymentMethod(reseller.payment_method or "balance")
    )
    audit.acts_for(session, wanted.company)
    created = customers.enter(session, context, cause, new, reseller_id=reseller.id)
    account = _open(context, session, cause, customer_id=created.customer, zone=payer.time_zone)
    placed, told = order.place_and_tell(
        context,
        session,
        cause,
        context.billing.gather([account.ref], at=cause.at),
        order.Order(
            account=account.ref,
            product=wanted.product,
            plan=Plan.ONE_OFF,
            key=None,  # the whole sale has one
            quantity=wanted.quantity,
            term=wanted.term,
        ),
        priced_at=priced_at,
    )
    paid = _pay(session, cause, payer=payer, account=account, key=key)
    request = {"what": KIND, **{name: str(value) for name, value in asdict(wanted).items()}}
    quote = replace(told, account=payer.ref, request=tuple(request.items()))
    return Sold(customer=created.customer, account=account.ref, subscription=placed, paid=paid), quote


def deliver(
    context: Context,
    session: Session,
    cause: Cause,
    *,
    payer: Account,
    what: Mapping[str, Any],
    key: str,
    priced_at: datetime | None,
    quote: str | None = None,
) -> int:
    """What a paid purchase of the reseller delivers: *what* holds the fields of `Resale`; returns the subscription."""
    told = {name: what[name] for name in ("company", "contact", "email", "product", "quantity", "term")}
    try:
        done = sell_within(context, session, cause, Resale(**told), payer=payer, key=key, priced_at=priced_at, quote=quote)
    finally:
        audit.acts_for(session, None)  # what follows in this transaction is about the purchase
    return done.subscription


def fund(context: Context, cause: Cause, *, customer_id: int, amount: int, key: str, payer: str | None = None) -> int:
    """Move *amount* minor units from the reseller's account to that of a customer in his care, once for each *key*.

    Returns how many subscriptions came back.

    What can now be paid for comes back, as after every payment. Raises `NotFound` (``not_yours``), `Refused`
    (``not_permitted``, ``insufficient_funds``, ``no_account``) and `BadInput` (``bad_amount``).
    """
    accounts.require_ledger(context)
    if amount <= 0:
        raise BadInput("What is moved must be more than nothing.", code="bad_amount")
    with context.store.write() as session:
        asked = {"customer": customer_id, "amount": amount, "payer": payer}

        def do() -> int:
            paying = account_of(session, cause, payer, lock=False)
            acting.require_in_care(session, cause, customer_id=customer_id)
            theirs = select(Account).where(Account.customer_id == customer_id).order_by(Account.id).limit(1)
            account = session.scalar(theirs)
            both = [paying.id, *([account.id] if account is not None else [])]
            session.execute(select(Account.id).where(Account.id.in_(both)).order_by(Account.id).with_for_update())
            if account is None:
                raise Refused(f"Customer {customer_id} has no account yet.", code="no_account")
            _move(session, cause, payer=paying, account=account, amount=amount, key=key)
            find.known_accounts(context, session, context.billing.gather([account.ref], at=cause.at), [account.ref])
            block.settle(session, cause)
            return top_up.settle(context, session, cause)

        return once(session, cause, key=key, what="fund", arguments=asked, do=do, write=lambda n: {"back": n}, read=_back)


def payer_of(context: Context, cause: Cause, ref: str | None) -> str:
    """The name of the account from which the reseller behind *cause* pays; see `account_of`."""
    with context.store.read() as session:
        return account_of(session, cause, ref, lock=False).ref


def account_of(session: Session, cause: Cause, ref: str | None, *, lock: bool = True) -> Account:
    """The account from which the reseller behind *cause* pays, locked. Raises `NotFound` and `Refused` (``no_account``)."""
    reseller_id = acting.reseller(session, cause, Permission.CREATE_CUSTOMERS)
    query = select(Account).where(Account.customer_id == reseller_id).order_by(Account.id)
    query = (query.where(Account.ref == ref) if ref is not None else query).limit(2)
    found = session.scalars(query.with_for_update() if lock else query).all()
    if ref is not None and not found:
        raise find.unknown_account(ref)
    if len(found) != 1:
        said = "You have no account to pay from" if not found else "You have several accounts: name the one that pays"
        raise Refused(f"{said}; see: isp-addons customers show {reseller_id}", code="no_account")
    return found[0]


def _open(context: Context, session: Session, cause: Cause, *, customer_id: int, zone: str) -> Account:
    """The account of the new customer; he may owe until his reseller pays, which is in the same transaction."""
    end = add_months(cause.at, 1, time_zone(zone))
    ref = parse_line(f"customer-{customer_id}", name="account", most=64)
    account = accounts.open_within(context, session, cause, ref=ref, place=zone, end=end, customer_id=customer_id)
    session.get_one(LedgerAccount, account.id).unlimited = True
    session.flush()
    return account


def _pay(session: Session, cause: Cause, *, payer: Account, account: Account, key: str) -> int:
    """The reseller pays all that the new account owes, which from then on may owe nothing."""
    mine = session.get_one(LedgerAccount, account.id, populate_existing=True)
    mine.unlimited = False
    owed = -mine.balance
    session.flush()
    _move(session, cause, payer=payer, account=account, amount=owed, key=key)
    return owed


def _move(session: Session, cause: Cause, *, payer: Account, account: Account, amount: int, key: str) -> None:
    """From one account to the other, once for each *key*; both entries stand, each with the name of the other account."""
    if amount:
        taken, given = (find.fitting_key(f"{KIND}:{payer.id}:{key}:{way}") for way in ("out", "in"))
        ledger.take(session, cause, account_id=payer.id, amount=amount, key=taken, kind=KIND, note=account.ref)
        ledger.give(session, cause, account_id=account.id, amount=amount, key=given, kind=KIND, note=payer.ref)


def _back(said: Mapping[str, Any]) -> int:
    return int(said["back"])
