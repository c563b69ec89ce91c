"""A reminder is due: a one-off term ends soon, and nobody renewed it. Once for each end."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, insert, select

from isp_addons.domain.cause import Cause
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Account, Product, Reminder, Subscription

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Whom to remind of what."""

    subscription_id: int
    account: str
    product: str
    paid_until: datetime


def due(context: Context, cause: Cause) -> list[Due]:
    """Note and return the reminders that became due: the term ends within the lead time. A second call returns none.

    A term shorter than the lead is reminded of once, at its start. At most 10,000 at a time.
    """
    with context.store.write() as session:
        rows = session.execute(_ending(now=cause.at, by=cause.at + context.rules.reminder_lead))
        found = [
            Due(subscription_id=each, account=ref, product=code, paid_until=until)
            for each, ref, code, until in rows
            if until is not None
        ]
        for each in found:
            session.execute(
                insert(Reminder).values(subscription_id=each.subscription_id, paid_until=each.paid_until, due_at=cause.at)
            )
            audit.record(
                session,
                cause,
                subject="subscription",
                subject_id=each.subscription_id,
                field="reminder",
                before=None,
                after=each.paid_until,
            )
        return found


def _ending(*, now: datetime, by: datetime) -> Select[int, str, str, datetime | None]:
    """Running terms that end until *by* and of whose end nobody was reminded."""
    reminded = and_(Reminder.subscription_id == Subscription.id, Reminder.paid_until == Subscription.paid_until)
    return (
        select(Subscription.id, Account.ref, Product.code, Subscription.paid_until)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .outerjoin(Reminder, reminded)
        .where(
            Subscription.plan == Plan.ONE_OFF.value,
            Subscription.status == Status.RUNNING.value,
            Subscription.paid_until > now,
            Subscription.paid_until <= by,
            Reminder.id.is_(None),
        )
        .order_by(Subscription.id)
        .limit(_MOST)
    )
