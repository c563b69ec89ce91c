"""A player of the stand-in UTM5: does to its tables what a live core does as days pass, and says which firewall rules it runs.

Blocks, payments, usage, credits that expire, services charged in a flow. What happens when a period ends is in
`isp_addons.sandbox.utm5_rollover`. Money is rounded nowhere, as in UTM5: its columns are doubles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, bindparam, func, insert, select, update

from isp_addons.billing.utm5.tables import Generation
from isp_addons.sandbox.utm5_tables import utm5_metadata

NEVER = 2_000_000_000  # UTM5's own date for it
AT_START, AT_END, FLOW = 1, 2, 3  # periodic_services_data.discount_method

_tables = utm5_metadata(Generation.OLD).tables
accounts = _tables["accounts"]
blocks = _tables["blocks_info"]
periods = _tables["discount_periods"]
service_links = _tables["service_links"]
periodic_links = _tables["periodic_service_links"]
services = _tables["services_data"]
periodic_services = _tables["periodic_services_data"]
tariff_links = _tables["account_tariff_link"]
tariff_services = _tables["tariffs_services_link"]
_EXPIRING = ((_tables["credits"], "value"), (_tables["payments_timed"], "payment_value"))

_HALF_A_CENT = 0.005  # a double that should be 0.00 may be a little less


class BlockedBy(Enum):
    """Who blocked an account: the bits of ``accounts.is_blocked``, and ``blocks_info.block_type``."""

    SUBSCRIBER = (0x001, 3)
    SYSTEM = (0x010, 1)
    ADMIN = (0x700, 2)


@dataclass(frozen=True, slots=True)
class Link:
    """A periodic service of an account. ``cost``, ``charged``, ``repaid`` are without taxes; ``taxes`` is the factor on top."""

    id: int
    account: int
    tariff_link: int
    is_default: bool
    blocked: bool
    method: int
    cost: Decimal
    charged: Decimal
    repaid: Decimal
    taxes: Decimal
    starts: int
    expires: int
    period_start: int
    period_end: int

    @property
    def live(self) -> bool:
        """Started by the end of its period, and goes on after it."""
        return self.starts <= self.period_end < self.expires


class Utm5Play:
    """One stand-in UTM5. ``flowed_until``: the moment up to which services in a flow are in the balances, UNIX seconds."""

    def __init__(self, engine: Engine, *, flowed_until: datetime) -> None:
        self.engine = engine
        self.flowed_until = seconds(flowed_until)
        self._rules: list[tuple[str, int]] = []

    def take_rules(self) -> list[tuple[str, int]]:
        """The firewall rules that became due since the last call: the event's word and the account."""
        rules, self._rules = self._rules, []
        return rules

    def rule(self, word: str, account: int) -> None:
        """A firewall rule became due."""
        self._rules.append((word, account))

    def block(self, chosen: Iterable[int], *, by: BlockedBy, at: datetime) -> None:
        """Block accounts that are free. No fee is taken while the block stands."""
        with self.engine.begin() as connection:
            self._block(connection, chosen, by=by, at=seconds(at))

    def unblock(self, chosen: Iterable[int], *, at: datetime) -> None:
        """Free accounts; a period that began meanwhile is charged now."""
        with self.engine.begin() as connection:
            self._unblock(connection, list(chosen), at=seconds(at))

    def use(self, amounts: Mapping[int, Decimal], *, at: datetime) -> None:
        """Take money for what was used, such as calls; who falls below his limit is blocked."""
        with self.engine.begin() as connection:
            self.take(connection, amounts, at=seconds(at))

    def pay(self, amounts: Mapping[int, Decimal], *, at: datetime) -> None:
        """Book payments; who was blocked for money, and is at his limit again, is freed."""
        with self.engine.begin() as connection:
            move_balances(connection, {account: -amount for account, amount in amounts.items()})
            enough = and_(accounts.c.is_blocked == BlockedBy.SYSTEM.value[0], _left() >= -_HALF_A_CENT)
            freed = connection.scalars(select(accounts.c.id).where(accounts.c.id.in_(list(amounts)), enough)).all()
            for account in amounts:
                self.rule("payment", account)
            self._unblock(connection, freed, at=seconds(at))

    def expire(self, at: datetime) -> None:
        """Take back the promised credits and burning payments that ended by *at*."""
        with self.engine.begin() as connection:
            gone: dict[int, Decimal] = {}
            for table, value in _EXPIRING:
                over = and_(table.c.is_passed == 0, table.c.expire_date <= seconds(at))
                for account, amount in connection.execute(select(table.c.account_id, table.c[value]).where(over)):
                    gone[account] = gone.get(account, Decimal(0)) + decimal(amount)
                connection.execute(update(table).where(over).values(is_passed=1))
            self.take(connection, gone, at=seconds(at))

    def flow(self, at: datetime) -> None:
        """Take what services in a flow cost from the last time to *at*."""
        with self.engine.begin() as connection:
            until, since = seconds(at), self.flowed_until
            taken: dict[int, Decimal] = {}
            for link in read_links(connection, periodic_services.c.discount_method == FLOW):
                lasted = min(until, link.period_end) - max(since, link.period_start)
                if link.live and not link.blocked and lasted > 0:
                    part = link.cost * link.taxes * lasted / (link.period_end - link.period_start)
                    taken[link.account] = taken.get(link.account, Decimal(0)) + part
            self.take(connection, taken, at=until)
            self.flowed_until = max(since, until)

    def take(self, connection: Connection, amounts: Mapping[int, Decimal], *, at: int) -> None:
        """Take money; who falls below his limit, and has one, is blocked by the system."""
        move_balances(connection, amounts)
        overdrawn = and_(accounts.c.is_blocked == 0, accounts.c.unlimited == 0, _left() < -_HALF_A_CENT)
        fallen = connection.scalars(select(accounts.c.id).where(accounts.c.id.in_(list(amounts)), overdrawn)).all()
        self._block(connection, fallen, by=BlockedBy.SYSTEM, at=at)

    def _block(self, connection: Connection, chosen: Iterable[int], *, by: BlockedBy, at: int) -> None:
        bits, kind = by.value
        for number, account in enumerate(chosen, start=next_id(connection, blocks)):
            connection.execute(update(accounts).where(accounts.c.id == account).values(is_blocked=bits))
            row = {"id": number, "account_id": account, "block_type": kind, "start_date": at, "expire_date": NEVER}
            connection.execute(insert(blocks).values(**row, unabon=1, unprepay=1))
            self.rule("block_changed", account)

    def _unblock(self, connection: Connection, freed: Iterable[int], *, at: int) -> None:
        chosen = list(freed)
        connection.execute(update(accounts).where(accounts.c.id.in_(chosen)).values(is_blocked=0))
        standing = and_(blocks.c.account_id.in_(chosen), blocks.c.expire_date > at)
        connection.execute(update(blocks).where(standing).values(expire_date=at))
        missed = and_(service_links.c.account_id.in_(chosen), periodic_links.c.discounted_in_curr_period == 0)
        late = [link for link in read_links(connection, missed) if link.live and link.method == AT_START]
        note_charged(connection, {link.id: link.cost for link in late})
        self.take(connection, totals(late), at=at)
        for account in chosen:
            self.rule("block_changed", account)


def read_links(connection: Connection, condition: Any) -> list[Link]:
    """The live accounts' periodic services that are not deleted, each with the current instance of its period."""
    rows = connection.execute(_links().where(condition).order_by(service_links.c.id))
    return [
        Link(
            id=row.id,
            account=row.account_id,
            tariff_link=row.tariff_link_id,
            is_default=bool(row.link_by_default),
            blocked=bool(row.is_blocked),
            method=row.discount_method,
            cost=decimal(row.cost),
            charged=decimal(row.discounted_in_curr_period),
            repaid=decimal(row.repaid_in_curr_period),
            taxes=(1 + decimal(row.vat_rate)) * (1 + decimal(row.sale_tax_rate)),
            starts=row.starts,
            expires=row.expires,
            period_start=row.period_start,
            period_end=row.period_end,
        )
        for row in rows
    ]


def _links() -> Select[Any]:
    joined = (
        service_links.join(periodic_links, periodic_links.c.id == service_links.c.id)
        .join(services, services.c.id == service_links.c.service_id)
        .join(periodic_services, periodic_services.c.id == service_links.c.service_id)
        .join(accounts, accounts.c.id == service_links.c.account_id)
        .join(periods, periods.c.id == periodic_links.c.discount_period_id)
    )
    gone = (service_links, periodic_links, services, periodic_services, accounts)
    return (
        select(
            service_links,
            services.c.link_by_default,
            periodic_services.c.cost,
            periodic_services.c.discount_method,
            periodic_links.c.discounted_in_curr_period,
            periodic_links.c.repaid_in_curr_period,
            periodic_links.c.start_date.label("starts"),
            periodic_links.c.expire_date.label("expires"),
            accounts.c.is_blocked,
            accounts.c.vat_rate,
            accounts.c.sale_tax_rate,
            periods.c.start_date.label("period_start"),
            periods.c.end_date.label("period_end"),
        )
        .select_from(joined)
        .where(*(table.c.is_deleted == 0 for table in gone), periodic_links.c.need_del == 0)
    )


def totals(links: Iterable[Link]) -> dict[int, Decimal]:
    """What a whole period of *links* costs each account, with taxes."""
    sums: dict[int, Decimal] = {}
    for link in links:
        sums[link.account] = sums.get(link.account, Decimal(0)) + link.cost * link.taxes
    return sums


def note_charged(connection: Connection, charged: Mapping[int, Decimal]) -> None:
    """Write how much each link (by id) was charged in its period, without taxes."""
    if charged:
        table = periodic_links.c
        statement = update(periodic_links).where(table.id == bindparam("b_id"))
        rows = [{"b_id": link, "b_charged": float(amount)} for link, amount in charged.items()]
        connection.execute(statement.values(discounted_in_curr_period=bindparam("b_charged")), rows)


def move_balances(connection: Connection, taken: Mapping[int, Decimal]) -> None:
    """Take from each account's balance; a negative amount is given."""
    if taken:
        statement = update(accounts).where(accounts.c.id == bindparam("b_id"))
        rows = [{"b_id": account, "b_amount": float(amount)} for account, amount in taken.items()]
        connection.execute(statement.values(balance=accounts.c.balance - bindparam("b_amount")), rows)


def next_id(connection: Connection, table: Any) -> int:
    """The next number of a table that counts its rows by itself in UTM5."""
    return (connection.scalar(select(func.max(table.c.id))) or 0) + 1


def decimal(number: float) -> Decimal:
    """A double, exactly as it is written out."""
    return Decimal(str(number))


def seconds(moment: datetime) -> int:
    """UTM5's dates: whole UNIX seconds."""
    return int(moment.timestamp())


def _left() -> Any:
    return accounts.c.balance + accounts.c.credit
