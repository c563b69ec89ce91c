"""Products bundled with a tariff: who has the tariff has the product, without end and without a charge of its own."""

from datetime import datetime

from sqlalchemy import Select, and_, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status, licence_end
from isp_addons.services import cancel, find, order
from isp_addons.services.context import Context
from isp_addons.store import audit, scratch, wants
from isp_addons.store.tables import Account, Product, Subscription, TariffProduct


def include(context: Context, cause: Cause, *, tariff: str, product_code: str) -> bool:
    """Let *tariff* include a product. Refused where the vendor knows no licences without end. False: it did already."""
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
    and nothing is charged for the overlap. Leaving the tariff lets a bundled one run out at the end of the period.
    """
    funds = scratch.funds.c
    joined = session.execute(
        select(funds.account_id, Product)
        .join(TariffProduct, TariffProduct.tariff == funds.tariff)
        .join(Product, Product.id == TariffProduct.product_id)
        .where(~_has_bundled().where(Subscription.product_id == Product.id).exists())
    ).all()
    for account_id, product in joined:
        _join(context, session, cause, account_id, product)
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
    return len(joined) + len(left)


def _has_bundled() -> Select[int]:
    return select(Subscription.id).where(
        Subscription.account_id == scratch.funds.c.account_id,
        Subscription.plan == Plan.BUNDLED.value,
        Subscription.status == Status.RUNNING.value,
    )


def _join(context: Context, session: Session, cause: Cause, account_id: int, product: Product) -> None:
    running = session.scalar(
        select(Subscription)
        .where(
            Subscription.account_id == account_id,
            Subscription.product_id == product.id,
            Subscription.status.in_((Status.RUNNING.value, Status.ENDING.value)),
        )
        .order_by(Subscription.id)
        .limit(1)
    )
    if running is None:
        key = f"bundle:{account_id}:{product.id}:{int(cause.at.timestamp())}"
        order.create(
            session,
            context,
            cause,
            account_id=account_id,
            product=product,
            key=key,
            plan=Plan.BUNDLED,
            quantity=1,
            term_months=1,
            price=0,
            paid_until=None,
        )
        return
    audit.record(
        session, cause, subject="subscription", subject_id=running.id, field="plan", before=running.plan, after=Plan.BUNDLED
    )
    running.plan = Plan.BUNDLED.value
    running.status = Status.RUNNING.value
    running.price = 0
    running.paid_until = None
    session.flush()
    wants.redate(
        session,
        cause,
        subscription_id=running.id,
        end_for=lambda vendor: _end(context, vendor),
    )


def _end(context: Context, vendor: str) -> datetime | None:
    return licence_end(Plan.BUNDLED, Status.RUNNING, None, endless=context.capabilities(vendor).endless)
