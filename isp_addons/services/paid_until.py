"""Until when a subscription is paid: noted with its audit row, and told to its vendors."""

from datetime import datetime

from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.subscription import Plan, Status, licence_end
from isp_addons.services.context import Context
from isp_addons.store import audit, wants
from isp_addons.store.tables import Subscription


def note(session: Session, cause: Cause, subscription: Subscription, end: datetime | None) -> None:
    """It is paid until *end* from now on; None: without end."""
    before, subscription.paid_until = subscription.paid_until, end
    audit.record(
        session, cause, subject="subscription", subject_id=subscription.id, field="paid_until", before=before, after=end
    )
    session.flush()


def tell(context: Context, session: Session, cause: Cause, subscription: Subscription) -> None:
    """The date that the vendors are told follows plan and status: a cancelled subscription ends there by itself."""
    wants.redate(
        session,
        cause,
        subscription_id=subscription.id,
        end_for=lambda vendor: licence_end(
            Plan(subscription.plan),
            Status(subscription.status),
            subscription.paid_until,
            renews=subscription.renews,
            endless=lambda: context.capabilities(vendor).endless,
        ),
    )
