"""The mail server: one connection for many messages, and what its answers mean."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of plain text. ``id``: ours; the same message sent twice has the same, so that the reader's program sees it."""

    id: str
    to: str
    subject: str
    body: str
    at: datetime


class NotSent(Exception):
    """The server did not take a message. ``final``: it never will; ``said``: its own words."""

    def __init__(self, said: str, *, final: bool) -> None:
        super().__init__(said)
        self.said = said
        self.final = final


class ServerLost(Exception):
    """The server cannot be used now: the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """An SMTP server. ``security``: starttls, tls or off; *password* is asked for only when it is needed.

    ``ca_file`` None: the certificates that the system trusts. Every step is given up after ``timeout`` seconds.
    """

    host: str
    port: int
    security: str
    sender: str
    timeout: float
    ca_file: Path | None = None
    login: str | None = None
    password: Callable[[], str] = str

    @contextmanager
    def connected(self) -> Iterator["Connection"]:
        """A connection that is ready to send. Raises `ServerLost`, `ConfigProblem` (the password cannot be read)."""
        password = self.password() if self.login else ""
        try:
            smtp = self._open()
            try:
                if self.security == "starttls":
                    smtp.starttls(context=self._tls())
                if self.login:
                    smtp.login(self.login, password)
            except BaseException:
                smtp.close()
                raise
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise ServerLost(f"{self.host}:{self.port}: {_said(error)}") from error
        try:
            yield Connection(smtp, self.sender)
        finally:
            _leave(smtp)

    def check(self) -> str:
        """Prove that the server takes us. Raises `ServerLost`, `ConfigProblem`."""
        with self.connected():
            return f"{self.host}:{self.port} lets us in"

    def _open(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self._tls())
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that was greeted."""

    smtp: smtplib.SMTP
    sender: str

    def send(self, message: Message) -> None:
        """Hand one message over. Raises `NotSent`, and `ServerLost` when the connection is of no use any more."""
        try:
            self.smtp.send_message(_written(message, self.sender))
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise NotSent(
                _plain(f"{code} {said!r}" if not isinstance(said, bytes) else f"{code} {_text(said)}"), final=code >= 500
            ) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise NotSent(_said(error), final=error.smtp_code >= 500) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ServerLost(_said(error)) from error
        except ValueError as error:  # it cannot be written down as a mail at all: the others go on
            raise NotSent(_said(error), final=True) from error


def _written(message: Message, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = message.to
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    return mail


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye; what was handed over stays so, whatever becomes of the connection now."""
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _plain(f"{error.smtp_code} {_text(said) if isinstance(said, bytes) else said}")
    return _plain(str(error) or type(error).__name__)


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:_LONGEST]
