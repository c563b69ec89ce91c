"""The reads, each for one page of accounts. Every joined table is filtered for rows that count as gone."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, select, union_all

from isp_addons.billing.utm5 import tables as t

ONCE = 1  # services_data.service_type of what is charged a single time


Within = Callable[[ColumnElement[Any]], ColumnElement[bool]]  # limits a column of account ids to one page


def between(first: int, last: int) -> Within:
    """The page of all accounts from *first* to *last*."""
    return lambda account_id: account_id.between(first, last)


def among(ids: list[int]) -> Within:
    """The page of chosen accounts."""
    return lambda account_id: account_id.in_(ids)


def accounts(schema: t.Schema) -> Select[Any]:
    """Live accounts, in order."""
    own = t.accounts.c
    return (
        select(
            own.id,
            own.balance,
            own.credit,
            own.vat_rate,
            own.sale_tax_rate,
            own.unlimited,
            schema.blocked.label("blocked"),
        )
        .where(t.unset(own.is_deleted))
        .order_by(own.id)
    )


def tariffs(within: Within) -> Select[Any]:
    """The tariffs that the accounts have now, oldest link first."""
    link = t.tariff_links.c
    return (
        select(link.account_id, link.id, link.tariff_id, link.next_tariff_id, link.discount_period_id, t.tariffs.c.name)
        .select_from(t.tariff_links.outerjoin(t.tariffs, t.tariffs.c.id == link.tariff_id))
        .where(within(link.account_id), t.unset(link.is_deleted))
        .order_by(link.id)
    )


def links(schema: t.Schema, within: Within) -> Select[Any]:
    """The periodic services that the accounts have; whether started or ended is for the period to tell."""
    own, periodic = t.service_links.c, t.periodic_links.c
    return (
        select(
            own.account_id,
            own.tariff_link_id,
            t.services.c.link_by_default,
            t.periodic_services.c.cost,
            schema.coefficient.label("coefficient"),
            t.periodic_services.c.discount_method,
            periodic.discount_period_id,
            periodic.discounted_in_curr_period,
            periodic.repaid_in_curr_period,
            periodic.start_date,
            periodic.expire_date,
        )
        .select_from(
            t.service_links.join(t.periodic_links, periodic.id == own.id)
            .join(t.services, t.services.c.id == own.service_id)
            .join(t.periodic_services, t.periodic_services.c.id == own.service_id)
        )
        .where(
            within(own.account_id),
            t.unset(own.is_deleted),
            t.unset(periodic.is_deleted),
            t.unset(periodic.need_del),
            t.unset(t.services.c.is_deleted),
            t.unset(t.periodic_services.c.is_deleted),
        )
    )


def expiring(within: Within) -> CompoundSelect[Any]:
    """Promised credits and burning payments that still stand: account, value, expiry."""
    lent, paid = t.credits_.c, t.timed_payments.c
    return union_all(
        select(lent.account_id, lent.value, lent.expire_date).where(within(lent.account_id), t.unset(lent.is_passed)),
        select(paid.account_id, paid.payment_value, paid.expire_date).where(within(paid.account_id), t.unset(paid.is_passed)),
    )


def defaults_of(tariff_ids: list[int]) -> Select[Any]:
    """What a change to each of these tariffs links by itself: tariff, service, cost."""
    own = t.tariff_services.c
    return (
        select(own.tariff_id, own.service_id, t.periodic_services.c.cost)
        .distinct()
        .select_from(
            t.tariff_services.join(t.services, t.services.c.id == own.service_id).join(
                t.periodic_services, t.periodic_services.c.id == own.service_id
            )
        )
        .where(
            own.tariff_id.in_(tariff_ids),
            t.services.c.link_by_default == 1,
            t.services.c.service_type != ONCE,
            t.unset(own.is_deleted),
            t.unset(t.services.c.is_deleted),
            t.unset(t.periodic_services.c.is_deleted),
        )
    )


def periods(condition: ColumnElement[bool]) -> Select[Any]:
    """Instances of accounting periods, the latest last."""
    own = t.periods.c
    return (
        select(own.id, own.static_id, own.start_date, own.end_date, own.is_expired)
        .where(condition)
        .order_by(own.end_date, own.id)
    )


def latest_period() -> Select[Any]:
    """The current period that ends last; when none is current, the expired one that did."""
    own = t.periods.c
    return (
        select(own.start_date, own.end_date)
        .order_by(func.coalesce(own.is_expired, 0), own.end_date.desc(), own.id.desc())
        .limit(1)
    )
