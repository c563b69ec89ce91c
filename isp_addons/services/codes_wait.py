"""Subscriptions that could be paid for but found no code: they come back when there are codes again."""

from sqlalchemy import select

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.stock import article_of
from isp_addons.services import find, issue, top_up
from isp_addons.services.context import Context
from isp_addons.store import codes
from isp_addons.store.tables import Account, Hold, Licence, Product, Subscription

_AT_ONCE = 500


def bring_back(context: Context, cause: Cause) -> int:
    """Issue the code of what waits for one, where one is free now; returns how many came back.

    It is charged first, if the money still reaches; what the billing charged itself is not asked for money again.
    One transaction for some hundred accounts. Without a vendor that issues codes it is a single small question.
    """
    refs = _waiting(context, cause)
    back = 0
    for start in range(0, len(refs), _AT_ONCE):
        part = refs[start : start + _AT_ONCE]
        gathered = context.billing.gather(part, at=cause.at)
        with context.store.write() as session:
            find.known_accounts(context, session, gathered, part)
            back += top_up.settle(context, session, cause)
    return back


def _waiting(context: Context, cause: Cause) -> list[str]:
    """The accounts that have a subscription waiting for an article of which a code is free."""
    with context.store.read() as session:
        sellers = issue.vendors(context, session)
        if not sellers:
            return []
        rows = session.execute(
            select(Account.ref, Licence.vendor, Product.code, Product.options)
            .join(Subscription, Subscription.account_id == Account.id)
            .join(Hold, Hold.subscription_id == Subscription.id)
            .join(Product, Product.id == Subscription.product_id)
            .join(Licence, Licence.subscription_id == Subscription.id)
            .where(
                Hold.owner == HoldOwner.FORECAST.value,
                Hold.lifted_at.is_(None),
                Hold.note.like(f"{issue.WAITS}%"),
                Licence.vendor.in_(sellers),
            )
        )
        wanted = {(row.ref, (row.vendor, article_of(row.code, row.options))) for row in rows.all()}
        gone = codes.sold_out(session, (article for _, article in wanted), cause.at)
        return sorted({ref for ref, article in wanted if article not in gone})
