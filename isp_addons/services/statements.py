"""What each account was charged in a month, from the charges themselves; a closed statement never changes again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import Refused
from isp_addons.domain.statement import Line, Month, total
from isp_addons.services import access, find
from isp_addons.services.context import Context
from isp_addons.services.statement_lines import lines_of, movements
from isp_addons.store import audit
from isp_addons.store.tables import Account, Customer, Statement

OPEN, CLOSED = "open", "closed"
_PART = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A statement: of whom, for which month, dated on its last day, and its lines. ``total`` in minor units, without tax."""

    account: str
    reference: str
    month: str
    dated: date
    status: str
    currency: str
    total: int
    customer: Mapping[str, Any]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """One account's month in a list."""

    account: str
    month: str
    dated: date
    status: str
    currency: str
    total: int
    lines: int


def show(session: Session, cause: Cause, *, account: str, month: Month) -> Owed:
    """One account's statement; a closed one as it was closed. Raises `NotFound`, `Refused` (``not_permitted``)."""
    owner = find.account(session, account)
    access.require_account(session, cause, Permission.SEE, account_id=owner.id)
    closed = session.scalar(select(Statement).where(Statement.account_id == owner.id, Statement.month == month.first))
    if closed is not None:
        return _as_closed(closed, owner)
    lines = lines_of(session, month, [owner]).get(owner.id, [])
    return _owed(owner, month, lines, _customers(session, [owner]).get(owner.id, {}))


def listing(session: Session, cause: Cause, *, month: Month, limit: int) -> list[Sum]:
    """Every account that has something on its statement for *month*, in the care of who asks."""
    moved = movements().c
    sums = (
        select(moved.account_id, func.sum(moved.amount).label("amount"), func.count().label("lines"))
        .join(Account, Account.id == moved.account_id)
        .where(_in_month(session, month, moved.at))
        .group_by(moved.account_id)
        .subquery("month")
    )
    amount, lines = func.coalesce(sums.c.amount, 0), func.coalesce(sums.c.lines, 0)
    query = (
        select(Account.ref, Account.currency, amount.label("amount"), lines.label("lines"), Statement)
        .outerjoin(sums, sums.c.account_id == Account.id)
        .outerjoin(Statement, and_(Statement.account_id == Account.id, Statement.month == month.first))
        .where(or_(lines > 0, Statement.id.is_not(None)), access.visible(session, cause, Account.customer_id))
        .order_by(func.length(Account.ref), Account.ref)
        .limit(limit)
    )
    return [
        Sum(
            account=row.ref,
            month=str(month),
            dated=month.last,
            status=OPEN if row.Statement is None else CLOSED,
            currency=row.currency,
            total=int(row.amount) if row.Statement is None else row.Statement.total,
            lines=int(row.lines) if row.Statement is None else len(row.Statement.lines),
        )
        for row in session.execute(query).all()
    ]


def close(context: Context, cause: Cause, *, month: Month, account: str | None = None) -> int:
    """Close the statements of a month that is over, of one account or of all; returns how many. Twice: nothing happens.

    Lines and address are copied: what is corrected afterwards shows on the next. Raises `Refused` (``month_not_over``).
    """
    with context.store.read() as session:
        access.require_staff(session, cause)
        if account is not None:
            find.account(session, account)
        ids = list(session.scalars(_to_close(session, month, account)))
    done = 0
    for start in range(0, len(ids), _PART):
        with context.store.write() as session:
            done += _close(session, cause, month, ids[start : start + _PART])
    return done


def _to_close(session: Session, month: Month, account: str | None) -> Select[int]:
    moved = movements().c
    theirs = select(moved.account_id).join(Account, Account.id == moved.account_id).where(_in_month(session, month, moved.at))
    closed = select(Statement.account_id).where(Statement.month == month.first)
    query = select(Account.id).where(Account.id.in_(theirs), Account.id.not_in(closed)).order_by(Account.id)
    return query.where(Account.ref == account) if account is not None else query


def _close(session: Session, cause: Cause, month: Month, ids: Sequence[int]) -> int:
    session.execute(select(Account.id).where(Account.id.in_(ids)).order_by(Account.id).with_for_update())
    closed = select(Statement.account_id).where(Statement.month == month.first)
    owners = session.scalars(select(Account).where(Account.id.in_(ids), Account.id.not_in(closed)).order_by(Account.id)).all()
    lines, customers = lines_of(session, month, owners), _customers(session, owners)
    for owner in owners:
        _, over = month.bounds(time_zone(owner.time_zone))
        if over > cause.at:
            raise Refused(
                f"{month} is not over yet for account {owner.ref}: its statement is closed from {over.isoformat()} on.",
                code="month_not_over",
            )
        owed = _owed(owner, month, lines.get(owner.id, []), customers.get(owner.id, {}))
        _keep(session, cause, owner, month, owed)
    return len(owners)


def _keep(session: Session, cause: Cause, owner: Account, month: Month, owed: Owed) -> None:
    row = Statement(
        account_id=owner.id,
        month=month.first,
        dated=owed.dated,
        currency=owed.currency,
        total=owed.total,
        customer=dict(owed.customer),
        lines=[_plain(each) for each in owed.lines],
        closed_at=cause.at,
    )
    session.add(row)
    session.flush()
    told = f"{owed.reference}: {owed.total}"
    audit.record(session, cause, subject="statement", subject_id=row.id, field="closed", before=None, after=told)


def _owed(owner: Account, month: Month, lines: Sequence[Line], customer: Mapping[str, Any]) -> Owed:
    return Owed(
        account=owner.ref,
        reference=f"{month}-{owner.ref}",
        month=str(month),
        dated=month.last,
        status=OPEN,
        currency=owner.currency,
        total=total(lines),
        customer=customer,
        lines=lines,
    )


def _as_closed(closed: Statement, owner: Account) -> Owed:
    month = Month(closed.month)
    lines = [Line(**{**each, **{day: date.fromisoformat(each[day]) for day in ("first", "last")}}) for each in closed.lines]
    return Owed(
        account=owner.ref,
        reference=f"{month}-{owner.ref}",
        month=str(month),
        dated=closed.dated,
        status=CLOSED,
        currency=closed.currency,
        total=closed.total,
        customer=closed.customer,
        lines=lines,
    )


def _plain(line: Line) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(line).items()}


def _customers(session: Session, owners: Sequence[Account]) -> dict[int, dict[str, Any]]:
    """Name and address of the customers who own these accounts, by account."""
    query = select(Account.id, Customer).join(Customer, Customer.id == Account.customer_id)
    found = session.execute(query.where(Account.id.in_([each.id for each in owners]))).all()
    return {account_id: _address(customer) for account_id, customer in found}


def _address(customer: Customer) -> dict[str, Any]:
    own = {"name": customer.company, "country": customer.country, **customer.address}
    return {**own, **customer.billing_address, "customer": customer.id, "vat_id": customer.vat_id}


def _in_month(session: Session, month: Month, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether *moment* is in *month* on the clock of its `Account`."""
    zones = session.scalars(select(Account.time_zone).distinct()).all()
    bounds = {zone: month.bounds(time_zone(zone)) for zone in zones}
    parts = [and_(Account.time_zone == zone, moment >= first, moment < over) for zone, (first, over) in bounds.items()]
    return or_(false(), *parts)
