"""Runs the delivery of all vendors side by side: once, or for ever."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from sqlalchemy import func, select

from isp_addons.clock import Clock
from isp_addons.convergence import vendor_state
from isp_addons.convergence.delivery import Delivery
from isp_addons.convergence.tally import Tally
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.problem import TryAgain
from isp_addons.host import Host, Vendor
from isp_addons.store import leases, liveness
from isp_addons.store.engine import Store
from isp_addons.store.tables import Licence

log = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
"""How often the loop looks for what is due and for workers that died: an event becomes a vendor call within about this time."""

_AWAY_SECONDS = 5.0
"""The same while the database is busy or away."""

_REST_SECONDS = 30.0
"""How long a vendor is left alone whose delivery itself broke off."""


Progress = Callable[[str, Tally], None]
"""Told after each batch: the vendor's name and its tally so far."""


def _silent(_vendor: str, _tally: Tally) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """What it takes to bring every usable vendor in line with what is wanted. ``task_due``: how long people have for a task."""

    store: Store
    host: Host
    clock: Clock
    limits: Mapping[str, Limits]
    task_due: timedelta = timedelta(days=1)

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
        """Deliver everything that is due, every vendor in a thread of its own; one vendor's trouble is its own.

        Raises what broke a delivery off, after all others have finished.
        """
        self.take_over()
        with _Deliveries(self, stop or threading.Event(), progress) as deliveries:
            for vendor in self.callable_now():
                deliveries.start(vendor)
            while deliveries.busy():
                self._take_over_if_possible()
        if deliveries.broke_off is not None:
            raise deliveries.broke_off
        return deliveries.tallies

    def watch(self, *, stop: threading.Event, progress: Progress = _silent) -> None:
        """Deliver until *stop* is set; calls in flight are waited for, what is leased but not called is given back.

        No vendor waits for another one, and a database that is busy or away for a while is waited for.
        """
        with _Deliveries(self, stop, progress) as deliveries:
            while not stop.is_set():
                rest = WATCH_SECONDS
                try:
                    self.take_over()
                    for vendor in self.callable_now():
                        deliveries.start(vendor)
                except TryAgain as problem:
                    log.warning("the vendors wait: %s", problem.message)
                    rest = _AWAY_SECONDS
                deliveries.reap()
                stop.wait(rest)

    def callable_now(self) -> list[Vendor]:
        """The usable vendors that have something due and are not paused."""
        now = self.clock.now()
        with self.store.read() as session:
            paused = vendor_state.paused(session, now)
            return [
                vendor
                for vendor in self.host.usable()
                if vendor.name not in paused and leases.any_due(session, vendor=vendor.name, now=now)
            ]

    def take_over(self) -> int:
        """Free the leases of workers that died; what they were calling about is read before anything is repeated."""
        with self.store.read() as session:
            holders = leases.owners(session)
        gone = liveness.dead(self.store, holders)
        if not gone:
            return 0
        cause = Cause(actor="worker", source=Source.VENDOR, at=self.clock.now(), why=f"its worker died: {', '.join(gone)}")
        with self.store.write() as session:
            count = leases.take_over(session, cause, dead=gone, by_people=self._by_people())
        log.warning("took over %s licences of %s", count, ", ".join(gone))
        return count

    def _by_people(self) -> list[str]:
        """The vendors that cannot be read: people serve them."""
        return [vendor.name for vendor in self.host.usable() if not vendor.reads]

    def delivery(self, vendor: Vendor, *, stop: threading.Event, progress: Progress) -> Delivery:
        """One run of *vendor*, ready to go."""
        return Delivery(
            self.store,
            vendor,
            limits=self.limits.get(vendor.name, Limits()),
            clock=self.clock,
            stop=stop,
            task_due=self.task_due,
            progress=lambda tally: progress(vendor.name, tally),
        )

    def _take_over_if_possible(self) -> None:
        try:
            self.take_over()
        except TryAgain as problem:
            log.warning("cannot look for workers that died: %s", problem.message)


@dataclass(slots=True)
class _Deliveries:
    """At most one delivery for each vendor, side by side, in threads that are kept for their connections."""

    convergence: Convergence
    stop: threading.Event
    progress: Progress
    tallies: dict[str, Tally] = field(default_factory=dict)
    broke_off: BaseException | None = None
    _pools: dict[str, ThreadPoolExecutor] = field(default_factory=dict)
    _running: dict[str, Future[Tally]] = field(default_factory=dict)
    _rest_until: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self.stop.set()
        wait(self._running.values())
        self.reap()
        for pool in self._pools.values():
            pool.shutdown()

    def start(self, vendor: Vendor) -> None:
        """Deliver what is due at *vendor*, unless a delivery is under way or has just broken off."""
        name = vendor.name
        if name in self._running or time.monotonic() < self._rest_until.get(name, 0.0):
            return
        if name not in self._pools:
            width = self.convergence.limits.get(name, Limits()).concurrency
            self._pools[name] = ThreadPoolExecutor(width + 1, thread_name_prefix=name)
        pool = self._pools[name]
        delivery = self.convergence.delivery(vendor, stop=self.stop, progress=self.progress)
        self._running[name] = pool.submit(delivery.run, pool)

    def busy(self) -> bool:
        """Whether anything is under way after waiting a while for it."""
        wait(self._running.values(), timeout=WATCH_SECONDS)
        self.reap()
        return bool(self._running)

    def reap(self) -> None:
        """Note what has ended, and how."""
        for name, future in list(self._running.items()):
            if not future.done():
                continue
            del self._running[name]
            error = future.exception()
            if error is None:
                self.tallies[name] = future.result()
                continue
            self.broke_off = self.broke_off or error
            self._rest_until[name] = time.monotonic() + _REST_SECONDS
            known = isinstance(error, TryAgain)
            log.error("the delivery of vendor %s broke off: %s", name, error, exc_info=None if known else error)
