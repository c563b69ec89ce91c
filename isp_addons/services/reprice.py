"""What running subscriptions cost in their next period, once a price list has changed or another one has become valid."""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, case, func, literal, select, true, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.price_list import PriceList
from isp_addons.domain.problem import Refused
from isp_addons.domain.reseller import WHOLE
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import discount, prices
from isp_addons.services.context import Context
from isp_addons.store import audit, changes
from isp_addons.store.tables import Account, Price, Subscription

log = logging.getLogger(__name__)


def after_change(context: Context, session: Session, cause: Cause, product_ids: Collection[int]) -> int:
    """Work the next period's price out anew for the recurring subscriptions of these products; returns how many changed.

    What is paid stays paid. A price that was agreed with an account alone is left as it is.
    """
    return _reprice_all(context, session, cause, product_ids, true())


def after_discount(context: Context, session: Session, cause: Cause, customer_ids: Collection[int]) -> int:
    """The same for what these customers have, once another discount counts for them; see `isp_addons.services.discount`."""
    theirs = Subscription.account_id.in_(select(Account.id).where(Account.customer_id.in_(customer_ids)))
    ids = session.scalars(select(Subscription.product_id).where(theirs).distinct()).all()
    return _reprice_all(context, session, cause, ids, theirs)


def after_period(context: Context, session: Session, cause: Cause) -> int:
    """The same once periods have begun: where a product has several price lists, another one may count from now on."""
    several = select(Price.product_id).group_by(Price.product_id).having(func.count(Price.valid_from.distinct()) > 1)
    ids = list(session.scalars(several))
    return after_change(context, session, cause, ids) if ids else 0


def _reprice_all(
    context: Context, session: Session, cause: Cause, product_ids: Collection[int], whose: ColumnElement[bool]
) -> int:
    changed = 0
    for product_id, lists in prices.dated(session, list(product_ids)).items():
        for begin, end, valid in _windows(lists):
            mine = and_(Subscription.product_id == product_id, whose, *_next_begins(cause, begin, end))
            changed += _reprice(context, session, cause, mine, valid)
    return changed


def _windows(lists: dict[datetime, PriceList]) -> Iterator[tuple[datetime, datetime | None, PriceList]]:
    begins = sorted(lists)
    for number, begin in enumerate(begins):
        yield begin, begins[number + 1] if number + 1 < len(begins) else None, lists[begin]


def _next_begins(cause: Cause, begin: datetime, end: datetime | None) -> list[ColumnElement[bool]]:
    """Whether the next period of a `Subscription` begins from *begin* to *end*."""
    now = literal(cause.at, Subscription.paid_until.type)
    next_period: ColumnElement[datetime] = case((Subscription.paid_until > now, Subscription.paid_until), else_=now)
    return [next_period >= begin, *([next_period < end] if end is not None else [])]


def _reprice(context: Context, session: Session, cause: Cause, mine: ColumnElement[bool], valid: PriceList) -> int:
    """Price what is *mine*, by quantity and discount: a statement for each pair that there is.

    The quantity is that of the next period: where a change is pending, the one that is to come.
    """
    theirs = [
        mine,
        Subscription.plan == Plan.RECURRING.value,
        Subscription.status == Status.RUNNING.value,
        Subscription.own_price.is_(False),
    ]
    changed = 0
    units, taken_off = changes.next_quantity(), discount.next_discount(context.resellers)
    for quantity, share in session.execute(select(units, taken_off).where(*theirs).distinct()).all():
        try:
            price = valid.less(Fraction(share, WHOLE)).price_for(quantity, months=1)
        except Refused as problem:
            log.warning("subscriptions keep their price: %s", problem.message)
            continue
        different = and_(*theirs, units == quantity, taken_off == share, Subscription.price != price)
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
