"""What UTM5 does when an accounting period ends: charges, the next instance of the period, tariffs that change with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from isp_addons.domain.period import add_months, time_zone
from isp_addons.sandbox import utm5_play as play
from isp_addons.sandbox.utm5_play import AT_END, AT_START, Link, Utm5Play

_WEEK, _MONTH = 2, 3  # discount_periods.periodic_type
_WEEK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledOver:
    """What a rollover did: the new period's id, its bounds, whose it is, how many were charged, how many tariffs changed."""

    period: int
    start: datetime
    end: datetime
    accounts: tuple[int, ...]
    charged: int
    switched: int


def roll_over(utm5: Utm5Play, *, static_id: int, zone: str) -> RolledOver:
    """End the current instance of the period *static_id* at its own end, and begin the next.

    Charged are the links that go on: at the start of the new period its cost, at the end of the old one what it has not taken
    yet. Services in a flow are taken before, up to the end. Blocked accounts are charged when they are free again. The rows
    are changed as UTM5 does it: the old instance is marked expired and every link names the new one.
    """
    with utm5.engine.connect() as connection:
        old = _current(connection, static_id)
    utm5.flow(datetime.fromtimestamp(old.end_date, UTC))
    with utm5.engine.begin() as connection:
        new = _next_instance(connection, old, zone)
        changing = _changing_tariffs(connection, old.id)
        links = play.read_links(connection, play.periodic_links.c.discount_period_id == old.id)
        staying = [link for link in links if link.live and not (link.is_default and link.tariff_link in changing)]
        charges = _charges(staying)
        _move(connection, old.id, new["id"], staying)
        switched = _switch(connection, changing, new)
        for account, cost in switched:
            charges[account] = charges.get(account, Decimal(0)) + cost
        holders = _holders(connection, new["id"])
        utm5.take(connection, charges, at=new["start_date"])
    return RolledOver(
        period=new["id"],
        start=datetime.fromtimestamp(new["start_date"], UTC),
        end=datetime.fromtimestamp(new["end_date"], UTC),
        accounts=holders,
        charged=sum(1 for amount in charges.values() if amount),
        switched=len(changing),
    )


def _current(connection: Connection, static_id: int) -> Any:
    own = play.periods.c
    return connection.execute(select(play.periods).where(own.static_id == static_id, own.is_expired == 0)).one()


def _next_instance(connection: Connection, old: Any, zone: str) -> dict[str, int]:
    start = datetime.fromtimestamp(old.end_date, UTC)
    if old.periodic_type == _MONTH:
        end = play.seconds(add_months(start, 1, time_zone(zone)))
    elif old.periodic_type == _WEEK:
        end = old.end_date + _WEEK_SECONDS
    else:
        raise ValueError(f"the stand-in ends weeks and months, not periods of type {old.periodic_type}")
    fresh = {
        **old._mapping,
        "id": play.next_id(connection, play.periods),
        "start_date": old.end_date,
        "end_date": end,
        "next_discount_period_id": 0,
    }
    own = play.periods.c
    connection.execute(update(play.periods).where(own.id == old.id).values(is_expired=1, next_discount_period_id=fresh["id"]))
    connection.execute(insert(play.periods).values(**fresh))
    return fresh


def _changing_tariffs(connection: Connection, period: int) -> dict[int, Any]:
    """The links to tariffs that another one follows, by id."""
    own = play.tariff_links.c
    follows = and_(own.next_tariff_id != 0, own.next_tariff_id != own.tariff_id)
    query = select(play.tariff_links).where(own.discount_period_id == period, own.is_deleted == 0, follows)
    return {row.id: row for row in connection.execute(query)}


def _charges(staying: Sequence[Link]) -> dict[int, Decimal]:
    charges: dict[int, Decimal] = {}
    for link in staying:
        if link.blocked:
            continue
        net = {AT_START: link.cost, AT_END: max(link.cost - link.charged + link.repaid, Decimal(0))}.get(
            link.method, Decimal(0)
        )
        charges[link.account] = charges.get(link.account, Decimal(0)) + net * link.taxes
    return charges


def _move(connection: Connection, old: int, new: int, staying: Sequence[Link]) -> None:
    """Links that go on name the new instance, with what it has taken so far; the others are over."""
    links, tariffs = play.periodic_links, play.tariff_links
    connection.execute(
        update(links)
        .where(links.c.discount_period_id == old)
        .values(discount_period_id=new, discounted_in_curr_period=0, repaid_in_curr_period=0, is_deleted=1)
    )
    if staying:
        kept = update(links).where(links.c.id == bindparam("b_id")).values(is_deleted=0)
        connection.execute(kept, [{"b_id": link.id} for link in staying])
    taken = {link.id: link.cost for link in staying if link.method == AT_START and not link.blocked}
    play.note_charged(connection, taken)
    connection.execute(update(tariffs).where(tariffs.c.discount_period_id == old).values(discount_period_id=new))


def _switch(connection: Connection, changing: dict[int, Any], new: dict[str, int]) -> list[tuple[int, Decimal]]:
    """Begin the tariffs that follow: their default services are linked, and charged where the account is free."""
    charged = []
    number = play.next_id(connection, play.service_links)
    for tariff_link in changing.values():
        account = connection.execute(select(play.accounts).where(play.accounts.c.id == tariff_link.account_id)).one()
        for service in _default_services(connection, tariff_link.next_tariff_id):
            taken = 0.0 if account.is_blocked else service.cost
            _link(connection, number, tariff_link, service.id, new, taken=taken)
            number += 1
            taxes = (1 + play.decimal(account.vat_rate)) * (1 + play.decimal(account.sale_tax_rate))
            charged.append((account.id, play.decimal(taken) * taxes))
        own = play.tariff_links.c
        connection.execute(
            update(play.tariff_links).where(own.id == tariff_link.id).values(tariff_id=tariff_link.next_tariff_id)
        )
    return charged


def _default_services(connection: Connection, tariff: int) -> Sequence[Any]:
    offer, service, periodic = play.tariff_services.c, play.services.c, play.periodic_services.c
    joined = play.tariff_services.join(play.services, service.id == offer.service_id).join(
        play.periodic_services, periodic.id == offer.service_id
    )
    return connection.execute(
        select(service.id, periodic.cost)
        .select_from(joined)
        .where(offer.tariff_id == tariff, service.link_by_default == 1, offer.is_deleted == 0, service.is_deleted == 0)
    ).all()


def _link(connection: Connection, number: int, tariff_link: Any, service: int, new: dict[str, int], *, taken: float) -> None:
    user = select(play.service_links.c.user_id).where(play.service_links.c.account_id == tariff_link.account_id).limit(1)
    connection.execute(
        insert(play.service_links).values(
            id=number,
            user_id=connection.scalar(user) or 0,
            account_id=tariff_link.account_id,
            service_id=service,
            tariff_link_id=tariff_link.id,
        )
    )
    connection.execute(
        insert(play.periodic_links).values(
            id=number,
            discount_period_id=new["id"],
            discounted_in_curr_period=taken,
            start_date=new["start_date"],
            expire_date=play.NEVER,
        )
    )


def _holders(connection: Connection, period: int) -> tuple[int, ...]:
    """The live accounts whose tariff counts by this period."""
    own = play.tariff_links.c
    joined = play.tariff_links.join(play.accounts, play.accounts.c.id == own.account_id)
    query = select(own.account_id).select_from(joined)
    live = and_(own.discount_period_id == period, own.is_deleted == 0, play.accounts.c.is_deleted == 0)
    return tuple(connection.scalars(query.where(live).order_by(own.account_id)))
