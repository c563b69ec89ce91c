"""Sends the mail that waits. Each message is taken by one worker, sent outside any transaction, and noted at once."""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from isp_addons.clock import Clock
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.problem import Problem
from isp_addons.store import audit
from isp_addons.store.engine import Store
from isp_addons.store.tables import Mail
from isp_addons.workers.smtp import Connection, MailServer, Message, NotSent, ServerLost

log = logging.getLogger(__name__)

MOST_TRIES = 30
"""After so many tries, more than a day, a message is given up."""

_AT_ONCE = 50
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)
_UNDER_WAY = timedelta(minutes=10)
"""How long nobody else takes a message; a worker that dies meanwhile is succeeded then."""

_LOOK_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class Sent:
    """What came of a run: messages sent, to be tried again, and given up; ``said``: what the server said last of a failure."""

    sent: int = 0
    waiting: int = 0
    given_up: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class MailOut:
    """Empties the outbox through one mail server."""

    store: Store
    server: MailServer

    def watch(self, clock: Clock, *, stop: threading.Event) -> None:
        """Look every few seconds until *stop* is set. A problem is told and waits for the next look."""
        while not stop.is_set():
            self.look(clock.now())
            stop.wait(_LOOK_SECONDS)

    def look(self, now: datetime) -> None:
        """Send what is due, and log what cannot be sent."""
        try:
            done = self.run(now)
        except Problem as problem:
            log.error("mail waits: %s", problem.message)
            return
        if done.waiting or done.given_up:
            log.warning("mail: %s wait, %s were given up; the server said: %s", done.waiting, done.given_up, done.said)

    def run(self, now: datetime) -> Sent:
        """Send everything that is due at *now*. Raises `ConfigProblem` when the server's password cannot be read."""
        done = Sent()
        while batch := self._take(now):
            try:
                with self.server.connected() as connection:
                    while batch:
                        self._send(connection, batch[0], now, done)
                        batch.pop(0)
            except ServerLost as lost:
                for mail in batch:
                    self._failed(mail, now, NotSent(str(lost), final=False), done)
                return done
        return done

    def _take(self, now: datetime) -> list[Mail]:
        waits = (Mail.next_try_at <= now, Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
        with self.store.read() as session:
            if session.scalar(select(Mail.id).where(*waits).limit(1)) is None:
                return []
        due = select(Mail).where(*waits).order_by(Mail.next_try_at, Mail.id).limit(_AT_ONCE)
        with self.store.write() as session:
            taken = list(session.scalars(due.with_for_update(skip_locked=True)))
            for mail in taken:
                mail.next_try_at = now + _UNDER_WAY
            return taken

    def _send(self, connection: Connection, mail: Mail, now: datetime, done: Sent) -> None:
        message = Message(
            id=f"{mail.key.replace(':', '-')}-{mail.created_at:%Y%m%d%H%M%S}",
            to=mail.recipient,
            subject=mail.subject,
            body=mail.body,
            at=mail.created_at,
        )
        try:
            connection.send(message)
        except NotSent as failure:
            self._failed(mail, now, failure, done)
            return
        self._note(mail, now, "sent", sent_at=now, failure="", body="")
        done.sent += 1

    def _failed(self, mail: Mail, now: datetime, failure: NotSent, done: Sent) -> None:
        done.said = failure.said
        tries = mail.tries + 1
        if failure.final or tries >= MOST_TRIES:
            self._note(mail, now, "given_up", given_up_at=now, failure=failure.said, body="")
            done.given_up += 1
            return
        wait = min(_FIRST * 2 ** (tries - 1), _LONGEST)
        with self.store.write() as session:
            session.execute(
                update(Mail).where(Mail.id == mail.id).values(tries=tries, next_try_at=now + wait, failure=failure.said)
            )
        done.waiting += 1

    def _note(self, mail: Mail, now: datetime, state: str, **values: object) -> None:
        """How a message ended. Its text goes: it may hold a link that lets somebody in."""
        cause = Cause(actor="mail", source=Source.TIMETABLE, at=now, why=str(values["failure"]) or "the mail server took it")
        with self.store.write() as session:
            session.execute(update(Mail).where(Mail.id == mail.id).values(tries=mail.tries + 1, **values))
            audit.record(session, cause, subject="mail", subject_id=mail.id, field="state", before="waiting", after=state)
