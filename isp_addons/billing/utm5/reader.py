"""The read side of a UTM5: funds and dues of many accounts at once, from its own database."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from isp_addons.billing.base import Funds
from isp_addons.billing.utm5 import tables as t
from isp_addons.billing.utm5.connection import open_engine, read_url, sentences, shown
from isp_addons.billing.utm5.periods import in_lists
from isp_addons.billing.utm5.snapshot import Snapshot

_REF = re.compile(r"[1-9][0-9]{0,9}")
_GREATEST_ID = 2**31 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Utm5Reader:
    """UTM5's database as a `BillingReader`; account refs are ``accounts.id``. Selects only, and never from ``users``.

    *url*: a SQLAlchemy address of MySQL, MariaDB, PostgreSQL (or SQLite, for copies). *currency*: ISO 4217, of all its money.
    Every method raises `ConfigProblem` where waiting does not help and `TryAgain` where it may. Safe to use from many threads.
    """

    def __init__(self, url: str, *, currency: str) -> None:
        self._url = read_url(url)
        self._currency = currency
        self._engine = open_engine(self._url)

    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> Iterator[Funds]:
        """The live accounts among *refs*, or all when None, by number; what is no account's number is left out.

        *at* (aware) is the now of services that are charged in a flow. All that one call yields is one snapshot of the
        database, and a bounded part of it is in memory; a connection is held until the iterator ends or is closed.
        """
        now = (at - _EPOCH) // timedelta(seconds=1)
        with sentences(self._url), self._engine.connect() as connection:
            schema = t.read_schema(connection, shown=shown(self._url))
            snapshot = Snapshot(connection, schema, currency=self._currency, now=now)
            yield from snapshot.all() if refs is None else snapshot.some(_ids(refs))

    def never_existed(self, refs: Sequence[str]) -> list[str]:
        """See `BillingReader.never_existed`: an account that was deleted did exist."""
        found: set[str] = set()
        with sentences(self._url), self._engine.connect() as connection:
            for few in in_lists(_ids(refs)):
                part = select(t.accounts.c.id).where(t.accounts.c.id.in_(few))
                found.update(str(each) for each in connection.scalars(part))
        return [ref for ref in refs if ref not in found]

    def check(self) -> tuple[str, ...]:
        """See `BillingReader.check`: the address, the generation of the schema, and how much there is to read."""
        with sentences(self._url), self._engine.connect() as connection:
            schema = t.read_schema(connection, shown=shown(self._url))
            accounts = connection.scalar(select(func.count()).select_from(t.accounts).where(t.unset(t.accounts.c.is_deleted)))
            links = connection.scalar(
                select(func.count()).select_from(t.service_links).where(t.unset(t.service_links.c.is_deleted))
            )
            periods = connection.scalar(select(func.count()).select_from(t.periods).where(t.unset(t.periods.c.is_expired)))
        factor = "with" if schema.has_coefficient else "without"
        return (
            f"The database {shown(self._url)} answers and has every table and column of UTM5 that is read.",
            f"Its schema is of the {schema.generation} generation (accounts.{schema.blocked.key}), {factor} cost factors.",
            f"It has {accounts} accounts, {links} service links and {periods} current accounting periods.",
        )

    def close(self) -> None:
        """Let go of the connections; the next call would open new ones."""
        self._engine.dispose()


def _ids(refs: Sequence[str]) -> list[int]:
    numbers = {int(ref) for ref in refs if _REF.fullmatch(ref)}
    return sorted(number for number in numbers if number <= _GREATEST_ID)
