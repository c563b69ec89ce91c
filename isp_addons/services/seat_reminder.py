"""Before seats are all that counts: owners and admins are written to about the users who have none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import Kind
from isp_addons.domain.cause import Cause
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Role
from isp_addons.domain.schedule import Schedule, Stage
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import mail
from isp_addons.services.context import Context
from isp_addons.services.schedule import schedule_of
from isp_addons.store import users
from isp_addons.store.tables import Account, Customer, Mail, Person, Product, Subscription, VendorUser

_WHO = (Role.OWNER.value, Role.ADMIN.value)
_MOST_NAMED = 200


@dataclass(frozen=True, slots=True)
class _Due:
    """One subscription for whose schedule a reminder is due."""

    subscription: Subscription
    account: Account
    customer: Customer
    product: Product
    schedule: Schedule
    stage: Stage


def apply(context: Context, cause: Cause) -> int:
    """Write the reminders that are due, each to a person once; returns how many. Where everybody has a seat there is none.

    They are due when the grace begins, and seven days and one day before only seats count. What was due while no worker ran is
    written once, for the latest of them. Where no mail server is configured nothing is written.
    """
    if context.mail is None:
        return 0
    with context.store.read() as session:
        if not _products(session):
            return 0
    with context.store.write() as session:
        return sum(_remind(session, cause, each) for each in _due(session, cause))


def _products(session: Session) -> list[Product]:
    """The products that have a schedule."""
    found = session.scalars(select(Product).where(Product.kind == Kind.SEAT.value).order_by(Product.id))
    return [each for each in found if each.schedule]


def _due(session: Session, cause: Cause) -> Iterator[_Due]:
    for product in _products(session):
        schedule = schedule_of(product)
        if schedule is None:
            continue
        query = (
            select(Subscription, Account, Customer)
            .join(Account, Account.id == Subscription.account_id)
            .join(Customer, Customer.id == Account.customer_id)
            .where(Subscription.product_id == product.id, _runs())
            .order_by(Subscription.id)
        )
        for subscription, account, customer in session.execute(query):
            stage = schedule.due(cause.at, time_zone(account.time_zone))
            if stage is not None:
                yield _Due(subscription, account, customer, product, schedule, stage)


def _runs() -> ColumnElement[bool]:
    return and_(Subscription.status == Status.RUNNING.value, Subscription.plan != Plan.TRIAL.value)


def _remind(session: Session, cause: Cause, due: _Due) -> int:
    key = f"seats:{due.subscription.id}:{due.schedule.enforce_from}:{due.stage}:"
    written = select(Mail.key).where(Mail.key.startswith(key, autoescape=True))
    known = set(session.scalars(written))
    people = [each for each in _people(session, due.customer) if f"{key}{each.id}" not in known]
    missing = _without_seat(session, due) if people else []
    if not missing:
        return 0
    for person in people:
        mail.queue(
            session,
            cause,
            key=f"{key}{person.id}",
            kind=mail.Kind.SEATS_MISSING,
            person=person,
            to=person.email,
            values={
                "name": person.name or person.email,
                "company": due.customer.company,
                "product": due.product.article_name or due.product.name,
                "from": f"{due.schedule.enforce_from:%Y-%m-%d}",
                "count": str(len(missing)),
                "users": _listed(missing),
            },
        )
    return len(people)


def _people(session: Session, customer: Customer) -> Sequence[Person]:
    """The owners and admins of a customer who can sign in."""
    here = and_(Person.customer_id == customer.id, Person.role.in_(_WHO), Person.registered_at.is_not(None))
    on = and_(Person.deactivated_at.is_(None), Person.deleted_at.is_(None))
    if customer.locked_at is not None or customer.deleted_at is not None:
        return []
    return session.scalars(select(Person).where(here, on).order_by(Person.id)).all()


def _without_seat(session: Session, due: _Due) -> list[str]:
    holders = users.seat_holders(session, subscription_id=due.subscription.id)
    everybody: Sequence[VendorUser] = session.scalars(
        users.of_account(vendor=str(due.product.vendor), account_id=due.account.id)
    ).all()
    return [each.email or each.ref for each in everybody if each.id not in holders]


def _listed(names: Sequence[str]) -> str:
    more = [f"… (+{len(names) - _MOST_NAMED})"] if len(names) > _MOST_NAMED else []
    return "\n".join(f"- {each}" for each in [*names[:_MOST_NAMED], *more])
