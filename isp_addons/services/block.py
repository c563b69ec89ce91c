"""The billing blocked an account, or freed it: its add-ons are held, or the billing's hold is lifted. Nothing is deleted."""

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.subscription import Status
from isp_addons.store import holds, scratch
from isp_addons.store.tables import Hold, Subscription

_ON = (Status.RUNNING.value, Status.ENDING.value)


def settle(session: Session, cause: Cause) -> tuple[int, int]:
    """Make the billing's holds of the accounts in `scratch.funds` agree with what the billing says; (put, lifted)."""
    funds = scratch.funds.c
    mine = select(Subscription.id).join(scratch.funds, funds.account_id == Subscription.account_id)
    _choose(session, mine.where(funds.blocked, Subscription.status.in_(_ON)))
    put = holds.put(session, cause, owner=HoldOwner.BILLING)
    standing = mine.join(Hold, Hold.subscription_id == Subscription.id).where(
        funds.blocked.is_(False), Hold.owner == HoldOwner.BILLING.value, Hold.lifted_at.is_(None)
    )
    _choose(session, standing)
    return put, holds.lift(session, cause, owner=HoldOwner.BILLING)


def _choose(session: Session, subscriptions: Select[int]) -> None:
    scratch.empty(session, scratch.chosen)
    session.execute(insert(scratch.chosen).from_select(["subscription_id"], subscriptions))
