"""Which instance of an accounting period is the current one."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row

from isp_addons.billing.utm5 import queries
from isp_addons.billing.utm5 import tables as t
from isp_addons.billing.utm5.dues import Period
from isp_addons.domain.problem import ConfigProblem

LONGEST_LIST = 500  # ids in one IN list


def in_lists(ids: Iterable[int]) -> Iterator[list[int]]:
    """*ids* in lists short enough for one statement."""
    rest = iter(ids)
    while some := list(islice(rest, LONGEST_LIST)):
        yield some


class Periods:
    """The current instance of every period that was asked for, as one snapshot has them.

    At rollover UTM5 makes a new row with the same ``static_id``, marks the old one ``is_expired`` and moves the links, so a
    link may still name an old row.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._current: dict[int, Period] = {}
        self._last: Period | None = None

    def load(self, ids: Iterable[int]) -> None:
        """Look up those of *ids* that are not known yet."""
        unknown = sorted({each for each in ids if each not in self._current})
        expired: list[Row[Any]] = []
        for row in self._rows(t.periods.c.id, unknown):
            self._current[row.id] = Period(row.start_date, row.end_date)
            if row.is_expired and row.static_id:
                expired.append(row)
        newest = {
            row.static_id: Period(row.start_date, row.end_date)
            for row in self._rows(t.periods.c.static_id, sorted({row.static_id for row in expired}))
            if not row.is_expired
        }
        for row in expired:
            self._current[row.id] = newest.get(row.static_id, self._current[row.id])

    def current(self, period_id: int | None, *, otherwise: Period | None = None) -> Period:
        """The current instance of a loaded period; without such a row *otherwise*, or the latest period there is."""
        found = self._current.get(period_id) if period_id is not None else None
        return found or otherwise or self._latest()

    def _latest(self) -> Period:
        if self._last is None:
            row = self._connection.execute(queries.latest_period()).first()
            if row is None:
                raise ConfigProblem(
                    "UTM5's table discount_periods is empty; create an accounting period in UTM5 first.", code="utm5_periods"
                )
            self._last = Period(row.start_date, row.end_date)
        return self._last

    def _rows(self, column: ColumnElement[Any], ids: list[int]) -> Iterator[Row[Any]]:
        for some in in_lists(ids):
            yield from self._connection.execute(queries.periods(column.in_(some)))
