"""Resellers: customers who sell to customers of their own. The ISP's staff names them, and agrees a discount with each."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import Refused
from isp_addons.domain.reseller import format_discount
from isp_addons.domain.text import parse_line
from isp_addons.services import access, customers, reprice
from isp_addons.services.context import Context
from isp_addons.store.tables import Customer, Person

LONGEST_HELP = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ResellerRow:
    """One reseller. ``discount``: off the list price, in percent; ``customers``: how many are in his care."""

    customer: int
    company: str
    discount: str
    customers: int
    help_text: str


def add(context: Context, cause: Cause, *, customer_id: int, discount: int, help_text: str | None = None) -> bool:
    """Make a customer a reseller, or change what was agreed with him; False: it was so already.

    *discount*: in hundredths of a percent; *help_text*: where he finds help, None: as before. Raises `NotFound`
    (``unknown_customer``), `BadInput` (``bad_help_text``) and `Refused` (``not_permitted``, ``in_care``).
    """
    if help_text:
        parse_line(help_text, name="help text", most=LONGEST_HELP)
    with context.store.write() as session:
        access.require_staff(session, cause)
        customer = access.customer(session, customer_id, lock=True)
        if customer.reseller_id is not None:
            raise Refused(
                f"Customer {customer_id} is in the care of the reseller {customer.reseller_id}; he cannot be one himself.",
                code="in_care",
            )
        changed = [
            _set(session, cause, customer, "is_reseller", True),
            _set(session, cause, customer, "discount", discount),
            _set(session, cause, customer, "help_text", customer.help_text if help_text is None else help_text),
        ]
        if changed[1]:
            session.flush()
            theirs = session.scalars(select(Customer.id).where(Customer.reseller_id == customer_id)).all()
            reprice.after_discount(context, session, cause, theirs)
        return any(changed)


def listing(context: Context, cause: Cause, *, limit: int) -> list[ResellerRow]:
    """Every reseller, by name. Raises `Refused` (``not_permitted``) for everybody but the ISP's staff."""
    theirs = aliased(Customer)
    in_care = select(func.count(theirs.id)).where(theirs.reseller_id == Customer.id, theirs.deleted_at.is_(None))
    query = (
        select(Customer, in_care.scalar_subquery().label("in_care"))
        .where(Customer.is_reseller, Customer.deleted_at.is_(None))
        .order_by(Customer.company, Customer.id)
        .limit(limit)
    )
    with context.store.read() as session:
        access.require_staff(session, cause)
        return [_row(each.Customer, each.in_care) for each in session.execute(query)]


def contact(context: Context, cause: Cause) -> str:
    """Where whoever asks finds help as a reseller: his own text, or that of the installation; empty: none is set."""
    with context.store.read() as session:
        return contact_of(context, session, cause)


def contact_of(context: Context, session: Session, cause: Cause) -> str:
    """The same in a transaction."""
    owner = select(Customer.help_text).join(Person, Person.customer_id == Customer.id).where(Person.id == cause.person)
    own = session.scalar(owner) if cause.person is not None else None
    return own or context.resellers.contact


def _set(session: Session, cause: Cause, customer: Customer, name: str, value: object) -> bool:
    """Whether a field of the customer was another one before; the audit says so."""
    before = getattr(customer, name)
    if before == value:
        return False
    setattr(customer, name, value)
    customers.record(session, cause, customer.id, field=name, before=before, after=value)
    return True


def _row(customer: Customer, in_care: int) -> ResellerRow:
    return ResellerRow(
        customer=customer.id,
        company=customer.company,
        discount=format_discount(customer.discount),
        customers=in_care,
        help_text=customer.help_text,
    )
