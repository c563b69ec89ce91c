"""Before a period ends: suspend exactly the add-ons that the next period's money does not reach for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.forecast import brake_trips
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Refused
from isp_addons.services import forecast, issue
from isp_addons.services.context import Context
from isp_addons.services.forecast import AccountForecast
from isp_addons.store import holds, scratch
from isp_addons.store.tables import Account, Hold, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEndResult:
    """What a run did: subscriptions looked at, newly suspended, and freed because the money now reaches."""

    looked_at: int
    suspended: int
    freed: int

    def __bool__(self) -> bool:
        return bool(self.suspended or self.freed)


def plan(context: Context, *, at: datetime) -> Iterator[AccountForecast]:
    """The dry run: every live account of the billing with what would be kept and suspended. Changes nothing."""
    gathered = context.billing.gather(None, at=at)
    with context.store.read() as session:
        context.billing.fill(session, gathered)
        forecast.gather_renewing(session)
        yield from forecast.forecasts(session, policy=context.rules.policy)


def apply(context: Context, cause: Cause, *, until: datetime | None = None, force: bool = False) -> PeriodEndResult:
    """Put forecast holds where the money does not reach, lift those where it now does. Run twice: no second effect.

    *until*: only accounts whose period ends by then. A remote billing is read again just before the holds are put; accounts
    whose funds moved meanwhile are judged by the newer figures. Raises `Refused` (``brake``) unless *force*.
    """
    gathered = context.billing.gather(None, at=cause.at)
    if not context.billing.takes_money:
        gathered = _read_again(context, gathered, cause)
    with context.store.write() as session:
        context.billing.fill(session, gathered)
        if until is not None:
            session.execute(scratch.funds.delete().where(scratch.funds.c.period_end > until))
        return judge(context, session, cause, force=force)


def judge(context: Context, session: Session, cause: Cause, *, force: bool = False) -> PeriodEndResult:
    """Put and lift the forecast's holds of the accounts in `scratch.funds`. Raises `Refused` (``brake``) unless *force*."""
    forecast.gather_renewing(session)
    looked_at = session.scalar(select(func.count()).select_from(scratch.renewing)) or 0
    forecast.choose_suspended(session, policy=context.rules.policy)
    _brake(context, session, looked_at, force=force)
    suspended = _suspend(session, cause)
    return PeriodEndResult(looked_at=looked_at, suspended=suspended, freed=_free(session, cause))


def _read_again(context: Context, gathered: Gathered, cause: Cause) -> Gathered:
    """The same funds with those of the accounts about to lose something read anew: nobody is suspended on an old balance."""
    with context.store.read() as session:
        context.billing.fill(session, gathered)
        forecast.gather_renewing(session)
        forecast.choose_suspended(session, policy=context.rules.policy)
        losing = (
            select(Account.ref)
            .join(Subscription, Subscription.account_id == Account.id)
            .join(scratch.chosen, scratch.chosen.c.subscription_id == Subscription.id)
        )
        refs = sorted(set(session.scalars(losing)))
    newer = {funds.ref: funds for funds in context.billing.gather(refs, at=cause.at).funds}
    looked = set(refs)
    kept = [newer.get(funds.ref, funds) for funds in gathered.funds if funds.ref not in looked or funds.ref in newer]
    return Gathered(None, cause.at, kept)


def _brake(context: Context, session: Session, looked_at: int, *, force: bool) -> None:
    rules = context.rules
    standing = exists().where(
        Hold.subscription_id == scratch.chosen.c.subscription_id,
        Hold.owner == HoldOwner.FORECAST.value,
        Hold.lifted_at.is_(None),
    )
    fresh = session.scalar(select(func.count()).select_from(scratch.chosen).where(~standing)) or 0
    if not force and brake_trips(suspend=fresh, total=looked_at, share=rules.brake_share, minimum=rules.brake_minimum):
        raise Refused(
            f"This run would suspend {fresh} of {looked_at} subscriptions, more than brake_share = {rules.brake_share:.0%}. "
            "Nothing was changed. Look at the dry run; if it is right, run it again with --force.",
            code="brake",
        )


def _suspend(session: Session, cause: Cause) -> int:
    """Each hold begins when the account's own period ends, so that a vendor who can schedule leaves what was paid for."""
    chosen = scratch.chosen
    ends = (
        select(Subscription.id, scratch.funds.c.period_end)
        .join(scratch.funds, scratch.funds.c.account_id == Subscription.account_id)
        .join(chosen, chosen.c.subscription_id == Subscription.id)
        .subquery("ends")
    )
    session.execute(update(chosen).where(chosen.c.subscription_id == ends.c.id).values(since=ends.c.period_end))
    return holds.put(session, cause, owner=HoldOwner.FORECAST)


def _free(session: Session, cause: Cause) -> int:
    """Lift the forecast's holds from what can be paid for after all, where the running period is paid already.

    What is paid and waits for a code goes on waiting.
    """
    scratch.empty(session, scratch.chosen)
    free = (
        select(Hold.subscription_id)
        .join(scratch.renewing, scratch.renewing.c.subscription_id == Hold.subscription_id)
        .join(Subscription, Subscription.id == Hold.subscription_id)
        .where(
            Hold.owner == HoldOwner.FORECAST.value,
            Hold.lifted_at.is_(None),
            Hold.note.not_like(f"{issue.WAITS}%"),
            or_(Subscription.paid_until.is_(None), Subscription.paid_until > cause.at),
        )
    )
    session.execute(insert(scratch.chosen).from_select(["subscription_id"], free))
    return holds.lift(session, cause, owner=HoldOwner.FORECAST)
