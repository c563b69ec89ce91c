"""An empty UTM5 to be filled row by row, as its core would."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import Engine, MetaData

from isp_addons.billing.base import Funds
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.billing.utm5.tables import Generation

NOW = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
START = 1793480400  # 2026-11-01T00:00+03:00
END = 1796072400  # 2026-12-01T00:00+03:00, 27 hours after NOW
DAY = 86400
NEVER = 2_000_000_000


@dataclass(frozen=True)
class Variant:
    """A kind of database and a generation of UTM5's schema."""

    database: str
    generation: Generation

    def __str__(self) -> str:
        return f"{self.database}-{self.generation}"


VARIANTS = [Variant(database, generation) for database in ("sqlite", "postgresql", "mariadb") for generation in Generation]


@dataclass
class Utm5:
    """An empty UTM5 with one current month (period 12); each method adds a row the way UTM5 would."""

    generation: Generation
    engine: Engine
    metadata: MetaData
    reader: Utm5Reader
    ids: Iterator[int] = field(default_factory=lambda: count(500))

    def empty(self) -> None:
        with self.engine.begin() as connection:
            for table in self.metadata.tables.values():
                connection.execute(table.delete())

    def add(self, table: str, **values: Any) -> int:
        values.setdefault("id", next(self.ids))
        with self.engine.begin() as connection:
            connection.execute(self.metadata.tables[table].insert(), [values])
        row: int = values["id"]
        return row

    def account(self, number: int = 1, *, blocked: bool = False, **values: Any) -> int:
        mark = "block_id" if self.generation is Generation.NEW else "is_blocked"
        return self.add("accounts", id=number, **{mark: 16 if blocked else 0}, **values)

    def period(self, number: int, start: int, end: int, *, static: int, expired: bool = False) -> int:
        return self.add(
            "discount_periods", id=number, static_id=static, start_date=start, end_date=end, is_expired=int(expired)
        )

    def service(
        self, cost: float, *, method: int = 1, default: bool = False, kind: int = 2, gone: bool = False, cost_gone: bool = False
    ) -> int:
        number = self.add("services_data", service_type=kind, link_by_default=int(default), is_deleted=int(gone))
        self.add("periodic_services_data", id=number, cost=cost, discount_method=method, is_deleted=int(cost_gone))
        return number

    def tariff(self, name: str, *services: int) -> int:
        number = self.add("tariffs", name=name)
        for service in services:
            self.add("tariffs_services_link", tariff_id=number, service_id=service)
        return number

    def on_tariff(self, tariff: int, *, then: int | None = None, account: int = 1, **values: Any) -> int:
        following = tariff if then is None else then
        values = {"discount_period_id": 12, **values}
        return self.add("account_tariff_link", account_id=account, tariff_id=tariff, next_tariff_id=following, **values)

    def link(self, service: int, *, account: int = 1, tariff_link: int = 0, link_gone: bool = False, **values: Any) -> int:
        number = self.add(
            "service_links", account_id=account, service_id=service, tariff_link_id=tariff_link, is_deleted=int(link_gone)
        )
        values = {"discount_period_id": 12, "start_date": START, "expire_date": NEVER, **values}
        return self.add("periodic_service_links", id=number, **values)

    def all(self, *refs: str, at: datetime = NOW) -> list[Funds]:
        return list(self.reader.funds(refs or None, at=at))

    def one(self, *, at: datetime = NOW) -> Funds:
        [funds] = self.all("1", at=at)
        return funds
