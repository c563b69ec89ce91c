"""The worker: takes events in, keeps the timetable and makes the vendors agree, side by side in one process."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isp_addons.clock import Clock
from isp_addons.convergence.loop import Convergence
from isp_addons.convergence.task_list import TaskList
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.problem import Problem, TryAgain
from isp_addons.services.context import Context
from isp_addons.workers.ingest import Ingested, ingest_all
from isp_addons.workers.mail_out import MailOut
from isp_addons.workers.timetable import Timetable
from isp_addons.workers.user_sync import UserSync

log = logging.getLogger(__name__)

REST_SECONDS = 0.5
"""How long the spool is left alone between two looks."""

LONG_REST_SECONDS = 30.0
"""The same when something must be put right by a person first."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One process that runs the loops."""

    context: Context
    convergence: Convergence
    timetable: Timetable
    spool: Path
    clock: Clock
    tasks: TaskList
    mail: MailOut | None = None

    def once(self) -> Ingested:
        """One pass of everything, for cron instead of a daemon."""
        result = self._ingest()
        self.timetable.run(self.clock.now())
        self._tell_overdue(0)
        UserSync(self.context, self.convergence).run(self.clock.now())
        if self.mail is not None:
            self.mail.look(self.clock.now())
        self.convergence.once()
        self.timetable.after_calls(self.clock.now())
        return result

    def run(self, stop: threading.Event) -> None:
        """Go on until *stop* is set. When one loop cannot go on, all stop, so that a supervisor starts the process anew."""
        failures: list[BaseException] = []
        loops: dict[str, Callable[[], None]] = {
            "vendors": lambda: self.convergence.watch(stop=stop),
            "timetable": lambda: self._keep_time(stop),
            "users": lambda: UserSync(self.context, self.convergence).watch(self.clock, stop=stop),
        }
        if self.mail is not None:
            mail = self.mail
            loops["mail"] = lambda: mail.watch(self.clock, stop=stop)
        threads = [threading.Thread(target=_guarded, args=(loop, stop, failures), name=n) for n, loop in loops.items()]
        for thread in threads:
            thread.start()
        _guarded(lambda: self._take_events(stop), stop, failures)
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _take_events(self, stop: threading.Event) -> None:
        """What cannot be taken in now stays in the spool: the vendors and the timetable go on meanwhile."""
        while not stop.is_set():
            rest = REST_SECONDS
            try:
                self._ingest(stop)
            except TryAgain as problem:
                log.warning("events wait: %s", problem.message)
            except Problem as problem:
                log.error("events wait: %s", problem.message)
                rest = LONG_REST_SECONDS
            stop.wait(rest)

    def _keep_time(self, stop: threading.Event) -> None:
        told = 0
        while not stop.is_set():
            if self.timetable.run(self.clock.now()):
                told = self._tell_overdue(told)
            stop.wait(1.0)

    def _tell_overdue(self, told: int) -> int:
        """Log how many operator tasks are overdue, whenever it is not *told* already; returns how many are."""
        try:
            count, since = self.tasks.overdue(now=self.clock.now())
        except TryAgain:
            return told
        if count != told and since is not None:
            log.warning(
                "%s operator tasks are overdue, the oldest since %s; see: isp-addons tasks list --overdue", count, since
            )
        return count

    def _ingest(self, stop: threading.Event | None = None) -> Ingested:
        cause = Cause(actor="worker", source=Source.HOOK, at=self.clock.now(), why="the billing said so")
        result = ingest_all(self.context, self.spool, cause, stop=stop)
        for reason in result.reasons:
            log.warning("spool: %s", reason)
        return result


def _guarded(loop: Callable[[], None], stop: threading.Event, failures: list[BaseException]) -> None:
    try:
        loop()
    except BaseException as error:
        failures.append(error)
        log.exception("a loop of the worker cannot go on")
    finally:
        stop.set()
