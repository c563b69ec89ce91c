"""The report: what was earned with each vendor, month by month, and what the next month brings. Set-based, however many."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, or_, select, true
from sqlalchemy.orm import Session

from isp_addons.domain import report, split
from isp_addons.domain.cause import Cause
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, NotFound
from isp_addons.domain.report import MOST_MONTHS, Column, Figures
from isp_addons.domain.statement import Month
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import access, forecast
from isp_addons.services.context import Context
from isp_addons.services.statement_lines import rest_of_charge
from isp_addons.store import changes
from isp_addons.store.tables import Account, Audit, Charge, LedgerEntry, Product, ProjectKey, QuantityChange, Subscription

_TERMS = (Plan.ONE_OFF.value, Plan.TRIAL.value)
_ON = (Status.RUNNING.value, Status.ENDING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A month of one vendor (nothing for products without one), or (None) of all vendors, in one currency.

    ``with_costs``: whether whoever asks sees what the ISP pays; else the figures hold no purchases.
    """

    currency: str
    vendor: str | None
    month: str
    column: Column
    figures: Figures
    with_costs: bool = True


_Place = tuple[str, str, int]
"""A currency, a vendor, and the number of a month."""


def lines(context: Context, cause: Cause, *, months: int = 6, vendor: str | None = None, by_vendor: bool = False) -> list[Line]:
    """The last *months* months with the present one, and the next as forecast, by currency; currencies are never added up.

    *vendor*: only with this one; *by_vendor*: each vendor after the total. The months are those of the ISP's time zone.
    Staff see everything, a reseller what his customers bring, without what the ISP pays for it. Raises `BadInput`
    (``bad_months``), `NotFound` (``unknown_vendor``), `Refused` (``not_permitted``).
    """
    if not 1 <= months <= MOST_MONTHS:
        raise BadInput(f"{months} is not from 1 to {MOST_MONTHS} months.", code="bad_months")
    zone = time_zone(context.time_zone)
    columns = report.months(cause.at.astimezone(zone).date(), months)
    bounds = [month.bounds(zone) for month, _ in columns]
    with context.store.read() as session:
        if cause.person is not None:
            access.require(session, cause, Permission.MANAGE_CUSTOMERS)
        with_costs = access.is_staff(session, cause)
        if vendor is not None:
            _require_vendor(session, vendor)
        scope = and_(access.visible(session, cause, Account.customer_id), Product.vendor == vendor if vendor else true())
        found: dict[_Place, Figures] = defaultdict(Figures)
        _add_money(session, found, scope, bounds[:-1])
        for number, (_, end) in enumerate(bounds[:-1]):
            _add_units(session, found, number, scope, before=end if end <= cause.at else cause.at + timedelta(seconds=1))
        _add_forecast(session, found, len(bounds) - 1, scope, at=cause.at, start=bounds[-1][0])
    told = _lines(found, columns, vendor=vendor, by_vendor=by_vendor, currency=context.currency)
    return told if with_costs else [_without_costs(each) for each in told]


def _lines(
    found: dict[_Place, Figures],
    columns: Sequence[tuple[Month, Column]],
    *,
    vendor: str | None,
    by_vendor: bool,
    currency: str,
) -> list[Line]:
    currencies = sorted({place[0] for place in found}) or [currency]
    told = []
    for one in currencies:
        vendors = sorted({place[1] for place in found if place[0] == one})
        shown: list[str | None] = [vendor] if vendor is not None else [None, *(vendors if by_vendor else [])]
        for name in shown:
            of = vendors if name is None else [name]
            for number, (month, column) in enumerate(columns):
                figures = report.total(found[one, each, number] for each in of if (one, each, number) in found)
                told.append(Line(currency=one, vendor=name, month=str(month), column=column, figures=figures))
    return told


def _without_costs(line: Line) -> Line:
    return replace(line, figures=replace(line.figures, purchases=0), with_costs=False)


def _require_vendor(session: Session, vendor: str) -> None:
    if session.scalar(select(Product.id).where(Product.vendor == vendor).limit(1)) is None:
        raise NotFound(f"No product is of the vendor {vendor!r}; see: isp-addons products list", code="unknown_vendor")


def _add_money(
    session: Session, found: dict[_Place, Figures], scope: ColumnElement[bool], bounds: Sequence[tuple[datetime, datetime]]
) -> None:
    """Charges in the month in which they were taken, refunds in which they were given back, keys in which they were sold."""
    charges, back = (Charge.amount, Charge.cost), (Charge.amount - Charge.refunded, Charge.cost)
    keys = (func.coalesce(ProjectKey.selling_price, 0), ProjectKey.purchase_price)
    for table, moment, (income, cost), sign in (
        (Charge, Charge.at, charges, 1),
        (Charge, Charge.reversed_at, back, -1),
        (Charge, LedgerEntry.at, (LedgerEntry.amount, literal(0)), -1),
        (ProjectKey, ProjectKey.used_at, keys, 1),
    ):
        number = case(*((moment < end, place) for place, (_, end) in enumerate(bounds))).label("number")
        query = (
            select(Account.currency, _vendor(), number, func.sum(income).label("income"), func.sum(cost).label("cost"))
            .select_from(table)
            .join(Subscription, Subscription.id == table.subscription_id)
            .join(Account, Account.id == Subscription.account_id)
            .join(Product, Product.id == Subscription.product_id)
            .where(moment >= bounds[0][0], moment < bounds[-1][1], scope)
            .group_by(Account.currency, Product.vendor, "number")
        )
        if moment is LedgerEntry.at:
            query = query.join(LedgerEntry, rest_of_charge()).where(Charge.refunded > 0)
        for row in session.execute(query).all():
            taken = Figures(income=sign * int(row.income), purchases=sign * int(row.cost))
            found[row.currency, row.vendor, row.number] += taken


def _add_units(
    session: Session, found: dict[_Place, Figures], number: int, scope: ColumnElement[bool], *, before: datetime
) -> None:
    """The units that were used just *before* that moment, as many and distributed as they were then."""
    changed, divided = _changed_from(before), _split_from(before)
    quantity = func.coalesce(changed.c.before, Subscription.quantity)
    each = _grouped(quantity, func.coalesce(divided.c.before, Subscription.split))
    each = each.outerjoin(changed, changed.c.subscription_id == Subscription.id)
    each = each.outerjoin(divided, divided.c.subscription_id == Subscription.id)
    living = and_(
        Subscription.ordered_at < before,
        Subscription.status != Status.REFUSED.value,
        or_(Subscription.ended_at.is_(None), Subscription.ended_at >= before),
        or_(Subscription.plan.not_in(_TERMS), Subscription.paid_until >= before),
    )
    _count(session, found, number, each.where(living, scope))


def _add_forecast(
    session: Session, found: dict[_Place, Figures], number: int, scope: ColumnElement[bool], *, at: datetime, start: datetime
) -> None:
    """What is paid by period will be charged as it is priced now, unless somebody froze it; terms go on while they are paid."""
    paying = and_(Subscription.status == Status.RUNNING.value, Subscription.plan == Plan.RECURRING.value, ~forecast.spared())
    pending = select(QuantityChange).where(changes.is_pending()).subquery("pending")
    follows = pending.c.subscription_id == Subscription.id
    quantity = func.coalesce(pending.c.quantity, Subscription.quantity)
    query = (
        select(
            Account.currency,
            _vendor(),
            func.sum(Subscription.price).label("income"),
            func.sum(quantity * Product.purchase_price).label("cost"),
        )
        .select_from(Subscription)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
        .outerjoin(pending, follows)
        .where(paying, scope)
        .group_by(Account.currency, Product.vendor)
    )
    for row in session.execute(query).all():
        found[row.currency, row.vendor, number] += Figures(income=int(row.income), purchases=int(row.cost))
    stays = or_(paying, Subscription.paid_until > start, Subscription.plan == Plan.BUNDLED.value)
    living = and_(Subscription.status.in_(_ON), Subscription.ordered_at <= at, stays)
    each = _grouped(quantity, func.coalesce(pending.c.split, Subscription.split)).outerjoin(pending, follows)
    _count(session, found, number, each.where(living, scope))


def _grouped(quantity: ColumnElement[int], parts: ColumnElement[str]) -> Select[*tuple[Any, ...]]:
    """Subscriptions counted by what they are and how they are distributed."""
    return (
        select(Account.currency, _vendor(), Product.kind, quantity.label("quantity"), parts.label("parts"))
        .select_from(Subscription)
        .join(Account, Account.id == Subscription.account_id)
        .join(Product, Product.id == Subscription.product_id)
    )


def _count(session: Session, found: dict[_Place, Figures], number: int, each: Select[*tuple[Any, ...]]) -> None:
    """Add the units of *each*. Where they are distributed, as often as there are such subscriptions."""
    one = each.subquery("one")
    shared = (one.c.currency, one.c.vendor, one.c.kind, one.c.parts)
    query = select(*shared, func.sum(one.c.quantity).label("quantity"), func.count().label("times")).group_by(*shared)
    for row in session.execute(query).all():
        parts = split.as_dict(row.parts)
        units = {name: many * row.times for name, many in parts.items()} if parts else {row.kind: int(row.quantity)}
        found[row.currency, row.vendor, number] += Figures(units=units)


def _vendor() -> ColumnElement[str]:
    return func.coalesce(Product.vendor, literal("")).label("vendor")


def _changed_from(moment: datetime) -> Subquery:
    """How many units subscriptions had before their first change from *moment* on; only those that there was one of."""
    firsts = (
        select(func.min(QuantityChange.id))
        .where(QuantityChange.applied_at >= moment, QuantityChange.before != QuantityChange.quantity)
        .group_by(QuantityChange.subscription_id)
    )
    found = select(QuantityChange.subscription_id, QuantityChange.before).where(QuantityChange.id.in_(firsts))
    return found.subquery("changed")


def _split_from(moment: datetime) -> Subquery:
    """How the units of subscriptions were distributed before the first change of that from *moment* on, as the audit knows."""
    divided = select(Subscription.id).where(Subscription.split != "")
    mine = and_(Audit.subject == "subscription", Audit.subject_id.in_(divided), Audit.field == "split", Audit.at >= moment)
    firsts = select(func.min(Audit.id)).where(mine).group_by(Audit.subject_id)
    found = select(Audit.subject_id.label("subscription_id"), Audit.before).where(Audit.id.in_(firsts))
    return found.subquery("divided")
