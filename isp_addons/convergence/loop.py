"""Runs the delivery of all vendors side by side: once, or for ever."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, select

from isp_addons.clock import Clock
from isp_addons.convergence.delivery import Delivery, Tally
from isp_addons.convergence.vendor_state import Limits
from isp_addons.host import Host, Vendor
from isp_addons.store import leases, liveness
from isp_addons.store.engine import Store
from isp_addons.store.tables import Licence

WATCH_SECONDS = 1.0
"""How long the loop rests when nothing is due: an event becomes a vendor call within about this time."""


Progress = Callable[[str, Tally], None]
"""Told after each batch: the vendor's name and its tally so far."""


def _silent(_vendor: str, _tally: Tally) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """What it takes to bring every usable vendor in line with what is wanted."""

    store: Store
    host: Host
    clock: Clock
    limits: Mapping[str, Limits]

    def due(self) -> dict[str, int]:
        """How many licences of each usable vendor have a next step now."""
        names = [vendor.name for vendor in self.host.usable()]
        with self.store.read() as session:
            rows = session.execute(
                select(Licence.vendor, func.count())
                .where(leases.due(self.clock.now()), Licence.vendor.in_(names))
                .group_by(Licence.vendor)
            )
            return dict(rows.all())

    def once(self, *, stop: threading.Event | None = None, progress: Progress = _silent) -> dict[str, Tally]:
        """Deliver everything that is due, every vendor in a thread of its own; one vendor's trouble is its own."""
        with self._present() as (worker_id, pools):
            return self._side_by_side(worker_id, pools, stop or threading.Event(), progress)

    def watch(self, *, stop: threading.Event, progress: Progress = _silent) -> None:
        """Deliver until *stop* is set; calls in flight are waited for, what is leased but not called is given back."""
        with self._present() as (worker_id, pools):
            while not stop.is_set():
                self._side_by_side(worker_id, pools, stop, progress)
                stop.wait(WATCH_SECONDS)

    @contextmanager
    def _present(self) -> Iterator[tuple[str, dict[str, ThreadPoolExecutor]]]:
        """A worker id that proves to be alive, and one pool of threads for each vendor, so that its sessions are reused."""
        presence = liveness.Presence(self.store)
        pools: dict[str, ThreadPoolExecutor] = {}
        try:
            yield presence.worker_id, pools
        finally:
            for pool in pools.values():
                pool.shutdown()
            presence.close()

    def _side_by_side(
        self, worker_id: str, pools: dict[str, ThreadPoolExecutor], stop: threading.Event, progress: Progress
    ) -> dict[str, Tally]:
        self._take_over(worker_id)
        waiting = self.due()
        busy = [vendor for vendor in self.host.usable() if waiting.get(vendor.name)]
        if not busy:
            return {}
        for vendor in busy:
            if vendor.name not in pools:
                pools[vendor.name] = ThreadPoolExecutor(self._limits(vendor).concurrency, thread_name_prefix=vendor.name)

        def deliver(vendor: Vendor) -> Tally:
            delivery = Delivery(
                self.store,
                vendor,
                limits=self._limits(vendor),
                clock=self.clock,
                worker_id=worker_id,
                stop=stop,
                progress=lambda tally: progress(vendor.name, tally),
            )
            return delivery.run(pools[vendor.name])

        with ThreadPoolExecutor(len(busy), thread_name_prefix="deliver") as side:
            futures = {vendor.name: side.submit(deliver, vendor) for vendor in busy}
        return {name: future.result() for name, future in futures.items()}

    def _limits(self, vendor: Vendor) -> Limits:
        return self.limits.get(vendor.name, Limits())

    def _take_over(self, worker_id: str) -> None:
        """Free the leases of workers that died; what they were calling about is read before anything is repeated."""
        with self.store.read() as session:
            holders = [owner for owner in leases.owners(session) if owner != worker_id]
        if holders:
            gone = liveness.dead(self.store, holders)
            with self.store.write() as session:
                leases.take_over(session, dead=gone, now=self.clock.now())
