"""Delivers one vendor's due licences: leases in batches, calls in threads, answers in batches."""

import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import timedelta

from sqlalchemy.orm import Session

from isp_addons.clock import Clock, real_milliseconds
from isp_addons.convergence import vendor_state
from isp_addons.convergence.answers import Answer, as_row, audit_rows, task_row
from isp_addons.convergence.tally import Tally
from isp_addons.convergence.vendor_state import Grant, Limits
from isp_addons.domain.licence import Step, next_step
from isp_addons.domain.problem import TryAgain
from isp_addons.domain.retry import FailureKind
from isp_addons.domain.split import as_dict
from isp_addons.store import codes, leases, shown, tasks
from isp_addons.store.engine import Store
from isp_addons.store.leases import Leased
from isp_addons.store.liveness import Presence, PresenceLost
from isp_addons.store.tables import VendorState
from isp_addons.vendor import PluginFault, Vendor
from isp_addons.vendor_api import Done, LicenceView, Outcome, SeenLicence, VendorError

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 0.25
"""No answer waits longer than this to be written."""

_AHEAD_SECONDS = 0.3
"""How much work is leased ahead at the pace so far: enough to keep every thread busy, and a changed want is seen soon."""

_BUSY_SECONDS = 0.5
_LOCKED_SECONDS = 0.05
_PATIENCE_SECONDS = 60.0
"""How long a database that cannot be written is borne with. Then the leases are left to be taken over, and read again."""


class Delivery:
    """One run of one vendor's calls; it ends when nothing is due any more, the vendor is paused, or *stop* is set."""

    def __init__(
        self,
        store: Store,
        vendor: Vendor,
        *,
        limits: Limits,
        clock: Clock,
        stop: threading.Event,
        task_due: timedelta,
        progress: Callable[[Tally], None] = lambda _tally: None,
    ) -> None:
        self.tally = Tally()
        self._task_due = task_due
        self._store = store
        self._vendor = vendor
        self._limits = limits
        self._clock = clock
        self._stop = stop
        self._progress = progress
        self._presence = Presence(store)
        self._finished: queue.SimpleQueue[Answer | Leased] = queue.SimpleQueue()
        self._answers: list[Answer] = []
        self._unused: list[Leased] = []
        self._in_flight = 0
        self._halt = threading.Event()
        self._failed_in_a_row = 0
        self._probing = False
        self._more = True
        self._pace = 0.0
        self._written_at = time.monotonic()

    def run(self, pool: Executor) -> Tally:
        """Deliver what is due in the threads of *pool*.

        Whatever happens, calls under way are waited for and their answers written. Raises `TryAgain` when the database cannot
        be written for long; the leases are then taken over by whoever comes next.
        """
        with self._presence:
            try:
                while self._turn(pool):
                    pass
            finally:
                self._halt.set()
                self._settle()
        return self.tally

    def _turn(self, pool: Executor) -> bool:
        """Collect answers, write them and lease more in one transaction, hand that to the threads. False: all is done."""
        self._collect(_FLUSH_SECONDS, refill=self._target() // 3 if self._more else 0)
        halted = self._halt.is_set()
        grant, batch = self._exchange(lease=not halted and not self._stop.is_set())
        self._in_flight += len(batch)
        for number, licence in enumerate(batch):
            pool.submit(self._call, licence, grant.first_ms + number * grant.distance_ms)
        if self._in_flight or self._answers or self._unused:
            return True
        if self._stop.is_set() or self.tally.paused:
            return False
        if halted:
            self._halt.clear()  # everything is back, and what looked like trouble was none
            return True
        return grant.wait > 0 and not self._stop.wait(min(grant.wait, 1.0))

    def _settle(self) -> None:
        """No call outlives its run, and no answer is given up lightly."""
        while self._in_flight:
            self._collect(1.0, refill=0)
        while self._answers or self._unused:
            self._exchange(lease=False)

    def _target(self) -> int:
        """How many licences are to be in flight. Where there is a rate, no more than threads wait for their moment."""
        ahead = 0 if self._limits.rate_per_second is not None else int(self._pace * _AHEAD_SECONDS)
        return self._limits.concurrency + ahead

    def _collect(self, seconds: float, *, refill: int) -> None:
        """Take what the threads finish, for at most *seconds*, or until no more than *refill* are in flight."""
        deadline = time.monotonic() + seconds
        while self._in_flight > refill and (left := deadline - time.monotonic()) > 0:
            try:
                item = self._finished.get(timeout=left)
            except queue.Empty:
                return
            self._in_flight -= 1
            if isinstance(item, Answer):
                self._answers.append(item)
            else:
                self._unused.append(item)

    def _exchange(self, *, lease: bool) -> tuple[Grant, list[Leased]]:
        """One transaction: answers in, new leases out. A busy database is tried again; nothing is lost meanwhile."""
        try:
            self._presence.prove()
            with self._store.write() as session:
                state = vendor_state.of(session, self._vendor.name)
                kept = self._write(session, state)
                grant, batch = self._lease(session, state) if lease else (Grant(0), [])
                is_paused = vendor_state.is_paused(state, self._clock.now())
        except TryAgain as problem:
            if isinstance(problem, PresenceLost) or time.monotonic() - self._written_at > _PATIENCE_SECONDS:
                raise
            log.warning("vendor %s: %s", self._vendor.name, problem.message)
            time.sleep(_BUSY_SECONDS)
            return Grant(0, wait=_BUSY_SECONDS), []
        self._probing = (grant.probe and bool(batch)) or (self._probing and self._in_flight > 0)
        self._more = 0 < grant.calls <= len(batch)
        self._after(kept, is_paused=is_paused and not self._probing)
        return grant, batch

    def _write(self, session: Session, state: VendorState) -> list[Answer]:
        """Write the answers, give unused leases back; returns the answers that must wait for somebody else's transaction."""
        worker_id, answers = self._presence.worker_id, self._answers
        if self._unused:
            leases.give_back(session, worker_id=worker_id, ids=[each.id for each in self._unused])
        if not answers:
            return []
        wanted = leases.standing(session, worker_id=worker_id, ids=[each.licence.id for each in answers])
        missing = [each for each in answers if each.licence.id not in wanted]
        held = leases.held(session, worker_id=worker_id, ids=[each.licence.id for each in missing]) if missing else set()
        rows, audits, asked = [], [], []
        for answer in answers:
            if answer.licence.id not in wanted:
                continue
            now_wanted, suspend_from = wanted[answer.licence.id]
            row = as_row(answer, wanted=now_wanted, suspend_from=suspend_from, jitter=random.random())  # noqa: S311
            rows.append(row)
            audits += audit_rows(answer, row)
            asked.append(task_row(answer, row, due_in=self._task_due))
            if isinstance(answer.result, Done | SeenLicence) and answer.result.show:
                shown.keep(session, licence_id=answer.licence.id, show=answer.result.show)
        leases.write_answers(session, rows, audits)
        tasks.open_all(session, [each for each in asked if each is not None])
        kept = [each for each in missing if each.licence.id in held]
        results = [each.failure for each in answers if each not in kept]
        now = self._clock.now()
        vendor_state.learn(session, state, limits=self._limits, results=results, now=now, probe=self._probing)
        return kept

    def _lease(self, session: Session, state: VendorState) -> tuple[Grant, list[Leased]]:
        now = self._clock.now()
        grant = vendor_state.grant(
            state,
            limits=self._limits,
            want=self._target() - self._in_flight,
            idle=not self._in_flight,
            now=now,
            real_ms=real_milliseconds(),
        )
        if not grant.calls:
            return grant, []
        batch = leases.take(
            session,
            vendor=self._vendor.name,
            worker_id=self._presence.worker_id,
            now=now,
            limit=grant.calls,
            least_tried_first=grant.probe,
        )
        vendor_state.spend(state, grant, len(batch), limits=self._limits, now=now)
        can = self._vendor.capabilities
        batch = leases.with_users(session, batch) if can.has_users or can.invites_users else batch
        return grant, codes.carried(session, batch) if can.issues_codes else batch

    def _after(self, kept: list[Answer], *, is_paused: bool) -> None:
        """What follows from a transaction that was committed."""
        written = [each for each in self._answers if each not in kept]
        self._answers, self._unused = kept, []
        if kept:
            time.sleep(_LOCKED_SECONDS)
        for answer in written:
            self.tally.count(answer)
        passed = time.monotonic() - self._written_at
        self._written_at += passed
        self._pace = (self._pace + len(written) / max(passed, 0.001)) / 2
        self.tally.paused = is_paused
        if is_paused:
            self._halt.set()
        if written:
            self._progress(self.tally)

    def _call(self, licence: Leased, not_before_ms: float) -> None:
        """In a thread: wait for the moment, make the call, hand the answer back. The lease itself when no call was made."""
        if not_before_ms and (wait := (not_before_ms - real_milliseconds()) / 1000) > 0:
            self._halt.wait(wait)
        step = next_step(licence.both, now=self._clock.now())
        if step is None or self._halt.is_set():
            self._finished.put(licence)
            return
        result = self._do(step, licence)
        self._notice(result)
        self._finished.put(Answer(licence, step, result, self._clock.now(), self._vendor.reads))

    def _do(self, step: Step, licence: Leased) -> Outcome | SeenLicence | VendorError:
        try:
            return self._vendor.do(step, view(licence), old_quantity=licence.both.seen.quantity)
        except VendorError as error:
            return error
        except BaseException as error:  # no call may end without an answer: it would be waited for for ever
            log.exception("vendor %s: %s failed for the licence %s", self._vendor.name, step.value, licence.key)
            return PluginFault(f"{type(error).__name__} in {step.value}.")

    def _notice(self, result: Outcome | SeenLicence | VendorError) -> None:
        """Let the queue stand as soon as it looks as if the vendor were down; what that means is decided with the answers."""
        if isinstance(result, PluginFault):
            return
        if not isinstance(result, VendorError):
            self._failed_in_a_row = 0
        elif result.kind in (FailureKind.UNAUTHORISED, FailureKind.RATE_LIMITED):
            self._halt.set()
        elif result.kind in vendor_state.DOWN:
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= self._limits.breaker_failures:
                self._failed_in_a_row = 0
                self._halt.set()


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
        split=as_dict(wanted.split),
        paid_until=wanted.paid_until,
        suspend_from=licence.suspend_from,
        code=licence.code,
        users=licence.users,
    )
