"""Delivers one vendor's due licences: leases in batches, calls in threads, answers in batches."""

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import insert

from isp_addons.clock import Clock, real_milliseconds
from isp_addons.convergence import vendor_state
from isp_addons.convergence.answers import Answer, as_row
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.licence import next_step
from isp_addons.domain.retry import FailureKind
from isp_addons.host import Vendor
from isp_addons.store import leases
from isp_addons.store.engine import Store
from isp_addons.store.leases import Leased
from isp_addons.store.tables import Audit
from isp_addons.vendor_api import LicenceView, VendorError

LEASE = timedelta(minutes=10)
"""Longer than any batch can take: a worker that dies is known by its lock, not by this."""

_BATCHES_AHEAD = 6
_FLUSH_SECONDS = 0.25
_MOST_ROUNDS = 8
"""How often one run calls about the same licence: a vendor that never agrees is left for the next run."""


@dataclass(slots=True)
class Tally:
    """What a run did so far."""

    done: int = 0
    failed: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    paused: bool = False


class Delivery:
    """One vendor's calls in one worker; `run` returns when nothing is due any more, the vendor is paused, or *stop* is set."""

    def __init__(
        self,
        store: Store,
        vendor: Vendor,
        *,
        limits: Limits,
        clock: Clock,
        worker_id: str,
        stop: threading.Event,
        progress: Callable[[Tally], None] = lambda _tally: None,
    ) -> None:
        self._store = store
        self._vendor = vendor
        self._limits = limits
        self._clock = clock
        self._worker_id = worker_id
        self._stop = stop
        self._progress = progress
        self._finished: queue.SimpleQueue[Answer | Leased] = queue.SimpleQueue()
        self._halt = threading.Event()
        self._rounds: Counter[int] = Counter()
        self._in_flight = 0
        self.tally = Tally()

    def run(self, pool: Executor) -> Tally:
        """Deliver what is due in the threads of *pool*. Leases that were not used are given back, whatever happens."""
        try:
            self._deliver(pool)
        finally:
            self._halt.set()
            self._drain(wait_for_all=True)
        return self.tally

    def _deliver(self, pool: Executor) -> None:
        more = True
        while (more or self._in_flight) and not self._stop.is_set():
            if more and self._in_flight <= self._limits.concurrency * 2:
                more = self._take(pool)
            if self._in_flight:
                self._drain(wait_for_all=False)
                more = not self.tally.paused

    def _take(self, pool: Executor) -> bool:
        """Lease a batch and hand it to the threads; False when nothing was to be had."""
        now = self._clock.now()
        with self._store.write() as session:
            grant = vendor_state.grant(
                session,
                self._vendor.name,
                limits=self._limits,
                want=self._limits.concurrency * _BATCHES_AHEAD,
                now=now,
                real_ms=real_milliseconds(),
            )
            batch = (
                leases.take(
                    session, vendor=self._vendor.name, worker_id=self._worker_id, now=now, lease=LEASE, limit=grant.calls
                )
                if grant.calls
                else []
            )
        for number, licence in enumerate(batch):
            self._in_flight += 1
            pool.submit(self._call, licence, grant.first_ms + number * grant.distance_ms)
        return bool(batch)

    def _call(self, licence: Leased, not_before_ms: float) -> None:
        """In a thread: wait for the slot, make the call, hand the answer back. The lease itself when no call was made."""
        wait = (not_before_ms - real_milliseconds()) / 1000 if not_before_ms else 0
        if wait > 0:
            self._halt.wait(wait)
        now = self._clock.now()
        step = next_step(licence.both, now=now)
        if self._halt.is_set() or step is None or self._rounds[licence.id] >= _MOST_ROUNDS:
            self._finished.put(licence)
            return
        try:
            result = self._vendor.do(step, view(licence), old_quantity=licence.both.seen.quantity)
        except VendorError as error:
            self._finished.put(Answer(licence, step, error, now))
            return
        self._finished.put(Answer(licence, step, result, now))

    def _drain(self, *, wait_for_all: bool) -> None:
        """Collect what the threads finished, for a short while or to the last, and write it in one transaction."""
        answers: list[Answer] = []
        unused: list[int] = []
        deadline = time.monotonic() + _FLUSH_SECONDS
        while self._in_flight and (wait_for_all or time.monotonic() < deadline):
            try:
                item = self._finished.get(timeout=1.0 if wait_for_all else max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                continue
            self._in_flight -= 1
            if isinstance(item, Answer):
                answers.append(item)
                self._rounds[item.licence.id] += 1
            else:
                unused.append(item.id)
            if not wait_for_all and self._in_flight <= self._limits.concurrency and len(answers) >= self._limits.concurrency:
                break
        if answers or unused:
            self._write(answers, unused)

    def _write(self, answers: Sequence[Answer], unused: Sequence[int]) -> None:
        rows = [as_row(answer, jitter=random.random()) for answer in answers]  # noqa: S311 - spreads retries, guards nothing
        with self._store.write() as session:
            leases.write_answers(session, worker_id=self._worker_id, answers=rows)
            if unused:
                leases.give_back(session, worker_id=self._worker_id, ids=unused)
            changes = [row for answer in answers if (row := _audit_row(answer, self._vendor.name))]
            if changes:
                session.execute(insert(Audit), changes)
            paused = vendor_state.learn(
                session,
                self._vendor.name,
                limits=self._limits,
                results=[answer.failure for answer in answers],
                now=self._clock.now(),
            )
        self._count(answers)
        self.tally.paused = paused
        if paused:
            self._halt.set()
        self._progress(self.tally)

    def _count(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self.tally.steps[answer.step.value] += 1
            if answer.failure is None:
                self.tally.done += 1
            else:
                self.tally.failed += 1


def view(licence: Leased) -> LicenceView:
    """What a plugin is shown of a licence."""
    wanted = licence.both.wanted
    return LicenceView(
        key=licence.key,
        reference=licence.reference,
        account=licence.account,
        product=licence.product,
        options={name: str(value) for name, value in licence.options.items()},
        quantity=wanted.quantity,
        paid_until=wanted.paid_until,
        suspend_from=licence.suspend_from,
    )


def _audit_row(answer: Answer, vendor: str) -> dict[str, object] | None:
    before, after = answer.licence.both.seen.state, answer.seen_after
    gave_up = answer.failure is not None and answer.failure.kind in (FailureKind.REJECTED, FailureKind.UNSUPPORTED)
    if before is after and not gave_up:
        return None
    return {
        "at": answer.at,
        "actor": vendor,
        "source": "vendor",
        "subject": "licence",
        "subject_id": answer.licence.id,
        "field": "given_up" if gave_up else "seen_state",
        "before": before.value,
        "after": after.value,
        "why": (str(answer.failure) if answer.failure else f"{answer.step.value} was confirmed")[:300],
    }
