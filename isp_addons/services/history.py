"""Reading the audit."""

from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from isp_addons.store.tables import Account, Audit, Licence, Subscription


def of_subscription(session: Session, subscription_id: int, *, limit: int) -> list[dict[str, Any]]:
    """The changes of one subscription and its licences, newest first."""
    licences = select(Licence.id).where(Licence.subscription_id == subscription_id)
    mine = or_(
        and_(Audit.subject == "subscription", Audit.subject_id == subscription_id),
        and_(Audit.subject == "licence", Audit.subject_id.in_(licences)),
    )
    return [_row(each) for each in session.scalars(select(Audit).where(mine).order_by(Audit.id.desc()).limit(limit))]


def of_account(session: Session, ref: str, *, limit: int) -> list[dict[str, Any]]:
    """The changes of an account, its subscriptions and their licences, newest first."""
    account = select(Account.id).where(Account.ref == ref).scalar_subquery()
    subscriptions = select(Subscription.id).where(Subscription.account_id == account)
    licences = select(Licence.id).where(Licence.subscription_id.in_(subscriptions))
    theirs = or_(
        and_(Audit.subject == "account", Audit.subject_id == account),
        and_(Audit.subject == "subscription", Audit.subject_id.in_(subscriptions)),
        and_(Audit.subject == "licence", Audit.subject_id.in_(licences)),
    )
    return [_row(each) for each in session.scalars(select(Audit).where(theirs).order_by(Audit.id.desc()).limit(limit))]


def newest(session: Session, *, limit: int) -> list[dict[str, Any]]:
    """All changes, newest first."""
    return [_row(each) for each in session.scalars(select(Audit).order_by(Audit.id.desc()).limit(limit))]


def _row(each: Audit) -> dict[str, Any]:
    return {
        "at": each.at.isoformat(),
        "actor": each.actor,
        "source": each.source,
        "subject": f"{each.subject} {each.subject_id}",
        "field": each.field,
        "before": each.before,
        "after": each.after,
        "why": each.why,
    }
