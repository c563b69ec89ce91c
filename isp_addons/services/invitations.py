"""Invitations: a link by mail that is good once, with which somebody chooses his password, or confirms a new address."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import parse_email
from isp_addons.domain.password import check_password
from isp_addons.domain.period import add_months, time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.services import access, mail, password_hash, tokens
from isp_addons.services.accounts import open_within
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Account, Customer, Invitation, Login, Person


def invite(session: Session, context: Context, cause: Cause, person: Person) -> None:
    """Send *person* a link with which he registers; an older one is void. Raises `Refused` (``mail_not_configured``)."""
    _send(session, context, cause, person, to=person.email, kind=mail.Kind.INVITATION)


def resend(context: Context, cause: Cause, *, email: str) -> None:
    """Invite him again; the old link is void. Raises `Refused` (``already_registered``)."""
    with context.store.write() as session:
        person = _in_care(session, cause, email)
        if person.registered_at is not None:
            raise Refused(f"{person.email} is registered already; he can sign in.", code="already_registered")
        invite(session, context, cause, person)


def accept(context: Context, cause: Cause, *, token: str, password: str) -> str:
    """Register whoever was sent *token*, with this password; returns his login name.

    Raises `BadInput` (``weak_password``) and what `_standing` raises.
    """
    with context.store.read() as session:
        _, person = _standing(session, cause, token, registered=False)
    check_password(password, email=person.email)
    kept = password_hash.hashed(password)
    with context.store.write() as session:
        invitation, person = _standing(session, cause, token, registered=False)
        invitation.used_at = cause.at
        person.password_hash = kept
        person.registered_at = cause.at
        _record(session, cause, person, field="registered", before=None, after=person.email)
        _open_trial(session, context, cause, person)
        return person.email


def change_email(context: Context, cause: Cause, *, email: str, new: str) -> bool:
    """Give a person another login name; True: now. Who is registered must confirm it first, with the mail sent there.

    Raises `BadInput` (``bad_email``) and `Refused` (``email_taken``, ``mail_not_configured``).
    """
    address = parse_email(new)
    with context.store.write() as session:
        person = _in_care(session, cause, email)
        if person.email == address:
            return True
        if person.registered_at is not None:
            _require_own(session, cause, person)
        access.require_not_above(session, cause, person)
        _require_free(session, address)
        if person.registered_at is not None:
            _send(session, context, cause, person, to=address, kind=mail.Kind.NEW_ADDRESS)
            return False
        _rename(session, cause, person, address)
        invite(session, context, cause, person)
        return True


def confirm_email(context: Context, cause: Cause, *, token: str) -> str:
    """Whoever was sent *token* to his new address signs in with it from now on; returns it. Raises what `_standing` raises."""
    with context.store.write() as session:
        invitation, person = _standing(session, cause, token, registered=True)
        _require_free(session, invitation.email)
        invitation.used_at = cause.at
        _rename(session, cause, person, invitation.email)
        session.execute(update(Login).where(Login.person_id == person.id, Login.ended_at.is_(None)).values(ended_at=cause.at))
        return person.email


def void(session: Session, cause: Cause, *, person_id: int) -> None:
    """No link sent to that person so far is good any more, and none that still waits is sent."""
    session.execute(
        update(Invitation)
        .where(Invitation.person_id == person_id, Invitation.used_at.is_(None), Invitation.voided_at.is_(None))
        .values(voided_at=cause.at)
    )
    mail.withdraw(session, cause, person_id=person_id)


def _send(session: Session, context: Context, cause: Cause, person: Person, *, to: str, kind: mail.Kind) -> None:
    rules = mail.require_configured(context)
    void(session, cause, person_id=person.id)
    token = tokens.new()
    invitation = Invitation(
        person_id=person.id,
        email=to,
        token_hash=tokens.hashed(token),
        created_at=cause.at,
        expires_at=cause.at + context.customers.invitation,
    )
    session.add(invitation)
    session.flush()
    customer = session.get(Customer, person.customer_id) if person.customer_id is not None else None
    if kind is mail.Kind.INVITATION and person.is_main and customer is not None and customer.self_registered:
        kind = mail.Kind.REGISTRATION
    values = {
        "name": person.name,
        "company": customer.company if customer is not None else "isp-addons",
        "link": rules.link.replace("{token}", token) if rules.link else token,
        "until": f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC",
    }
    mail.queue(session, cause, key=f"invitation:{invitation.id}", kind=kind, person=person, to=to, values=values)
    _record(session, cause, person, field="invited", before=None, after=to)


def _standing(session: Session, cause: Cause, token: str, *, registered: bool) -> tuple[Invitation, Person]:
    """The invitation of that token and whom it was sent to, both locked.

    Raises `NotFound` (``unknown_invitation``) and `Refused` (``invitation_used``, ``invitation_void``, ``invitation_expired``,
    ``locked_out``).
    """
    invitation = session.scalar(select(Invitation).where(Invitation.token_hash == tokens.hashed(token)).with_for_update())
    person = session.get_one(Person, invitation.person_id, with_for_update=True) if invitation is not None else None
    if invitation is None or person is None:
        raise _unknown()
    if invitation.used_at is not None:
        raise Refused("This invitation was used before; sign in with the password chosen then.", code="invitation_used")
    if invitation.voided_at is not None:
        raise Refused("A newer invitation was sent; use the link of the last mail.", code="invitation_void")
    if invitation.expires_at <= cause.at:
        raise Refused("This invitation has expired; ask for a new one.", code="invitation_expired")
    if access.shut_out(session, person):
        raise access.locked_out()
    if (person.registered_at is not None) is not registered:
        raise _unknown()
    return invitation, person


def _unknown() -> NotFound:
    return NotFound("There is no such invitation; copy the whole link or code from the mail.", code="unknown_invitation")


def _open_trial(session: Session, context: Context, cause: Cause, person: Person) -> None:
    """An empty account for who registered himself: he can try what is tried for nothing, and pay into it to buy."""
    customer = session.get(Customer, person.customer_id) if person.is_main else None
    if customer is None or not customer.self_registered or not context.billing.takes_money:
        return
    if session.scalar(select(Account.id).where(Account.customer_id == customer.id)) is None:
        zone = context.time_zone
        end = add_months(cause.at, 1, time_zone(zone))
        ref = f"customer-{customer.id}"
        open_within(context, session, cause, ref=ref, place=zone, end=end, customer_id=customer.id)


def _in_care(session: Session, cause: Cause, email: str) -> Person:
    """A person whom *cause* may invite, or himself, locked."""
    asking = access.require(session, cause, Permission.SEE) if cause.person is not None else None
    if asking is not None and asking.email != email.lower():
        access.require(session, cause, Permission.INVITE)
    person = session.scalar(select(Person).where(Person.email == email.lower(), Person.deleted_at.is_(None)).with_for_update())
    if person is None:
        raise access.unknown_person(email)
    if person.id != cause.person:
        access.require_person(session, cause, Permission.INVITE, person)
    return person


def _require_own(session: Session, cause: Cause, person: Person) -> None:
    """With another address somebody else could sign in as he: not even his team may give him one."""
    if person.id == cause.person:
        return
    if person.customer_id is None:
        access.require_staff(session, cause)
    else:
        access.require_carer(session, cause, Permission.MANAGE_CUSTOMERS, customer_id=person.customer_id)


def _require_free(session: Session, address: str) -> None:
    if session.scalar(select(Person.id).where(Person.email == address, Person.deleted_at.is_(None))) is not None:
        raise Refused(f"Somebody logs in as {address} already; use another address.", code="email_taken")


def _rename(session: Session, cause: Cause, person: Person, address: str) -> None:
    _record(session, cause, person, field="email", before=person.email, after=address)
    person.email = address


def _record(session: Session, cause: Cause, person: Person, *, field: str, before: str | None, after: str) -> None:
    audit.record(session, cause, subject="person", subject_id=person.id, field=field, before=before, after=after)
