"""The vendor calls that would be made now, without making them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from isp_addons.domain.licence import next_step
from isp_addons.store import leases
from isp_addons.store.engine import Store
from isp_addons.store.tables import Licence


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """One call that is due."""

    vendor: str
    step: str
    account: str
    product: str
    licence: str
    seen: str
    wanted: str
    tries: int


def plan(store: Store, *, now: datetime, vendors: Collection[str] | None = None, limit: int = 100_000) -> Iterator[PlannedCall]:
    """Every licence with a next step at *now*, in the order of the calls; of *vendors* alone, if they are named."""
    query = leases.details(leases.due(now)).order_by(Licence.vendor, Licence.wanted_state, Licence.next_try_at, Licence.id)
    if vendors is not None:
        query = query.where(Licence.vendor.in_(vendors))
    with store.read() as session:
        for row in session.execute(query.limit(limit).execution_options(yield_per=1000)):
            licence = leases.leased(row)
            step = next_step(licence.both, now=now)
            if step is not None:
                yield PlannedCall(
                    vendor=licence.vendor,
                    step=step.value,
                    account=licence.account,
                    product=licence.product,
                    licence=licence.key,
                    seen=licence.both.seen.state.value,
                    wanted=licence.both.wanted.state.value,
                    tries=licence.tries,
                )
