"""The lines of statements: one for each charge, one each time that something of it was given back; bundles as their parts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, String, Subquery, case, cast, literal, select, union_all
from sqlalchemy.orm import Session

from isp_addons.domain.period import time_zone
from isp_addons.domain.statement import Line, Month, days, unbundled
from isp_addons.domain.unbundling import Part
from isp_addons.services.refund import UNUSED
from isp_addons.store.tables import Account, Charge, LedgerEntry, Product, Subscription

CHARGE, REFUND, REST = "charge", "refund", "rest"


def movements() -> Subquery:
    """Every time that money was taken for a charge or given back: ``charge_id``, ``account_id``, ``kind``, ``amount``, ``at``.

    ``kind`` `REST`: what was not used of a charge when its subscription was stopped.
    """
    mine = Subscription.id == Charge.subscription_id
    owner = Subscription.account_id
    taken = select(Charge.id.label("charge_id"), owner, literal(CHARGE).label("kind"), Charge.amount, Charge.at.label("at"))
    reversed_ = select(Charge.id, owner, literal(REFUND), Charge.refunded - Charge.amount, Charge.reversed_at)
    rest = select(Charge.id, owner, literal(REST), -LedgerEntry.amount, LedgerEntry.at)
    every: CompoundSelect[Any] = union_all(
        taken.join(Subscription, mine),
        reversed_.join(Subscription, mine).where(Charge.reversed_at.is_not(None)),
        rest.join(Subscription, mine).join(LedgerEntry, rest_of_charge()),
    )
    return every.subquery("movement")


def rest_of_charge() -> ColumnElement[bool]:
    """Whether a `LedgerEntry` gave back what was not used of a `Charge`."""
    return LedgerEntry.key == literal(UNUSED) + cast(Charge.id, String)


def lines_of(session: Session, month: Month, owners: Sequence[Account]) -> dict[int, list[Line]]:
    """The lines of *owners* for *month*, each on its own clock, by account, the oldest first."""
    by_zone: dict[str, list[int]] = {}
    for each in owners:
        by_zone.setdefault(each.time_zone, []).append(each.id)
    found: dict[int, list[Line]] = {}
    for zone, ids in by_zone.items():
        _add(session, month, zone, ids, found)
    return found


def _add(session: Session, month: Month, zone: str, ids: Sequence[int], found: dict[int, list[Line]]) -> None:
    first, over = month.bounds(time_zone(zone))
    moved = movements().c
    query = (
        select(moved.account_id, moved.kind, moved.amount, moved.at, Charge, Product)
        .join(Charge, Charge.id == moved.charge_id)
        .join(Subscription, Subscription.id == Charge.subscription_id)
        .join(Product, Product.id == Subscription.product_id)
        .where(moved.account_id.in_(ids), moved.at >= first, moved.at < over)
        .order_by(moved.at, Charge.id, case((moved.kind == CHARGE, 0), else_=1))
    )
    for row in session.execute(query).all():
        found.setdefault(row.account_id, []).extend(_lines(row, zone))


def _lines(row: Any, zone: str) -> list[Line]:
    """The lines of one movement. What is given back of a stopped subscription is for the days from the stop on."""
    charge, product = row.Charge, row.Product
    begin, end = days(charge.period_start, charge.period_end, time_zone(zone))
    if row.kind == REST:
        begin = min(max(begin, _day(row.at, zone)), end)
    sign = {CHARGE: 1, REFUND: -1, REST: 0}[row.kind]
    line = Line(
        kind=CHARGE if row.kind == CHARGE else REFUND,
        subscription=charge.subscription_id,
        article=product.article_name or product.name,
        number=product.article_number,
        first=begin,
        last=end,
        quantity=charge.quantity,
        net=int(row.amount),
        discount=sign * charge.discount,
    )
    return unbundled(line, [Part(**each) for each in product.unbundle])


def _day(moment: datetime, zone: str) -> Any:
    return moment.astimezone(time_zone(zone)).date()
