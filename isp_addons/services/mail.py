"""Mail to people: written in the same transaction as its cause, sent afterwards (see `isp_addons.workers.mail_out`)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from importlib import resources

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.language import LANGUAGES
from isp_addons.domain.problem import Refused
from isp_addons.services import access
from isp_addons.services.context import Context, MailRules
from isp_addons.store.tables import Mail, Person


class Kind(StrEnum):
    """What a mail is about: the name of its text."""

    INVITATION = "invitation"
    REGISTRATION = "registration"
    NEW_ADDRESS = "new_address"
    DELETED = "deleted"
    KEY_ENDS = "key_ends"
    SEATS_MISSING = "seats_missing"
    SEAT_INVITATION = "seat_invitation"
    SEAT_ADDED = "seat_added"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """A message and how far it is: waiting, sent or given up. ``failure``: what the mail server said last."""

    id: int
    kind: str
    to: str
    subject: str
    state: str
    tries: int
    created_at: datetime
    next_try_at: datetime | None
    sent_at: datetime | None
    failure: str


def require_configured(context: Context) -> MailRules:
    """The rules of mail. Raises `Refused` (``mail_not_configured``)."""
    if context.mail is None:
        raise Refused(
            "No mail server is configured, so that nobody can be invited; set host and sender in the section [mail].",
            code="mail_not_configured",
        )
    return context.mail


def queue(session: Session, cause: Cause, *, key: str, kind: Kind, person: Person, to: str, values: Mapping[str, str]) -> None:
    """Write a mail to *person*, once for each *key*; it is sent when the transaction is committed."""
    session.add(written(cause, key=key, kind=kind, to=to, language=person.language, values=values, person_id=person.id))


def written(
    cause: Cause,
    *,
    key: str,
    kind: Kind,
    to: str,
    language: str,
    values: Mapping[str, str],
    person_id: int | None = None,
    user_id: int | None = None,
) -> Mail:
    """A mail to the address *to*, to be added to a session; once for each *key*."""
    subject, body = text(kind, language=language, values=values)
    return Mail(
        key=key,
        person_id=person_id,
        user_id=user_id,
        kind=kind.value,
        recipient=to,
        subject=subject,
        body=body,
        created_at=cause.at,
        next_try_at=cause.at,
    )


def withdraw(session: Session, cause: Cause, *, person_id: int) -> None:
    """Whatever still waits for that person is not sent any more."""
    session.execute(
        update(Mail)
        .where(Mail.person_id == person_id, Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
        .values(given_up_at=cause.at, body="", failure="withdrawn")
    )


def require_staff(context: Context, cause: Cause) -> None:
    """Raise `Refused` (``not_permitted``) for everybody but staff, and ``mail_not_configured`` where there is no mail."""
    with context.store.read() as session:
        access.require_staff(session, cause)
    require_configured(context)


def listing(context: Context, cause: Cause, *, waiting: bool = False, limit: int) -> list[MailRow]:
    """The newest messages first; *waiting*: only those that are not sent. Their text is not shown: it may hold a link."""
    query = select(Mail).order_by(Mail.id.desc()).limit(limit)
    if waiting:
        query = query.where(Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
    with context.store.read() as session:
        access.require_staff(session, cause)
        return [_row(each) for each in session.scalars(query)]


def text(kind: Kind, *, language: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body in *language*, English where there is none. Values are put in once: what they hold is not looked at."""
    said = _texts(language if language in LANGUAGES else "en")[kind.value]
    return said["subject"].format_map(values)[:200], said["body"].format_map(values)


def _row(mail: Mail) -> MailRow:
    state = "sent" if mail.sent_at else "given_up" if mail.given_up_at else "waiting"
    return MailRow(
        id=mail.id,
        kind=mail.kind,
        to=mail.recipient,
        subject=mail.subject,
        state=state,
        tries=mail.tries,
        created_at=mail.created_at,
        next_try_at=mail.next_try_at if state == "waiting" else None,
        sent_at=mail.sent_at,
        failure=mail.failure,
    )


@lru_cache(maxsize=len(LANGUAGES))
def _texts(language: str) -> Mapping[str, Mapping[str, str]]:
    file = resources.files("isp_addons.services") / "mail_texts" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
