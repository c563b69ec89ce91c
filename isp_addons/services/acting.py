"""A reseller acts on behalf of the customers in his care: whom he sees, and what he may order for them."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.cause import Cause
from isp_addons.domain.permission import Permission, Role
from isp_addons.domain.problem import Refused
from isp_addons.domain.reseller import Area, areas_of, check_capacity, check_resale
from isp_addons.domain.subscription import Status
from isp_addons.services import access, resellers
from isp_addons.services.context import Context
from isp_addons.store.tables import Account, Customer, Person, Product, Subscription

_ON = (Status.RUNNING.value, Status.ENDING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class InCare:
    """One customer in a reseller's care. ``account``: the first of his accounts; ``licences``: of all that runs.

    ``paid_until``: the first end of what is paid; None: nothing runs.
    """

    customer: int
    company: str
    email: str
    account: str | None
    subscriptions: int
    licences: int
    paid_until: datetime | None


def listing(context: Context, cause: Cause, *, limit: int) -> list[InCare]:
    """The customers on whose behalf the reseller behind *cause* can act, by name. Raises `Refused` (``not_permitted``)."""
    with context.store.read() as session:
        reseller_id = reseller(session, cause, Permission.MANAGE_CUSTOMERS)
        running = (
            select(
                Account.customer_id,
                func.count(Subscription.id).label("subscriptions"),
                func.sum(Subscription.quantity).label("licences"),
                func.min(Subscription.paid_until).label("paid_until"),
            )
            .join(Subscription, Subscription.account_id == Account.id)
            .join(Customer, Customer.id == Account.customer_id)
            .where(Customer.reseller_id == reseller_id, Subscription.status.in_(_ON))
            .group_by(Account.customer_id)
            .subquery()
        )
        first = select(func.min(Account.ref)).where(Account.customer_id == Customer.id).scalar_subquery()
        query = (
            select(Customer, Person.email, first.label("account"), running)
            .outerjoin(Person, (Person.customer_id == Customer.id) & Person.is_main & Person.deleted_at.is_(None))
            .outerjoin(running, running.c.customer_id == Customer.id)
            .where(Customer.reseller_id == reseller_id, Customer.deleted_at.is_(None))
            .order_by(Customer.company, Customer.id)
            .limit(limit)
        )
        return [
            InCare(
                customer=row.Customer.id,
                company=row.Customer.company,
                email=row.email or "",
                account=row.account,
                subscriptions=row.subscriptions or 0,
                licences=int(row.licences or 0),
                paid_until=row.paid_until,
            )
            for row in session.execute(query)
        ]


def areas(context: Context, cause: Cause) -> tuple[Area, ...]:
    """What whoever asks sees of a reseller's business; the ISP's staff sees everything."""
    if cause.person is None:
        return tuple(Area)
    with context.store.read() as session:
        return areas_of(access.require(session, cause, Permission.SEE).role)


def reseller(session: Session, cause: Cause, permission: Permission) -> int:
    """The customer for whom the reseller behind *cause* works. Raises `Refused` (``not_permitted``) for everybody else."""
    if cause.person is not None:
        person = access.require(session, cause, permission)
        if person.role == Role.RESELLER and person.customer_id is not None:
            return person.customer_id
    raise Refused("This is for resellers; name one with: isp-addons --as EMAIL", code="not_permitted")


def check_sale(
    context: Context, session: Session, cause: Cause, *, account_id: int, product: Product, quantity: int, is_new: bool = True
) -> None:
    """What a reseller orders, or (not *is_new*) changes, for a customer in his care; everybody else is not asked.

    Raises as `check_goods`.
    """
    person = session.get(Person, cause.person) if cause.person is not None else None
    owner = select(Account.customer_id).where(Account.id == account_id)
    if person is None or person.role != Role.RESELLER or session.scalar(owner) == person.customer_id:
        return
    check_goods(context, session, cause, product=product, quantity=quantity, is_new=is_new)


def check_goods(
    context: Context, session: Session, cause: Cause, *, product: Product, quantity: int, is_new: bool = True
) -> None:
    """Raise `Refused` (``not_resellable``) and `BadInput` (``bad_quantity``), which says whom the reseller can contact."""
    if is_new:
        check_resale(product.code, resale=product.resale)
    rules = replace(context.resellers, contact=resellers.contact_of(context, session, cause))
    check_capacity(quantity, product=product.code, most=product.most or MOST_QUANTITY, rules=rules)


def require_in_care(session: Session, cause: Cause, *, customer_id: int) -> None:
    """Raise `NotFound` unless *customer_id* is one of the reseller's customers, and not the reseller himself."""
    access.require_carer(session, cause, Permission.MANAGE_CUSTOMERS, customer_id=customer_id)
