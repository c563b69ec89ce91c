"""The funds of accounts, page by page, all from one moment of the database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from isp_addons.billing.base import Funds
from isp_addons.billing.utm5 import dues, queries
from isp_addons.billing.utm5 import tables as t
from isp_addons.billing.utm5.dues import Link, Period, Taxes, decimal
from isp_addons.billing.utm5.periods import Periods, in_lists
from isp_addons.domain.money import exponent

PAGE = 2000  # accounts held in memory at a time
NEVER = 2_000_000_000  # UTM5's own date for it


@dataclass(slots=True)
class _Page:
    """What the database has on the accounts of one page, by account id; ``otherwise``: the period of the tariff."""

    tariff: dict[int, str | None] = field(default_factory=dict)
    otherwise: dict[int, Period] = field(default_factory=dict)
    next_tariffs: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    ending_tariff_links: set[int] = field(default_factory=set)
    links: defaultdict[int, list[Link]] = field(default_factory=lambda: defaultdict(list))
    expiring: defaultdict[int, list[tuple[Decimal, int]]] = field(default_factory=lambda: defaultdict(list))


class Snapshot:
    """Reads funds over *connection*, inside whose one transaction the data stands still. *now*: whole UNIX seconds."""

    def __init__(self, connection: Connection, schema: t.Schema, *, currency: str, now: int) -> None:
        self._connection = connection
        self._schema = schema
        self._currency = currency
        self._places = exponent(currency)
        self._now = now
        self._periods = Periods(connection)
        self._defaults: dict[int, tuple[Decimal, ...]] = {}

    def all(self) -> Iterator[Funds]:
        """Every live account, in order."""
        query = queries.accounts(self._schema).limit(PAGE)
        rows: Sequence[Row[Any]] = self._connection.execute(query).all()
        while rows:
            last = rows[-1].id
            yield from self._page(rows, queries.between(rows[0].id, last))
            rows = self._connection.execute(query.where(t.accounts.c.id > last)).all() if len(rows) == PAGE else ()

    def some(self, ids: Iterable[int]) -> Iterator[Funds]:
        """The live accounts among *ids*, in the order of *ids*, which must be sorted."""
        for few in in_lists(ids):
            rows = self._connection.execute(queries.accounts(self._schema).where(t.accounts.c.id.in_(few))).all()
            yield from self._page(rows, queries.among(few))

    def _page(self, rows: Sequence[Row[Any]], within: queries.Within) -> Iterator[Funds]:
        page = _Page()
        self._read_tariffs(page, within)
        self._read_links(page, within)
        for account_id, value, expires in self._connection.execute(queries.expiring(within)):
            page.expiring[account_id].append((decimal(value), expires or 0))
        for row in rows:
            yield self._funds(row, page)

    def _read_tariffs(self, page: _Page, within: queries.Within) -> None:
        rows = self._connection.execute(queries.tariffs(within)).all()
        self._periods.load(row.discount_period_id for row in rows)
        for row in rows:
            page.tariff[row.account_id] = row.name
            page.otherwise[row.account_id] = self._periods.current(row.discount_period_id)
            if row.next_tariff_id not in (None, 0, row.tariff_id):
                page.next_tariffs[row.account_id].append(row.next_tariff_id)
                page.ending_tariff_links.add(row.id)
        self._load_defaults({each for nexts in page.next_tariffs.values() for each in nexts})

    def _load_defaults(self, tariff_ids: set[int]) -> None:
        for few in in_lists(sorted(tariff_ids - self._defaults.keys())):
            costs: defaultdict[int, list[Decimal]] = defaultdict(list)
            for tariff_id, _service_id, cost in self._connection.execute(queries.defaults_of(few)):
                costs[tariff_id].append(decimal(cost))
            self._defaults.update((each, tuple(costs[each])) for each in few)

    def _read_links(self, page: _Page, within: queries.Within) -> None:
        rows = self._connection.execute(queries.links(self._schema, within)).all()
        self._periods.load(row.discount_period_id for row in rows)
        for row in rows:
            page.links[row.account_id].append(
                Link(
                    cost=decimal(row.cost) * decimal(row.coefficient),
                    method=row.discount_method,
                    period=self._periods.current(row.discount_period_id, otherwise=page.otherwise.get(row.account_id)),
                    starts=row.start_date or 0,
                    expires=NEVER if row.expire_date is None else row.expire_date,
                    charged=decimal(row.discounted_in_curr_period),
                    repaid=decimal(row.repaid_in_curr_period),
                    replaced=bool(row.link_by_default) and row.tariff_link_id in page.ending_tariff_links,
                )
            )

    def _funds(self, row: Row[Any], page: _Page) -> Funds:
        links = page.links.get(row.id, ())
        period = dues.latest(links, otherwise=page.otherwise.get(row.id) or self._periods.current(None))
        balance = decimal(row.balance)
        return Funds(
            ref=str(row.id),
            currency=self._currency,
            period_start=datetime.fromtimestamp(period.start, UTC),
            period_end=datetime.fromtimestamp(period.end, UTC),
            balance=dues.round_down(balance, places=self._places),
            available=dues.available(
                balance,
                decimal(row.credit),
                expiring=page.expiring.get(row.id, ()),
                horizon=period.end,
                places=self._places,
            ),
            dues=dues.total_due(
                links,
                added=(cost for each in page.next_tariffs.get(row.id, ()) for cost in self._defaults[each]),
                taxes=Taxes(decimal(row.vat_rate), decimal(row.sale_tax_rate)),
                now=self._now,
                places=self._places,
            ),
            blocked=bool(row.blocked),
            unlimited=bool(row.unlimited),
            tariff=page.tariff.get(row.id),
        )
