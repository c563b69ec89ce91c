"""What happens because time passes: periods that end and begin, terms that run out, holds that expire, reminders."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.problem import Problem, Refused, TryAgain
from isp_addons.services import (
    auto_renewal,
    bank_transfer,
    cancel,
    card_payment,
    card_refunds,
    card_renewal,
    deletion,
    hold,
    period_begin,
    period_end,
    project_key_end,
    project_key_notices,
    refund,
    reminder,
    seat_reminder,
    sign_in,
    term_end,
    trial_end,
)
from isp_addons.services.context import Context

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Timetable:
    """Runs what is due. *lead*: how long before a period ends its forecast is made; *every*: how often it looks."""

    context: Context
    lead: timedelta
    every: timedelta = timedelta(minutes=1)
    _next: datetime | None = None

    def run(self, now: datetime) -> bool:
        """Do everything that is due at *now*, if it is time to look again. Every part may run any number of times."""
        if self._next is not None and now < self._next:
            return False
        self._next = now + self.every
        self._part("terms that ran out", lambda: cancel.finish(self.context, self._cause(now, "the paid time is over")))
        self._part("saved cards", lambda: card_renewal.run(self.context, self._cause(now, "the paid time ends soon")))
        self._part("periods that begin", lambda: period_begin.apply(self.context, self._cause(now, "a period began")))
        self._part("trials that are over", lambda: trial_end.apply(self.context, self._cause(now, "the trial is over")))
        self._part("terms that go on", lambda: auto_renewal.apply(self.context, self._cause(now, "the term renews itself")))
        self._part("project keys", lambda: project_key_end.finish(self.context, self._cause(now, "the project key ended")))
        self._part("terms that are over", lambda: term_end.apply(self.context, self._cause(now, "the term is over")))
        self._part("periods that end", lambda: self._forecast(now))
        self._part("holds that expire", lambda: hold.expire(self.context, self._cause(now, "the hold's time is over")))
        self._part(
            "key notices", lambda: project_key_notices.notify(self.context, self._cause(now, "the project key ends soon"))
        )
        self._part("seats", lambda: seat_reminder.apply(self.context, self._cause(now, "users have no seat yet")))
        self._part("reminders", lambda: reminder.due(self.context, self._cause(now, "the term ends soon")))
        self._part("bank transfers", lambda: bank_transfer.run(self.context, self._cause(now, "a bank transfer is awaited")))
        self._part("purchases", lambda: card_payment.settle(self.context, self._cause(now, "a purchase is settled")))
        self._part("refunds to cards", lambda: card_refunds.deliver(self.context, self._cause(now, "a refund is due")))
        self._part("customers to delete", lambda: deletion.run(self.context, self._cause(now, "it was asked for")))
        self._part("old logins", lambda: sign_in.forget_old(self.context, self._cause(now, "their time is over")))
        self.after_calls(now)
        return True

    def after_calls(self, now: datetime) -> None:
        """What follows from the vendors' answers: who was refused what he paid for gets his money back."""
        self._part("refused orders", lambda: refund.reverse_refused(self.context, self._cause(now, "the vendor refused it")))

    def _forecast(self, now: datetime) -> object:
        cause = self._cause(now, "the next period cannot be paid")
        return period_end.apply(self.context, cause, until=now + self.lead)

    def _part(self, name: str, do: Callable[[], object]) -> None:
        """One part; when it must stop (the brake), wait (a busy database) or cannot go on, the others still run."""
        try:
            done = do()
        except (Refused, TryAgain) as problem:
            log.warning("timetable: %s: %s", name, problem.message)
        except Problem as problem:
            log.error("timetable: %s: %s", name, problem.message)
        else:
            if done:
                log.info("timetable: %s: %s", name, done)

    def _cause(self, now: datetime, why: str) -> Cause:
        return Cause(actor="timetable", source=Source.TIMETABLE, at=now, why=why)
