"""Products bundled with a tariff: who has the tariff has the product, without end and without a charge of its own."""

import logging

from sqlalchemy import Select, and_, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Problem, Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.domain.text import parse_line
from isp_addons.services import cancel, find
from isp_addons.services.context import Context
from isp_addons.services.subscribe import NewSubscription, create
from isp_addons.store import audit, changes, holds, scratch, wants
from isp_addons.store.tables import Account, Product, Subscription, TariffProduct

log = logging.getLogger(__name__)


def include(context: Context, cause: Cause, *, tariff: str, product_code: str) -> bool:
    """Let *tariff* include a product. Refused where the vendor knows no licences without end. False: it did already."""
    parse_line(tariff, name="tariff", most=80)
    with context.store.write() as session:
        product = find.product(session, product_code)
        if product.vendor is not None and not context.capabilities(product.vendor).endless:
            raise Refused(
                f"The vendor {product.vendor} has no licences without end: {product_code} can be renewed by the subscriber, "
                "but no tariff can include it.",
                code="not_endless",
            )
        if session.get(TariffProduct, (tariff, product.id)) is not None:
            return False
        session.execute(insert(TariffProduct).values(tariff=tariff, product_id=product.id))
        audit.record(session, cause, subject="product", subject_id=product.id, field="included_in", before=None, after=tariff)
        return True


def settle(context: Context, session: Session, cause: Cause) -> int:
    """Make bundled subscriptions of the accounts in `scratch.funds` agree with their tariffs; returns how many changed.

    A running one-off or recurring subscription of an included product becomes bundled: the same licence goes on without end
    and nothing is charged for the overlap. Leaving the tariff lets a bundled one run out at the end of the period. A product
    whose vendor cannot be used now is left for the next time: it never stops what else an event is about.
    """
    funds = scratch.funds.c
    joined = session.execute(
        select(funds.account_id, Product)
        .join(TariffProduct, TariffProduct.tariff == funds.tariff)
        .join(Product, Product.id == TariffProduct.product_id)
        .where(~_has_bundled().where(Subscription.product_id == Product.id).exists())
    ).all()
    changed = sum(_join(context, session, cause, account_id, product) for account_id, product in joined)
    left = session.execute(
        select(Subscription, Account, funds.period_end)
        .join(Account, Account.id == Subscription.account_id)
        .join(scratch.funds, funds.account_id == Account.id)
        .outerjoin(
            TariffProduct,
            and_(TariffProduct.tariff == funds.tariff, TariffProduct.product_id == Subscription.product_id),
        )
        .where(
            Subscription.plan == Plan.BUNDLED.value,
            Subscription.status == Status.RUNNING.value,
            TariffProduct.product_id.is_(None),
        )
    ).all()
    for subscription, _, period_end in left:
        cancel.leave(session, context, cause, subscription, until=period_end)
    return changed + len(left)


def _has_bundled() -> Select[int]:
    return select(Subscription.id).where(
        Subscription.account_id == scratch.funds.c.account_id,
        Subscription.plan == Plan.BUNDLED.value,
        Subscription.status == Status.RUNNING.value,
    )


def _join(context: Context, session: Session, cause: Cause, account_id: int, product: Product) -> bool:
    running = session.scalar(
        select(Subscription)
        .where(
            Subscription.account_id == account_id,
            Subscription.product_id == product.id,
            Subscription.status.in_((Status.RUNNING.value, Status.ENDING.value)),
            Subscription.quantity == 1,
        )
        .order_by(Subscription.id)
        .limit(1)
    )
    if running is not None:
        _bundle(session, cause, running)
        return True
    if not _usable(context, product):
        return False
    new = NewSubscription(
        account_id=account_id,
        product=product,
        key=f"bundle:{account_id}:{product.id}:{int(cause.at.timestamp())}",
        plan=Plan.BUNDLED,
        quantity=1,
        term_months=1,
        price=0,
        paid_until=None,
    )
    create(session, context, cause, new)
    return True


def _usable(context: Context, product: Product) -> bool:
    try:
        if product.vendor is not None:
            context.capabilities(product.vendor)
    except Problem as problem:
        log.warning("%s comes with a tariff, but must wait: %s", product.code, problem.message)
        return False
    return True


def _bundle(session: Session, cause: Cause, running: Subscription) -> None:
    """The same subscription from now on comes with the tariff: without end, and without a price that could hold it."""
    fields: list[tuple[str, object, object]] = [
        ("plan", running.plan, Plan.BUNDLED.value),
        ("status", running.status, Status.RUNNING.value),
        ("paid_until", running.paid_until, None),
    ]
    for field, before, after in fields:
        if before != after:
            audit.record(session, cause, subject="subscription", subject_id=running.id, field=field, before=before, after=after)
    running.plan, running.status = Plan.BUNDLED.value, Status.RUNNING.value
    running.price, running.paid_until = 0, None
    changes.drop(session, cause, running.id)
    session.flush()
    holds.choose(session, [running.id])
    holds.lift(session, cause, owner=HoldOwner.FORECAST)
    wants.redate(session, cause, subscription_id=running.id, end_for=lambda _vendor: None)
