"""The built-in ledger: append-only entries, the balance kept in the same transaction. The one place that writes money."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, func, insert, literal, or_, select, true, update
from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import Refused
from isp_addons.store import audit, scratch
from isp_addons.store.tables import Account, LedgerAccount, LedgerEntry

_ENTRY = ["account_id", "amount", "kind", "key", "note", "at"]


class Ledger:
    """Money in our own database; see `isp_addons.billing.base.Billing`."""

    takes_money = True

    def gather(self, refs: Sequence[str] | None, *, at: datetime) -> Gathered:
        """Nothing to ask: the truth is read inside the transaction."""
        return Gathered(None if refs is None else tuple(refs), at)

    def fill(self, session: Session, gathered: Gathered) -> None:
        """See `isp_addons.billing.base.Billing.fill`."""
        if gathered.refs is None:
            fill_where(session, true())
            return
        scratch.empty(session, scratch.funds)
        for start in range(0, len(gathered.refs), 500):
            _fill(session, Account.ref.in_(gathered.refs[start : start + 500]))
        scratch.know(session, scratch.funds)

    def never_existed(self, session: Session, refs: Sequence[str]) -> list[str]:  # noqa: ARG002 - none is ever deleted
        """Accounts of the ledger are not deleted: what is not there never was."""
        return list(refs)

    def check(self) -> tuple[str, ...]:
        """The ledger is part of the store."""
        return ("The money lives in the built-in ledger.",)

    def close(self) -> None:
        """Nothing to let go of."""


def lock_where(session: Session, condition: ColumnElement[bool]) -> None:
    """Let other writers of the accounts that meet *condition* wait until the transaction ends: no balance moves meanwhile.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name != "sqlite":
        theirs = select(Account.id).join(LedgerAccount, LedgerAccount.account_id == Account.id).where(condition)
        locked = theirs.order_by(Account.id).with_for_update(of=Account).subquery()
        session.execute(select(func.count()).select_from(locked))


def fill_where(session: Session, condition: ColumnElement[bool]) -> None:
    """Fill `scratch.funds` with the ledger accounts that meet *condition*."""
    scratch.empty(session, scratch.funds)
    _fill(session, condition)
    scratch.know(session, scratch.funds)


def _fill(session: Session, condition: ColumnElement[bool]) -> None:
    overdrawn = and_(LedgerAccount.unlimited.is_(False), LedgerAccount.balance + LedgerAccount.credit < 0)
    rows = (
        select(
            Account.id,
            Account.ref,
            Account.currency,
            LedgerAccount.period_start,
            LedgerAccount.period_end,
            LedgerAccount.balance,
            LedgerAccount.balance + LedgerAccount.credit,
            LedgerAccount.base_price,
            or_(LedgerAccount.blocked, overdrawn),
            LedgerAccount.unlimited,
            LedgerAccount.tariff,
        )
        .join(LedgerAccount, LedgerAccount.account_id == Account.id)
        .where(condition)
    )
    names = [column.name for column in scratch.funds.columns]
    session.execute(insert(scratch.funds).from_select(names, rows))


def take(session: Session, cause: Cause, *, account_id: int, amount: int, key: str, kind: str, note: str) -> bool:
    """Take *amount* minor units, once for each *key*. Returns False when it was taken before.

    Raises `Refused` (``insufficient_funds``) when balance + credit does not reach. Two takers at once cannot overdraw: the
    balance is checked by the very statement that lowers it.
    """
    if _entry_exists(session, key):
        return False
    enough = or_(LedgerAccount.unlimited, LedgerAccount.balance + LedgerAccount.credit >= amount)
    result = session.execute(
        update(LedgerAccount)
        .where(LedgerAccount.account_id == account_id, enough)
        .values(balance=LedgerAccount.balance - amount)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount == 0:  # type: ignore[attr-defined]
        raise Refused("The account has not enough money for it; nothing was taken.", code="insufficient_funds")
    _append(session, cause, account_id=account_id, amount=-amount, key=key, kind=kind, note=note)
    return True


def give(session: Session, cause: Cause, *, account_id: int, amount: int, key: str, kind: str, note: str) -> bool:
    """Add *amount* minor units, once for each *key*. Returns False when it was given before."""
    if _entry_exists(session, key):
        return False
    session.execute(
        update(LedgerAccount)
        .where(LedgerAccount.account_id == account_id)
        .values(balance=LedgerAccount.balance + amount)
        .execution_options(synchronize_session=False)
    )
    _append(session, cause, account_id=account_id, amount=amount, key=key, kind=kind, note=note)
    return True


def set_blocked(session: Session, cause: Cause, *, account_id: int, blocked: bool) -> None:
    """What a billing's block event means where the money is ours: the account itself is blocked, or free again."""
    result = session.execute(
        update(LedgerAccount)
        .where(LedgerAccount.account_id == account_id, LedgerAccount.blocked != blocked)
        .values(blocked=blocked)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount:  # type: ignore[attr-defined]
        audit.record(
            session, cause, subject="account", subject_id=account_id, field="blocked", before=not blocked, after=blocked
        )


def begin_period(session: Session, cause: Cause, *, start: datetime, end: datetime) -> None:
    """Move the accounts of the scratch funds into the period from *start* to *end*, and take what it costs.

    That is the ISP's own tariff from every account, and the price of every subscription of the scratch renewing; each once
    for each period. The tariff may lead below zero: that is the ISP's own business with its subscriber, and blocks the account.
    """
    funds, renewing = scratch.funds.c, scratch.renewing.c
    period = period_name(start)
    at = literal(cause.at, LedgerEntry.at.type)
    base_key = literal("base:") + cast(funds.account_id, String) + literal(f":{period}")
    base = select(funds.account_id, -funds.dues, literal("base"), base_key, literal("The tariff's own fee"), at)
    session.execute(insert(LedgerEntry).from_select(_ENTRY, base.where(funds.dues != 0)))
    key = charge_key(cast(renewing.subscription_id, String), period)
    add_ons = select(renewing.account_id, -renewing.price, literal("add_on"), key, literal("An add-on for the period"), at)
    session.execute(insert(LedgerEntry).from_select(_ENTRY, add_ons.where(renewing.price != 0)))
    total = (
        select(func.coalesce(func.sum(renewing.price), 0))
        .where(renewing.account_id == LedgerAccount.account_id)
        .scalar_subquery()
    )
    session.execute(
        update(LedgerAccount)
        .where(LedgerAccount.account_id == funds.account_id)
        .values(balance=LedgerAccount.balance - funds.dues - total, period_start=start, period_end=end)
        .execution_options(synchronize_session=False)
    )


def charge_key(subscription: ColumnElement[str] | str, period: str) -> ColumnElement[str]:
    """The key of a charge: one for each subscription and period."""
    return literal("add_on:") + subscription + literal(f":{period}")


def period_name(start: datetime) -> str:
    """How keys name the period that starts at *start*."""
    return start.strftime("%Y%m%dT%H%M%SZ")


def _entry_exists(session: Session, key: str) -> bool:
    return session.scalar(select(LedgerEntry.id).where(LedgerEntry.key == key)) is not None


def _append(session: Session, cause: Cause, *, account_id: int, amount: int, key: str, kind: str, note: str) -> None:
    session.execute(
        insert(LedgerEntry).values(account_id=account_id, amount=amount, kind=kind, key=key, note=note[:200], at=cause.at)
    )
