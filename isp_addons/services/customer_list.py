"""The list of customers, with what each uses and pays, and one of them in full."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from sqlalchemy import Row, Select, case, select
from sqlalchemy.orm import Session

from isp_addons.domain import split
from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import Mode, PaymentMethod, State, actions_of
from isp_addons.domain.money import format_amount, half_up
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput
from isp_addons.domain.subscription import Status
from isp_addons.services import access, customers
from isp_addons.services.context import Context
from isp_addons.store.tables import Account, Customer, Mail, Person, Product, Subscription

WordT = TypeVar("WordT", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which customers to list: those that fit everything that is not None."""

    payment_method: PaymentMethod | None = None
    mode: Mode | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One line. ``parts``: units in use of what is split, such as internal and external addresses, and ``total`` of them.

    ``average``: the price of a period by unit, None where there is none. ``mail_failure``: why an invitation did not arrive.
    ``marked``: for deletion.
    """

    customer: int
    company: str
    email: str
    mode: str
    state: str
    parts: dict[str, int]
    total: int
    payment_method: str
    average: str | None
    currency: str | None
    marked: bool
    mail_failure: str


@dataclass(slots=True)
class _Use:
    """What one customer uses of what is split."""

    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    total: int = 0
    price: int = 0
    currencies: set[str] = field(default_factory=set)

    def add(self, text: str, price: int, currency: str) -> None:
        """One more subscription. Where something else sets its price, such as a project key, that price is to be given here."""
        for name, number in split.as_dict(text).items():
            self.parts[name] += number
            self.total += number
        self.price += price
        self.currencies.add(currency)

    @property
    def currency(self) -> str | None:
        """The one currency; None where there are several, or none."""
        return next(iter(self.currencies)) if len(self.currencies) == 1 else None

    @property
    def average(self) -> str | None:
        """The price of one unit; None without units, and for a sum of several currencies."""
        currency = self.currency
        return format_amount(half_up(Fraction(self.price, self.total)), currency) if currency and self.total else None


def parse_filters(*, payment_method: str | None = None, mode: str | None = None, state: str | None = None) -> Filters:
    """Read what people ask for. Raises `BadInput` (``bad_filter``), naming what can be asked for."""
    return Filters(
        payment_method=_word(PaymentMethod, payment_method, name="payment method"),
        mode=_word(Mode, mode, name="mode"),
        state=_word(State, state, name="state"),
    )


def listing(context: Context, cause: Cause, filters: Filters, *, limit: int) -> list[CustomerRow]:
    """The customers in the care of whoever asks, by company. Two statements, however many they are."""
    with context.store.read() as session:
        page = _page(filters).where(access.visible(session, cause, Customer.id)).limit(limit)
        found = session.execute(page).all()
        use = _use(session, page.with_only_columns(Customer.id))
        return [_row(each, use[each.Customer.id]) for each in found]


def details(context: Context, cause: Cause, *, customer_id: int) -> dict[str, Any]:
    """One customer in full: his data, his people, every subscription of past and present, and what may be done with him."""
    with context.store.read() as session:
        access.require_customer(session, cause, Permission.SEE, customer_id=customer_id)
        customer = access.customer(session, customer_id)
        found = session.execute(_page(Filters()).where(Customer.id == customer_id)).one()
        row = _row(found, _use(session, select(Customer.id).where(Customer.id == customer_id))[customer_id])
        subscriptions = _subscriptions(session, customer_id)
        bought = any(each["plan"] != "trial" for each in subscriptions)
        return {
            **{name: getattr(row, name) for name in CustomerRow.__slots__},
            "contact": found.Person.name,
            "country": customer.country,
            "vat_id": customer.vat_id,
            "address": customer.address,
            "billing_address": customer.billing_address,
            "reseller": customer.reseller_id,
            "trial": customer.self_registered and not bought,
            "accounts": _accounts(session, customer_id),
            "actions": [action.value for action in actions_of(customers.facts(session, customer))],
            "people": _people(session, customer_id),
            "subscriptions": subscriptions,
        }


def _word(words: type[WordT], text: str | None, *, name: str) -> WordT | None:
    try:
        return words(text) if text is not None else None
    except ValueError:
        known = ", ".join(word.value for word in words)
        raise BadInput(f"{text!r} is no {name}; use one of {known}.", code="bad_filter") from None


def _page(filters: Filters) -> Select[Any]:
    failure = select(Mail.failure).where(Mail.person_id == Person.id).order_by(Mail.id.desc()).limit(1).scalar_subquery()
    state = case(
        (Customer.locked_at.is_not(None), State.LOCKED.value),
        (Person.registered_at.is_(None), State.INVITED.value),
        (customers.subscribed(Customer.id), State.ACTIVE.value),
        else_=State.INACTIVE.value,
    )
    query = (
        select(
            Customer,
            Person,
            state.label("state"),
            case((Person.registered_at.is_(None), failure), else_="").label("mail_failure"),
        )
        .join(Person, (Person.customer_id == Customer.id) & Person.is_main & Person.deleted_at.is_(None))
        .where(Customer.deleted_at.is_(None))
        .order_by(Customer.company, Customer.id)
    )
    if filters.payment_method is not None:
        query = query.where(Customer.payment_method == filters.payment_method.value)
    if filters.mode is not None:
        query = query.where(Customer.mode == filters.mode.value)
    if filters.state is not None:
        query = query.where(state == filters.state.value)
    return query


def _use(session: Session, page: Select[Any]) -> dict[int, _Use]:
    """What the customers of *page* use, by customer."""
    chosen = page.subquery()
    rows = session.execute(
        select(Account.customer_id, Account.currency, Subscription.split, Subscription.price)
        .join(Subscription, Subscription.account_id == Account.id)
        .where(
            Account.customer_id.in_(select(chosen.c.id)),
            Subscription.status.in_([Status.RUNNING.value, Status.ENDING.value]),
            Subscription.split != "",
        )
    )
    found: dict[int, _Use] = defaultdict(_Use)
    for each in rows:
        found[each.customer_id].add(each.split, each.price, each.currency)
    return found


def _row(found: Row[Any], use: _Use) -> CustomerRow:
    customer: Customer = found.Customer
    return CustomerRow(
        customer=customer.id,
        company=customer.company,
        email=found.Person.email,
        mode=customer.mode,
        state=found.state,
        parts=dict(sorted(use.parts.items())),
        total=use.total,
        payment_method=customer.payment_method,
        average=use.average,
        currency=use.currency,
        marked=customer.deletion_asked_at is not None,
        mail_failure=found.mail_failure or "",
    )


def _accounts(session: Session, customer_id: int) -> list[str]:
    return list(session.scalars(select(Account.ref).where(Account.customer_id == customer_id).order_by(Account.ref)))


def _people(session: Session, customer_id: int) -> list[str]:
    theirs = select(Person.email).where(Person.customer_id == customer_id, Person.deleted_at.is_(None))
    return list(session.scalars(theirs.order_by(Person.is_main.desc(), Person.id)))


def _subscriptions(session: Session, customer_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Subscription, Product.code, Account.ref, Account.currency)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .where(Account.customer_id == customer_id)
        .order_by(Subscription.id)
    )
    return [
        {
            "subscription": each.Subscription.id,
            "account": each.ref,
            "product": each.code,
            "plan": each.Subscription.plan,
            "status": each.Subscription.status,
            "quantity": each.Subscription.quantity,
            "split": each.Subscription.split,
            "price": format_amount(each.Subscription.price, each.currency),
            "currency": each.currency,
            "ordered_at": _moment(each.Subscription.ordered_at),
            "paid_until": _moment(each.Subscription.paid_until),
            "ended_at": _moment(each.Subscription.ended_at),
        }
        for each in rows
    ]


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
