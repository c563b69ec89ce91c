"""Stopping a subscription now: it ends at once, and what is not used of what was paid is given back."""

from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.permission import Permission
from isp_addons.domain.subscription import Status
from isp_addons.services import access, block, cancel, card_refunds, find, refund, top_up
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What was given back to the account, in minor units of *currency*; 0 on the last day, and where nothing was paid."""

    subscription: int
    refunded: int
    currency: str


def stop_now(context: Context, cause: Cause, *, subscription_id: int, key: str | None = None) -> Stopped:
    """End a subscription at once and give the account back what is not used, by days begun.

    What was bought by card goes back to the card. The money may bring other add-ons of the account back, as any money does.
    Raises `NotFound`, and `Refused` (``no_active_subscription``) for what is over: stopped twice, nothing is given back twice.
    *key*: the caller's own; the same again is answered as before.
    """
    with context.store.read() as session:
        ref = find.ref_of(session, subscription_id, cause, Permission.BUY)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        return once(
            session,
            cause,
            key=key,
            what="stop",
            arguments={"subscription": subscription_id},
            do=lambda: _stop(context, session, cause, subscription_id, gathered),
            write=asdict,
            read=lambda kept: Stopped(**kept),
        )


def _stop(context: Context, session: Session, cause: Cause, subscription_id: int, gathered: Gathered) -> Stopped:
    find.known_accounts(context, session, gathered, gathered.refs or ())
    subscription, account, product = find.subscription(session, subscription_id, cause, Permission.BUY)
    access.require_account(session, cause, Permission.BUY, account_id=account.id)
    cancel.refuse_over(subscription)
    amount = refund.give_back_unused(session, cause, subscription, zone=account.time_zone)
    cancel.end(session, context, cause, subscription, Status.ENDED)
    if amount:
        key = f"stop:{subscription_id}:{int(cause.at.timestamp())}"  # what runs again can be stopped again
        card_refunds.of_subscription(session, cause, subscription_id=subscription_id, amount=amount, key=key)
        context.billing.fill(session, gathered)
        block.settle(session, cause)
        top_up.settle(context, session, cause)
    return Stopped(subscription=subscription_id, refunded=amount, currency=product.currency)
