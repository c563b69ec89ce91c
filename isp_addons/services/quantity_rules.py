"""When the quantity of which subscription can be changed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Refused, TryAgain
from isp_addons.domain.quantity_change import When
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import quantities
from isp_addons.store import changes
from isp_addons.store.tables import Account, Hold, Product, QuantityChange, Subscription


@dataclass(frozen=True, slots=True)
class Case:
    """One subscription, its account locked, and what the billing says of the account."""

    subscription: Subscription
    account: Account
    product: Product
    funds: Any

    @property
    def is_term(self) -> bool:
        """Whether it was paid for a term of its own."""
        return self.subscription.plan == Plan.ONE_OFF.value


def must_run(subscription: Subscription) -> None:
    """Raise `Refused` (``not_running``, ``quantity_fixed``)."""
    if subscription.status != Status.RUNNING.value:
        raise Refused(
            f"Subscription {subscription.id} is {subscription.status}; only the quantity of a running one can be changed.",
            code="not_running",
        )
    if subscription.plan in (Plan.BUNDLED.value, Plan.TRIAL.value):
        raise Refused(f"The quantity of a {subscription.plan} subscription cannot be changed.", code="quantity_fixed")


def may_change(session: Session, cause: Cause, case: Case, *, quantity: int, when: When) -> None:
    """Raise `Refused` or `TryAgain` where *quantity* units cannot be had *when* they are wished for."""
    subscription, more = case.subscription, quantity > case.subscription.quantity
    if case.is_term:
        _check_term(cause, case, quantity, when)
    _refuse_held(session, cause, subscription, more=more)
    if case.funds.blocked:
        raise Refused(f"The account {case.account.ref} is blocked in the billing; nothing was changed.", code="account_blocked")
    if not case.is_term and (not is_paid(subscription, cause) or case.funds.period_end <= cause.at):
        raise TryAgain(
            f"What subscription {subscription.id} has paid for is over, and its next period has not begun yet; the worker "
            "begins it, or: isp-addons period-begin",
            code="period_is_over",
        )
    if more and not case.product.on_sale:
        raise Refused(f"{case.product.code} is not on sale.", code="not_on_sale")
    if not more:
        quantities.check_seats(session, subscription, quantity)


def refuse_renewed(session: Session, subscription: Subscription) -> None:
    """Raise `Refused` (``renewed``): a term that was renewed with another quantity has paid for it."""
    pending = changes.pending_of(session, subscription.id)
    if pending is not None and is_paid_for(subscription, pending):
        raise Refused(
            f"Subscription {subscription.id} was renewed, and paid, with another quantity; change it when the new term runs.",
            code="renewed",
        )


def is_paid_for(subscription: Subscription, pending: QuantityChange) -> bool:
    """Whether a change that is to come was paid by an early renewal: it counts before what is paid is over."""
    is_term, end = subscription.plan == Plan.ONE_OFF.value, subscription.paid_until
    return is_term and end is not None and pending.from_at < end


def is_paid(subscription: Subscription, cause: Cause) -> bool:
    """Whether what is paid still runs."""
    return subscription.paid_until is not None and subscription.paid_until > cause.at


def _check_term(cause: Cause, case: Case, quantity: int, when: When) -> None:
    subscription = case.subscription
    if not is_paid(subscription, cause):
        raise Refused(f"Subscription {subscription.id} is over; renew it first.", code="renew_first")
    if when is When.NEXT and not subscription.renews:
        raise Refused(
            f"Subscription {subscription.id} has no next period; renew it with the new quantity: "
            f"isp-addons renew {subscription.id} --quantity {quantity}",
            code="change_at_renewal",
        )


def _refuse_held(session: Session, cause: Cause, subscription: Subscription, *, more: bool) -> None:
    """But for the forecast's hold ahead of the next period: less may be what the money reaches for."""
    standing = select(Hold.owner).where(Hold.subscription_id == subscription.id, Hold.lifted_at.is_(None))
    owners = set(session.scalars(standing))
    ahead = owners == {HoldOwner.FORECAST.value} and is_paid(subscription, cause)
    if owners and (more or not ahead):
        raise Refused(
            f"Subscription {subscription.id} is held by {', '.join(sorted(owners))}; its quantity can be changed afterwards.",
            code="held",
        )
