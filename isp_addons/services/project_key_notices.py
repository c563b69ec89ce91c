"""Before a project key's term is over its customer is told: 30, 7 and 1 days before, once each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, or_, select, update
from sqlalchemy.orm import Session, aliased

from isp_addons.domain.cause import Cause
from isp_addons.domain.project_key import NOTICE_DAYS
from isp_addons.domain.subscription import Status
from isp_addons.services import access, mail
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Account, Customer, Person, Product, ProjectKey, Subscription

_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Whose key ends, when, and how many days before the last notice is due."""

    customer: int
    company: str
    account: str
    product: str
    subscription: int
    until: datetime
    days: int


def notify(context: Context, cause: Cause) -> list[Notice]:
    """Note that keys end within 30, 7 or 1 days, and write to their customers; returns what is new. A second call: nothing.

    A subscription that is paid beyond its key, by another one for instance, is not announced. A mail goes to the main user,
    where a mail server is configured. Raises `Refused` (``not_permitted``) for everybody but the ISP's staff.
    """
    with context.store.write() as session:
        access.require_staff(session, cause)
        rows = session.execute(_due_notices(cause)).all()
        for days in NOTICE_DAYS:
            _mark(session, cause, [row.id for row in rows if row.days == days], days)
        if context.mail is not None:
            for row in rows:
                _write(session, cause, row)
        return [
            Notice(
                customer=row.customer_id,
                company=row.company,
                account=row.ref,
                product=row.product,
                subscription=row.subscription_id,
                until=row.until,
                days=row.days,
            )
            for row in rows
        ]


def _due_notices(cause: Cause) -> Select[*tuple[Any, ...]]:
    """The keys that end soon, with the notice that counts now, where it was not given yet."""
    reached = [(ProjectKey.until <= cause.at + timedelta(days=days), days) for days in sorted(NOTICE_DAYS)]
    days = case(*reached)
    person = aliased(Person)
    main = and_(person.customer_id == Customer.id, person.is_main, person.deleted_at.is_(None))
    return (
        select(
            ProjectKey.id,
            ProjectKey.customer_id,
            ProjectKey.subscription_id,
            ProjectKey.until,
            Customer.company,
            Account.ref,
            Product.name.label("product"),
            person.id.label("person_id"),
            days.label("days"),
        )
        .join(Subscription, Subscription.id == ProjectKey.subscription_id)
        .join(Account, Account.id == Subscription.account_id)
        .join(Customer, Customer.id == ProjectKey.customer_id)
        .join(Product, Product.id == ProjectKey.product_id)
        .outerjoin(person, main)
        .where(
            ProjectKey.ended_at.is_(None),
            ProjectKey.used_at.is_not(None),
            ProjectKey.until > cause.at,
            ProjectKey.until <= cause.at + timedelta(days=max(NOTICE_DAYS)),
            Subscription.status == Status.RUNNING.value,
            Subscription.paid_until <= ProjectKey.until,
            or_(ProjectKey.noticed.is_(None), ProjectKey.noticed > days),
        )
        .order_by(ProjectKey.id)
        .limit(_MOST * 10)
    )


def _mark(session: Session, cause: Cause, ids: Sequence[int], days: int) -> None:
    for start in range(0, len(ids), _MOST):
        mine = ProjectKey.id.in_(ids[start : start + _MOST])
        audit.record_all(
            session,
            cause,
            subject="project_key",
            subject_id=ProjectKey.id,
            field="notice",
            before=None,
            after=f"{days} days before the end",
            where=select(ProjectKey.id).where(mine),
        )
        session.execute(update(ProjectKey).where(mine).values(noticed=days).execution_options(synchronize_session=False))


def _write(session: Session, cause: Cause, row: Any) -> None:
    person = session.get(Person, row.person_id) if row.person_id is not None else None
    if person is None or person.registered_at is None:
        return
    mail.queue(
        session,
        cause,
        key=f"project-key:{row.id}:{row.days}",
        kind=mail.Kind.KEY_ENDS,
        person=person,
        to=person.email,
        values={
            "name": person.name,
            "company": row.company,
            "product": row.product,
            "until": f"{row.until:%Y-%m-%d %H:%M} UTC",
        },
    )
