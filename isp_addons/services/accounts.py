"""Accounts of the built-in ledger: opened and paid by hand or by event."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.billing import ledger
from isp_addons.domain.cause import Cause
from isp_addons.domain.event import parse_account
from isp_addons.domain.period import add_months, time_zone
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.text import parse_line
from isp_addons.services import find
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Account, LedgerAccount


def open_account(
    context: Context,
    cause: Cause,
    *,
    ref: str,
    balance: int = 0,
    credit: int = 0,
    base_price: int = 0,
    period_end: datetime | None = None,
    zone: str | None = None,
    unlimited: bool = False,
    tariff: str | None = None,
) -> int:
    """Open an account in the built-in ledger; money in minor units. *period_end* None: one month from now."""
    require_ledger(context)
    parse_account(ref)
    if tariff is not None:
        parse_line(tariff, name="tariff", most=80)
    if credit < 0 or base_price < 0:
        raise BadInput("A credit limit and a tariff's price cannot be negative.", code="bad_amount")
    place = zone or context.time_zone
    end = period_end or add_months(cause.at, 1, time_zone(place))
    if end <= cause.at:
        raise BadInput(f"The period's end {end.isoformat()} has passed already.", code="bad_period_end")
    with context.store.write() as session:
        account = open_within(context, session, cause, ref=ref, place=place, end=end)
        mine = session.get_one(LedgerAccount, account.id)
        mine.credit, mine.base_price, mine.unlimited, mine.tariff = credit, base_price, unlimited, tariff
        session.flush()
        if balance:
            ledger.give(
                session,
                cause,
                account_id=account.id,
                amount=balance,
                key=f"opening:{ref}",
                kind="opening",
                note="Opening balance",
            )
        return account.id


def open_within(
    context: Context,
    session: Session,
    cause: Cause,
    *,
    ref: str,
    place: str,
    end: datetime,
    customer_id: int | None = None,
) -> Account:
    """An empty account of the built-in ledger, in the caller's transaction; its period of a month ends at *end*.

    *place*: its time zone. Raises `Refused` (``account_exists``).
    """
    if session.scalar(select(Account.id).where(Account.ref == ref)) is not None:
        raise Refused(f"The account {ref} exists already.", code="account_exists")
    account = Account(ref=ref, currency=context.currency, time_zone=place, created_at=cause.at, customer_id=customer_id)
    session.add(account)
    session.flush()
    session.add(LedgerAccount(account_id=account.id, period_start=add_months(end, -1, time_zone(place)), period_end=end))
    session.flush()
    audit.record(session, cause, subject="account", subject_id=account.id, field="opened", before=None, after=ref)
    return account


def pay_in(session: Session, cause: Cause, *, ref: str, amount: int, key: str) -> bool:
    """A payment of *amount* minor units arrived in the built-in ledger, once for each *key*."""
    if amount <= 0:
        raise BadInput("A payment must be more than nothing.", code="bad_amount")
    account = find.account(session, ref, lock=True)
    own_key = find.fitting_key(f"payment:{key}")
    return ledger.give(session, cause, account_id=account.id, amount=amount, key=own_key, kind="payment", note="Payment")


def set_tariff(session: Session, cause: Cause, *, ref: str, tariff: str) -> None:
    """The account of the built-in ledger moves to *tariff*."""
    parse_line(tariff, name="tariff", most=80)
    account = find.account(session, ref, lock=True)
    mine = session.get_one(LedgerAccount, account.id)
    if mine.tariff != tariff:
        audit.record(session, cause, subject="account", subject_id=account.id, field="tariff", before=mine.tariff, after=tariff)
        session.execute(update(LedgerAccount).where(LedgerAccount.account_id == account.id).values(tariff=tariff))


def require_ledger(context: Context) -> None:
    """Refuse what only the built-in ledger can do."""
    if not context.billing.takes_money:
        raise Refused("Accounts live in the billing; open and pay them there.", code="billing_only_reads")
