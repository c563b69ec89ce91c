"""The people who log in: added, given roles, switched off and on. Each belongs to one customer, or to the ISP's staff."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import parse_email
from isp_addons.domain.language import LANGUAGES
from isp_addons.domain.permission import MAY, Permission, Role
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.text import parse_line
from isp_addons.services import access, customer_admins, invitations
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Customer, Login, Person

_LONGEST_ACTOR = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody who is to log in. *invite*: by mail; else he comes in through the ISP's own cabinet, and is registered at once.

    Without an invitation nobody proves that the address is his, so only who looks after the customer may leave it out.

    ``language`` None: the one of the section ``[mail]``.
    """

    email: str
    name: str
    role: Role
    invite: bool = True
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person as a list shows him; ``state``: invited, active or deactivated."""

    id: int
    email: str
    name: str
    role: str
    main: bool
    state: str
    customer: int | None
    company: str


def by_email(context: Context, email: str) -> Person:
    """The person with this login name. Raises `NotFound`."""
    with context.store.read() as session:
        return named(session, email)


def named(session: Session, email: str, *, lock: bool = False) -> Person:
    """The same in a transaction; *lock* keeps other writers of his customer and of him waiting."""
    found = known(session, email, lock=lock)
    if found is None:
        raise access.unknown_person(email)
    return found


def known(session: Session, email: str, *, lock: bool = False) -> Person | None:
    """The same; None: nobody."""
    query = select(Person).where(Person.email == email.lower(), Person.deleted_at.is_(None))
    found = session.scalar(query)
    if found is not None and lock:
        session.execute(select(Customer.id).where(Customer.id == found.customer_id).with_for_update())
        found = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    return found


def acting(person: Person, *, operator: str) -> str:
    """Who the audit says it was: the person, and the operator who acted as him."""
    return f"{person.email} ({operator})"[:_LONGEST_ACTOR]


def add(context: Context, cause: Cause, new: NewPerson, *, customer_id: int | None, confirmed: bool = False) -> int:
    """Let somebody log in for a customer, or (None) as staff; returns his number. *confirmed*: see `customer_admins.warn`.

    Raises `BadInput` (``bad_email``, ``bad_name``, ``bad_role``) and `Refused` (``email_taken``, ``mail_not_configured``).
    """
    with context.store.write() as session:
        if customer_id is None:
            access.require_staff(session, cause)
        else:
            access.require_customer(session, cause, Permission.INVITE, customer_id=customer_id)
            access.customer(session, customer_id, lock=True)
        customer_admins.warn(context, session, customer_id=customer_id, role=new.role, confirmed=confirmed)
        person = enter(session, context, cause, new, customer_id=customer_id)
        customer_admins.changed(context, session, cause, customer_id=customer_id, before="", after=new.role)
        return person.id


def invite_member(
    context: Context,
    cause: Cause,
    *,
    customer_id: int,
    email: str,
    name: str,
    language: str | None = None,
    confirmed: bool = False,
) -> int:
    """Invite somebody into a customer's team, as a member, or as what the inviter is where a member may do more than he.

    Raises as `add`, to which *confirmed* goes.
    """
    with context.store.read() as session:
        inviter = session.get(Person, cause.person) if cause.person is not None else None
    role = Role.MEMBER if inviter is None or MAY[Role.MEMBER] <= MAY[Role(inviter.role)] else Role(inviter.role)
    new = NewPerson(email=email, name=name, role=role, language=language)
    return add(context, cause, new, customer_id=customer_id, confirmed=confirmed)


def enter(
    session: Session, context: Context, cause: Cause, new: NewPerson, *, customer_id: int | None, is_main: bool = False
) -> Person:
    """Add a person to a customer that *cause* may care for, and invite him. Raises as `add` does."""
    email = parse_email(new.email)
    parse_line(new.name, name="name", most=120)
    if new.language is not None and new.language not in LANGUAGES:
        raise BadInput(f"Mail is written in {', '.join(LANGUAGES)}, not in {new.language!r}.", code="bad_language")
    _check_role(session, cause, new.role, customer_id=customer_id)
    if not new.invite:
        _check_vouching(session, cause, customer_id=customer_id)
    if session.scalar(select(Person.id).where(Person.email == email, Person.deleted_at.is_(None))) is not None:
        raise Refused(f"Somebody logs in as {email} already; use another address.", code="email_taken")
    person = Person(
        customer_id=customer_id,
        email=email,
        name=new.name,
        role=new.role.value,
        is_main=is_main,
        language=new.language or (context.mail.language if context.mail else "en"),
        created_at=cause.at,
        registered_at=None if new.invite else cause.at,
    )
    session.add(person)
    session.flush()
    record(session, cause, person, field="added", before=None, after=f"{email} {new.role}")
    if new.invite:
        invitations.invite(session, context, cause, person)
    return person


def set_role(context: Context, cause: Cause, *, email: str, role: Role, confirmed: bool = False) -> bool:
    """Give a person another role; False: he has it already. Nobody gives more than he has himself, or changes his own.

    *confirmed*: see `customer_admins.warn`.
    """
    with context.store.write() as session:
        person = _in_care(session, cause, email)
        if person.role == role:
            return False
        _not_yourself(cause, person)
        access.require_not_above(session, cause, person)
        _check_role(session, cause, role, customer_id=person.customer_id)
        customer_admins.warn(context, session, customer_id=person.customer_id, role=role, confirmed=confirmed)
        record(session, cause, person, field="role", before=person.role, after=role.value)
        before, person.role = person.role, role.value
        customer_admins.changed(context, session, cause, customer_id=person.customer_id, before=before, after=role)
        return True


def deactivate(context: Context, cause: Cause, *, email: str) -> bool:
    """He cannot log in any more, and is logged out; False: so it was. Raises `Refused` (``main_user``, ``not_yourself``)."""
    with context.store.write() as session:
        person = _in_care(session, cause, email)
        if person.deactivated_at is not None:
            return False
        _not_yourself(cause, person)
        access.require_not_above(session, cause, person)
        if person.is_main:
            raise Refused(
                f"{person.email} is the main user; make another one the main user first: isp-addons customers main-user",
                code="main_user",
            )
        record(session, cause, person, field="deactivated", before="no", after="yes")
        person.deactivated_at = cause.at
        customer_admins.changed(context, session, cause, customer_id=person.customer_id, before=person.role, after="")
        log_out(session, cause, person_id=person.id)
        return True


def activate(context: Context, cause: Cause, *, email: str, confirmed: bool = False) -> bool:
    """He can log in again; False: he could all along. *confirmed*: see `customer_admins.warn`."""
    with context.store.write() as session:
        person = _in_care(session, cause, email)
        if person.deactivated_at is None:
            return False
        access.require_not_above(session, cause, person)
        customer_admins.warn(context, session, customer_id=person.customer_id, role=person.role, confirmed=confirmed)
        record(session, cause, person, field="deactivated", before="yes", after="no")
        person.deactivated_at = None
        customer_admins.changed(context, session, cause, customer_id=person.customer_id, before="", after=person.role)
        return True


def listing(context: Context, cause: Cause, *, customer_id: int | None = None, limit: int) -> list[PersonRow]:
    """Who logs in, of one customer or of all that are in the care of whoever asks."""
    query = (
        select(Person, Customer.company)
        .join(Customer, Customer.id == Person.customer_id, isouter=True)
        .where(Person.deleted_at.is_(None))
        .order_by(Person.id)
        .limit(limit)
    )
    with context.store.read() as session:
        query = query.where(access.visible(session, cause, Person.customer_id))
        if customer_id is not None:
            access.require_customer(session, cause, Permission.SEE, customer_id=customer_id)
            access.customer(session, customer_id)
            query = query.where(Person.customer_id == customer_id)
        return [_row(each.Person, each.company or "") for each in session.execute(query)]


def log_out(session: Session, cause: Cause, *, customer_id: int | None = None, person_id: int | None = None) -> None:
    """End every standing login of a person, or of all who log in for a customer."""
    who = select(Person.id).where(Person.id == person_id if customer_id is None else Person.customer_id == customer_id)
    session.execute(
        update(Login)
        .where(Login.person_id.in_(who), Login.ended_at.is_(None))
        .values(ended_at=cause.at)
        .execution_options(synchronize_session=False)
    )


def _in_care(session: Session, cause: Cause, email: str) -> Person:
    """A person whom *cause* may manage, locked; whoever is not in his care does not exist for him."""
    if cause.person is not None:
        access.require(session, cause, Permission.INVITE)
    person = named(session, email, lock=True)
    access.require_person(session, cause, Permission.INVITE, person)
    return person


def _not_yourself(cause: Cause, person: Person) -> None:
    if cause.person == person.id:
        raise Refused("Nobody removes himself or changes his own role; ask another admin.", code="not_yourself")


def _check_role(session: Session, cause: Cause, role: Role, *, customer_id: int | None) -> None:
    if (role is Role.STAFF) != (customer_id is None):
        raise BadInput(
            "Staff belong to no customer, everybody else to one: name --customer, or the role staff.", code="bad_role"
        )
    customer = session.get(Customer, customer_id) if customer_id is not None else None
    if role is Role.RESELLER and customer is not None and customer.reseller_id is not None:
        raise Refused(f"{customer.company} is in the care of a reseller; nobody of it can be one himself.", code="in_care")
    giver = session.get(Person, cause.person) if cause.person is not None else None
    if giver is not None and not MAY[role] <= MAY[Role(giver.role)]:
        raise Refused(f"The role {giver.role} cannot give the role {role}: it may do more.", code="not_permitted")


def _check_vouching(session: Session, cause: Cause, *, customer_id: int | None) -> None:
    """Raise `Refused` (``not_permitted``) unless staff, or the customer's reseller, says whose the address is."""
    asking = session.get(Person, cause.person) if cause.person is not None else None
    customer = session.get(Customer, customer_id) if customer_id is not None else None
    in_care = asking is not None and customer is not None and access.sells_to(asking, customer)
    if not (in_care or access.is_staff(session, cause)):
        raise Refused(
            "Nobody is registered without confirming his address, but by who looks after the customer; leave --no-invitation "
            "out, and he is invited by mail.",
            code="not_permitted",
        )


def record(session: Session, cause: Cause, person: Person, *, field: str, before: str | None, after: str | None) -> None:
    """An audit row of a person."""
    audit.record(session, cause, subject="person", subject_id=person.id, field=field, before=before, after=after)


def _row(person: Person, company: str) -> PersonRow:
    return PersonRow(
        id=person.id,
        email=person.email,
        name=person.name,
        role=person.role,
        main=person.is_main,
        state="deactivated" if person.deactivated_at else "active" if person.registered_at else "invited",
        customer=person.customer_id,
        company=company,
    )
