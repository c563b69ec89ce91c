"""A real mail server beside the tests: it keeps what it takes, and refuses what it is told to."""

import email.policy
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailBox:
    """What the server took, and what it says. ``refusals``: to which recipients; ``answer``: to every message."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.answer = "250 taken"
        self.encrypted: list[bool] = []
        self.port = 0

    def to(self, address: str) -> list[EmailMessage]:
        """The messages to one address, the oldest first."""
        return [each for each in self.messages if each["To"] == address]

    def last(self, address: str) -> str:
        """The text of the newest message to *address*."""
        return str(self.to(address)[-1].get_content())

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd's signature
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],  # noqa: ARG002
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - as above
        if self.answer.startswith("250"):
            content: Any = envelope.content
            parsed = BytesParser(policy=email.policy.default).parsebytes(content)
            assert isinstance(parsed, EmailMessage)
            self.messages.append(parsed)
            assert server.transport is not None
            self.encrypted.append(server.transport.get_extra_info("cipher") is not None)
        return self.answer


class _Server(Controller):
    """Listens where the system gives it a place."""

    def __init__(self, box: MailBox, **options: Any) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        super().__init__(box, hostname="127.0.0.1", port=self._listening.getsockname()[1], **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listening, ssl=self.ssl_context)


@contextmanager
def mail_server(
    *,
    tls: ssl.SSLContext | None = None,
    tls_at_once: ssl.SSLContext | None = None,
    login: tuple[str, str] | None = None,
) -> Iterator[MailBox]:
    """A running server. *tls*: it wants STARTTLS first; *tls_at_once*: TLS from the first byte; *login*: name and password."""
    box = MailBox()

    def signs_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:  # noqa: ARG001
        right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=right, handled=False)

    options: dict[str, Any] = {"ready_timeout": 30.0}
    if tls is not None:
        options |= {"tls_context": tls, "require_starttls": True}
    if tls_at_once is not None:
        options |= {"ssl_context": tls_at_once}
    if login is not None:
        options |= {"authenticator": signs_in, "auth_required": True, "auth_require_tls": tls is not None}
    server = _Server(box, **options)
    server.start()
    box.port = server.port
    try:
        yield box
    finally:
        server.stop()
