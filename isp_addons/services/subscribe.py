"""A subscription and the licences behind it, written at once; nothing is charged here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.licence import WantedState
from isp_addons.domain.split import as_text
from isp_addons.domain.subscription import Plan, Status, licence_end
from isp_addons.services import trial
from isp_addons.services.context import Context
from isp_addons.store import audit, leases, schema, wants
from isp_addons.store.tables import Licence, Product, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """What is written. ``price``: of the whole next period; ``instead_of``: a trial whose licences are taken over."""

    account_id: int
    product: Product
    key: str
    plan: Plan
    quantity: int
    term_months: int
    price: int
    paid_until: datetime | None
    instead_of: Subscription | None = None
    split: Mapping[str, int] = field(default_factory=dict)
    renews: bool = False
    by_customer: bool = False


def create(session: Session, context: Context, cause: Cause, new: NewSubscription) -> int:
    """Write the subscription and its licences: one licence for each seat where the vendor counts seats."""
    subscription = Subscription(
        account_id=new.account_id,
        product_id=new.product.id,
        key=new.key,
        plan=new.plan.value,
        status=Status.RUNNING.value,
        quantity=new.quantity,
        split=as_text(new.split),
        term_months=new.term_months,
        renews=new.renews,
        price=new.price,
        by_customer=new.by_customer,
        priority=new.product.priority,
        ordered_at=cause.at,
        paid_until=new.paid_until,
    )
    session.add(subscription)
    session.flush()
    said = f"{Status.RUNNING} ({new.product.code} × {new.quantity})"
    audit.record(session, cause, subject="subscription", subject_id=subscription.id, field="status", before=None, after=said)
    rows = licence_rows(context, schema.installation(session), subscription, new.product, cause.at)
    taken: set[int] = set()
    if new.instead_of is not None:
        taken = trial.take_over(session, cause, new.instead_of, subscription.id, rows)
    fresh = [row for row in rows if row["seat"] not in taken]
    if fresh:
        session.execute(insert(Licence), fresh)
    return subscription.id


def licence_rows(
    context: Context, installation: str, subscription: Subscription, product: Product, now: datetime
) -> list[dict[str, Any]]:
    """The licences behind a new subscription, none where the product has no vendor yet."""
    if product.vendor is None:
        return []
    can = context.capabilities(product.vendor)
    seats = subscription.quantity if can.counts_seats else 1
    plan, status = Plan(subscription.plan), Status(subscription.status)
    end = licence_end(plan, status, subscription.paid_until, renews=subscription.renews, endless=lambda: can.endless)
    return [
        {
            "subscription_id": subscription.id,
            "seat": seat,
            "vendor": product.vendor,
            "key": wants.licence_key(installation, subscription.id, seat),
            "wanted_state": WantedState.ACTIVE.value,
            "wanted_quantity": 1 if can.counts_seats else subscription.quantity,
            "wanted_split": "" if can.counts_seats else subscription.split,
            "wanted_end": leases.seconds(end),
            "next_try_at": now,
        }
        for seat in range(1, seats + 1)
    ]
