"""A period begins: the billing's own fee, then every add-on that can be paid for; the others are held, never charged."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, insert, literal, select, update
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.period import add_months, time_zone
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import block, codes_wait, forecast, issue, reprice, top_up
from isp_addons.services.context import Context
from isp_addons.store import audit, changes, codes, holds, scratch, wants
from isp_addons.store.codes import Need
from isp_addons.store.tables import Account, Charge, Hold, LedgerAccount, Product, Subscription

_PART = 1000
_MOST_PERIODS = 36
"""How many periods one run catches up for an account: three years of months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodBeginResult:
    """Accounts whose period began, subscriptions charged (or marked as paid by the billing), subscriptions held.

    ``out_of_stock``: those of the held ones that wait for a code.
    """

    accounts: int = 0
    charged: int = 0
    held: int = 0
    out_of_stock: int = 0

    def __bool__(self) -> bool:
        return bool(self.accounts or self.charged or self.held or self.out_of_stock)

    def __add__(self, other: "PeriodBeginResult") -> "PeriodBeginResult":
        return PeriodBeginResult(
            accounts=self.accounts + other.accounts,
            charged=self.charged + other.charged,
            held=self.held + other.held,
            out_of_stock=self.out_of_stock + other.out_of_stock,
        )


@dataclass(frozen=True, slots=True)
class _Group:
    """Ledger accounts whose next period starts and ends at the same moments."""

    start: datetime
    end: datetime
    zone: str
    months: int


def apply(context: Context, cause: Cause) -> PeriodBeginResult:
    """Begin every period that is due at ``cause.at``, one transaction for each group of accounts that share it."""
    _begin_terms(context, cause)
    if not context.billing.takes_money:
        gathered = context.billing.gather(None, at=cause.at)
        with context.store.write() as session:
            context.billing.fill(session, gathered)
            result = mark_paid(context, session, cause)
            _reprice(context, session, cause, result)
        return result + PeriodBeginResult(charged=codes_wait.bring_back(context, cause))
    result = PeriodBeginResult()
    for _ in range(_MOST_PERIODS):
        groups = _due(context, cause.at)
        for group in groups:
            with context.store.write() as session:
                begun = _begin(context, session, cause, group)
                _reprice(context, session, cause, begun)
                result += begun
        if not groups:
            break
    return result + PeriodBeginResult(charged=codes_wait.bring_back(context, cause))


def _begin_terms(context: Context, cause: Cause) -> None:
    """One-off terms that were renewed early with another quantity have it from the beginning of the new term on."""
    with context.store.read() as session:
        due = changes.any_term_begins(session, at=cause.at)
    if due:
        with context.store.write() as session:
            changes.begin_terms(session, cause)


def mark_paid(context: Context, session: Session, cause: Cause) -> PeriodBeginResult:
    """A remote billing's period began (`scratch.funds` tells): what is not held counts as paid until its new end.

    The billing took the money itself, but takes nothing from an account that it blocks: what is not paid is held. What finds
    no code is held too, but paid until the same end: it needs no money when a code is there, only the code.
    """
    changes.begin_periods(session, cause, start=cause.at)
    forecast.gather_renewing(session)
    held = exists().where(
        Hold.subscription_id == scratch.renewing.c.subscription_id,
        Hold.owner == HoldOwner.FORECAST.value,
        Hold.lifted_at.is_(None),
        Hold.note.not_like(f"{issue.WAITS}%"),
    )
    behind = (
        select(Subscription.id)
        .join(scratch.funds, scratch.funds.c.account_id == Subscription.account_id)
        .where(scratch.funds.c.period_start <= cause.at, Subscription.paid_until < scratch.funds.c.period_end)
    )
    renewing = scratch.renewing
    session.execute(renewing.delete().where(held))
    session.execute(renewing.delete().where(renewing.c.subscription_id.not_in(behind)))
    forecast.leave_out_blocked(session, takes_money=False)
    issue.forget_missed(session, cause)
    sellers = issue.vendors(context, session)
    short = _take_codes(session, cause, issue.needs(session, sellers, scratch.funds.c.period_start))
    held_now = _hold_unpaid(session, cause)
    issue.wait_for_codes(session, cause, short, paid=True)
    charged = session.scalar(select(func.count()).select_from(renewing)) or 0
    accounts = session.scalar(select(func.count(renewing.c.account_id.distinct()))) or 0
    _advance(session, cause, scratch.funds.c.period_end)
    _lift_paid(session, cause)
    _advance_waiting(session, cause, short)
    return PeriodBeginResult(accounts=accounts, charged=charged, held=held_now, out_of_stock=len(short))


def _advance_waiting(session: Session, cause: Cause, short: Collection[int]) -> None:
    """What waits for a code is paid until the same end. Its licences follow when the code is there, not before."""
    scratch.empty(session, scratch.renewing)
    ids = sorted(short)
    for start in range(0, len(ids), _PART):
        waiting = (
            select(Subscription.account_id, Subscription.id, Subscription.price)
            .join(Hold, Hold.subscription_id == Subscription.id)
            .where(
                Subscription.id.in_(ids[start : start + _PART]),
                Hold.owner == HoldOwner.FORECAST.value,
                Hold.lifted_at.is_(None),
            )
        )
        session.execute(insert(scratch.renewing).from_select(["account_id", "subscription_id", "price"], waiting))
    if ids:
        _date(session, cause, scratch.funds.c.period_end)


def _reprice(context: Context, session: Session, cause: Cause, begun: PeriodBeginResult) -> None:
    """Another price list may be valid when the periods after these begin."""
    if begun:
        reprice.after_period(context, session, cause)


def _due(context: Context, now: datetime) -> Sequence[_Group]:
    shared = (LedgerAccount.period_end, Account.time_zone, LedgerAccount.period_months)
    with context.store.read() as session:
        rows = session.execute(
            select(*shared)
            .join(Account, Account.id == LedgerAccount.account_id)
            .where(LedgerAccount.period_end <= now)
            .group_by(*shared)
            .order_by(LedgerAccount.period_end)
        )
        return [_Group(start, add_months(start, months, time_zone(zone)), zone, months) for start, zone, months in rows]


def _begin(context: Context, session: Session, cause: Cause, group: _Group) -> PeriodBeginResult:
    members = and_(
        LedgerAccount.period_end == group.start, Account.time_zone == group.zone, LedgerAccount.period_months == group.months
    )
    ledger.lock_where(session, members)
    ledger.fill_where(session, members)
    accounts = session.scalar(select(func.count()).select_from(scratch.funds)) or 0
    changes.begin_periods(session, cause, start=group.start)
    forecast.gather_renewing(session)
    forecast.leave_out_blocked(session, takes_money=True)
    sellers = issue.vendors(context, session)
    gone = issue.without_stock(session, issue.needs(session, sellers, scratch.funds.c.period_end), now=cause.at)
    issue.leave_out(session, gone)
    forecast.choose_suspended(session, policy=context.rules.policy)
    short = _take_codes(session, cause, issue.needs(session, sellers, scratch.funds.c.period_end))
    held = _hold_unpaid(session, cause)
    issue.wait_for_codes(session, cause, gone | short)
    ledger.begin_period(session, cause, start=group.start, end=group.end)
    charged = _note_charges(session, cause, group)
    _advance(session, cause, literal(group.end, Subscription.paid_until.type))
    _lift_paid(session, cause)
    context.billing.fill(session, Gathered(_overdrawn(session), cause.at))
    block.settle(session, cause)
    charged += _spend_what_is_left(context, session, cause, short)
    return PeriodBeginResult(accounts=accounts, charged=charged, held=held, out_of_stock=len(gone | short))


def _take_codes(session: Session, cause: Cause, wanted: Sequence[Need]) -> set[int]:
    """Take the codes of what is to be paid; returns what gets none and so is not charged either."""
    short = codes.take(session, cause, wanted)
    issue.leave_out(session, short)
    return short


def _spend_what_is_left(context: Context, session: Session, cause: Cause, short: Collection[int]) -> int:
    """Money that was meant for a code may reach for another add-on of the same account."""
    if not short:
        return 0
    theirs = select(Account.ref).join(Subscription, Subscription.account_id == Account.id).where(Subscription.id.in_(short))
    context.billing.fill(session, Gathered(tuple(sorted(set(session.scalars(theirs)))), cause.at))
    return top_up.settle(context, session, cause)


def _hold_unpaid(session: Session, cause: Cause) -> int:
    """What is not in `scratch.renewing` starts a period that nobody paid: it is held until somebody does.

    So a running recurring subscription whose paid time is over always has the forecast's hold, whatever else held it.
    """
    scratch.empty(session, scratch.chosen)
    paid = select(scratch.renewing.c.subscription_id)
    unpaid = (
        select(Subscription.id)
        .join(scratch.funds, scratch.funds.c.account_id == Subscription.account_id)
        .where(
            Subscription.status == Status.RUNNING.value,
            Subscription.plan == Plan.RECURRING.value,
            Subscription.id.not_in(paid),
            Subscription.paid_until <= cause.at,
        )
    )
    session.execute(insert(scratch.chosen).from_select(["subscription_id"], unpaid))
    return holds.put(session, cause, owner=HoldOwner.FORECAST)


def _overdrawn(session: Session) -> tuple[str, ...]:
    """The accounts that the billing's own fee led below zero: they are blocked from now on."""
    funds = scratch.funds.c
    return tuple(
        session.scalars(select(funds.ref).where(funds.unlimited.is_(False), funds.available < funds.dues, ~funds.blocked))
    )


def _note_charges(session: Session, cause: Cause, group: _Group) -> int:
    """One charge row for each subscription and period: the same period is never taken twice."""
    renewing = scratch.renewing.c
    at = literal(cause.at, Charge.at.type)
    start, end = literal(group.start, Charge.at.type), literal(group.end, Charge.at.type)
    cost = Subscription.quantity * Product.purchase_price * group.months
    rows = select(renewing.subscription_id, start, end, renewing.price, Subscription.quantity, cost, at)
    rows = rows.join(Subscription, Subscription.id == renewing.subscription_id)
    rows = rows.join(Product, Product.id == Subscription.product_id)
    names = ["subscription_id", "period_start", "period_end", "amount", "quantity", "cost", "at"]
    statement = insert(Charge).from_select(names, rows).execution_options(preserve_rowcount=True)
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def _advance(session: Session, cause: Cause, end: ColumnElement[datetime | None]) -> None:
    """What was paid is paid until *end*, the account's new period end; licences that carry a date follow."""
    _date(session, cause, end)
    wants.follow_paid_until(session, cause)


def _date(session: Session, cause: Cause, end: ColumnElement[datetime | None]) -> None:
    renewing, funds = scratch.renewing.c, scratch.funds.c
    until = (
        select(renewing.subscription_id, end.label("end"))
        .join(scratch.funds, funds.account_id == renewing.account_id)
        .subquery("paid")
    )
    audit.record_all(
        session,
        cause,
        subject="subscription",
        subject_id=Subscription.id,
        field="paid_until",
        before=Subscription.paid_until,
        after=until.c.end,
        where=select(Subscription.id).join(until, until.c.subscription_id == Subscription.id),
    )
    session.execute(
        update(Subscription)
        .where(Subscription.id == until.c.subscription_id)
        .values(paid_until=until.c.end)
        .execution_options(synchronize_session=False)
    )


def _lift_paid(session: Session, cause: Cause) -> None:
    scratch.empty(session, scratch.chosen)
    held = (
        select(Hold.subscription_id)
        .join(scratch.renewing, scratch.renewing.c.subscription_id == Hold.subscription_id)
        .where(Hold.owner == HoldOwner.FORECAST.value, Hold.lifted_at.is_(None))
    )
    session.execute(insert(scratch.chosen).from_select(["subscription_id"], held))
    holds.lift(session, cause, owner=HoldOwner.FORECAST)
