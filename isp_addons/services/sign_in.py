"""Signing in with e-mail address and password. What is given is a token; only its hash is kept, so that it can be ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, exists, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import LONGEST_EMAIL
from isp_addons.domain.problem import Refused
from isp_addons.services import access, password_hash, tokens
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Login, Person, SignInFailure
from isp_addons.store.types import UtcDateTime

MOST_FAILURES = 5
"""So many wrong passwords for one login name, known or not, and everybody waits who tries it."""

WINDOW = timedelta(minutes=15)
"""How long: counted from the first of them."""

_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, and the token that says so from now on, until ``expires_at``."""

    person: int
    email: str
    token: str
    expires_at: datetime


def sign_in(context: Context, cause: Cause, *, email: str, password: str) -> SignedIn:
    """Let somebody in. Raises `Refused`: ``wrong_login``, ``too_many_attempts``; to the right password ``locked_out``."""
    name = email.lower()[:LONGEST_EMAIL]
    _count(context, cause, name)
    with context.store.read() as session:
        kept = session.scalar(select(Person.password_hash).where(Person.email == name, Person.deleted_at.is_(None)))
    if not password_hash.fits(password, kept or ""):
        raise Refused("The e-mail address or the password is wrong.", code="wrong_login")
    with context.store.write() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.email == name))
        person = session.scalar(select(Person).where(Person.email == name, Person.password_hash == kept).with_for_update())
        if person is None or access.shut_out(session, person):
            raise access.locked_out()
        return _begin(session, context, cause, person)


def who(session: Session, cause: Cause, *, token: str) -> Person:
    """Whose *token* it is. Raises `Refused` (``signed_out``) when it has ended, and ``locked_out``."""
    found = session.scalar(
        select(Person)
        .join(Login, Login.person_id == Person.id)
        .where(Login.token_hash == tokens.hashed(token), Login.ended_at.is_(None), Login.expires_at > cause.at)
    )
    if found is None:
        raise Refused("Nobody is signed in with this; sign in again.", code="signed_out")
    if access.shut_out(session, found):
        raise access.locked_out()
    return found


def signed_in(context: Context, cause: Cause, *, token: str) -> Person:
    """The same as `who`, in a transaction of its own."""
    with context.store.read() as session:
        return who(session, cause, token=token)


def sign_out(context: Context, cause: Cause, *, token: str) -> bool:
    """The token is of no use any more; False: it was of none."""
    with context.store.write() as session:
        ended = session.scalar(
            update(Login)
            .where(Login.token_hash == tokens.hashed(token), Login.ended_at.is_(None))
            .values(ended_at=cause.at)
            .returning(Login.person_id)
        )
        if ended is not None:
            audit.record(session, cause, subject="person", subject_id=ended, field="signed_out", before=None, after="yes")
        return ended is not None


def forget_old(context: Context, cause: Cause) -> int:
    """Forget failures whose time is over, and logins that ended long ago; returns how many."""
    old_failures, old_logins = SignInFailure.since <= cause.at - WINDOW, Login.expires_at <= cause.at - _KEPT
    with context.store.read() as session:
        if not session.scalar(select(exists().where(old_failures) | exists().where(old_logins))):
            return 0
    with context.store.write() as session:
        failures = session.execute(delete(SignInFailure).where(old_failures))
        logins = session.execute(delete(Login).where(old_logins))
        return int(failures.rowcount + logins.rowcount)  # type: ignore[attr-defined]


def _begin(session: Session, context: Context, cause: Cause, person: Person) -> SignedIn:
    token = tokens.new()
    expires_at = cause.at + context.customers.login
    session.add(Login(person_id=person.id, token_hash=tokens.hashed(token), created_at=cause.at, expires_at=expires_at))
    audit.record(session, cause, subject="person", subject_id=person.id, field="signed_in", before=None, after="yes")
    return SignedIn(person=person.id, email=person.email, token=token, expires_at=expires_at)


def _count(context: Context, cause: Cause, name: str) -> None:
    """One more attempt, counted before the password is looked at: many at a time are as many as one after another."""
    now = literal(cause.at, UtcDateTime())
    over = SignInFailure.since <= literal(cause.at - WINDOW, UtcDateTime())
    with context.store.write() as session:
        dialect = sqlite if context.store.is_sqlite else postgresql
        counted = dialect.insert(SignInFailure).values(email=name, failures=1, since=cause.at)
        counted = counted.on_conflict_do_update(
            index_elements=["email"],
            set_={
                "failures": case((over, 1), else_=SignInFailure.failures + 1),
                "since": case((over, now), else_=SignInFailure.since),
            },
        )
        failures = session.scalar(counted.returning(SignInFailure.failures))
    if failures is not None and failures > MOST_FAILURES:
        minutes = int(WINDOW.total_seconds() // 60)
        raise Refused(f"Too many wrong passwords for {name}; wait {minutes} minutes.", code="too_many_attempts")
