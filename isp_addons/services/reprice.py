"""What running subscriptions cost in their next period, once a price list has changed or another one has become valid."""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, literal, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.price_list import PriceList
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import prices
from isp_addons.store import audit, changes
from isp_addons.store.tables import Price, Subscription

log = logging.getLogger(__name__)


def after_change(session: Session, cause: Cause, product_ids: Collection[int]) -> int:
    """Work the next period's price out anew for the recurring subscriptions of these products; returns how many changed.

    What is paid stays paid. A price that was agreed with an account alone is left as it is.
    """
    changed = 0
    for product_id, lists in prices.dated(session, list(product_ids)).items():
        for begin, end, valid in _windows(lists):
            changed += _reprice(session, cause, product_id, begin, end, valid)
    return changed


def after_period(session: Session, cause: Cause) -> int:
    """The same once periods have begun: where a product has several price lists, another one may count from now on."""
    several = select(Price.product_id).group_by(Price.product_id).having(func.count(Price.valid_from.distinct()) > 1)
    ids = list(session.scalars(several))
    return after_change(session, cause, ids) if ids else 0


def _windows(lists: dict[datetime, PriceList]) -> Iterator[tuple[datetime, datetime | None, PriceList]]:
    begins = sorted(lists)
    for number, begin in enumerate(begins):
        yield begin, begins[number + 1] if number + 1 < len(begins) else None, lists[begin]


def _reprice(session: Session, cause: Cause, product_id: int, begin: datetime, end: datetime | None, valid: PriceList) -> int:
    """Price those whose next period begins from *begin* to *end*, by quantity: a statement for each quantity that there is.

    The quantity is that of the next period: where a change is pending, the one that is to come.
    """
    now = literal(cause.at, Subscription.paid_until.type)
    next_period: ColumnElement[datetime] = case((Subscription.paid_until > now, Subscription.paid_until), else_=now)
    theirs = [
        Subscription.product_id == product_id,
        Subscription.plan == Plan.RECURRING.value,
        Subscription.status == Status.RUNNING.value,
        Subscription.own_price.is_(False),
        next_period >= begin,
        *([next_period < end] if end is not None else []),
    ]
    changed = 0
    units = changes.next_quantity()
    for quantity in session.scalars(select(units).where(*theirs).distinct()).all():
        try:
            price = valid.price_for(quantity, months=1)
        except Refused as problem:
            log.warning("subscriptions of product %s keep their price: %s", product_id, problem.message)
            continue
        different = and_(*theirs, units == quantity, Subscription.price != price)
        audit.record_all(
            session,
            cause,
            subject="subscription",
            subject_id=Subscription.id,
            field="price",
            before=Subscription.price,
            after=str(price),
            where=select(Subscription.id).where(different),
        )
        result = session.execute(
            update(Subscription).where(different).values(price=price).execution_options(synchronize_session=False)
        )
        changed += result.rowcount  # type: ignore[attr-defined]
    return changed
