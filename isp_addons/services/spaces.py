"""Spaces: whose they are, who is in them, with which rights. What the vendor shows is noted here by the ISP's staff."""

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.country import parse_country
from isp_addons.domain.event import parse_account
from isp_addons.domain.permission import Permission, Role
from isp_addons.domain.problem import NotFound
from isp_addons.domain.space import SpaceRole
from isp_addons.domain.text import parse_line
from isp_addons.services import access, find, people
from isp_addons.services.availability import space_of
from isp_addons.services.context import Context
from isp_addons.store import audit, space_devices, space_members
from isp_addons.store.tables import Account, Delegation, Person, Space, SpaceMember


def create(context: Context, cause: Cause, *, account: str, vendor: str, country: str = "", name: str = "") -> int:
    """A new space of *vendor* for which *account* pays; returns its number. *country* "": not known yet.

    Raises `BadInput` (``bad_country``), `NotFound` (``unknown_account``, ``unknown_vendor``).
    """
    parse_account(account)
    code = parse_country(country) if country else ""
    if name:
        parse_line(name, name="name", most=120)
    context.capabilities(vendor)
    gathered = context.billing.gather([account], at=cause.at)
    with context.store.write() as session:
        access.require_staff(session, cause)
        owner = find.known_accounts(context, session, gathered, [account]).get(account)
        if owner is None:
            raise find.unknown_account(account)
        space = Space(account_id=owner.id, vendor=vendor, name=name, country=code, created_at=cause.at)
        session.add(space)
        session.flush()
        record(session, cause, space, "added", None, f"{vendor} {code} {name}".strip())
        return space.id


def set_country(context: Context, cause: Cause, *, space_id: int, country: str) -> bool:
    """Say in which country the space is; False: it was known. Raises `BadInput` (``bad_country``), `NotFound`."""
    code = parse_country(country)
    with context.store.write() as session:
        space = for_staff(session, cause, space_id)
        if space.country == code:
            return False
        record(session, cause, space, "country", space.country or None, code)
        space.country = code
        return True


def join(context: Context, cause: Cause, *, space_id: int, email: str, full_rights: bool) -> bool:
    """A person is in the space: a PRO if that is his role here, else an end user. False: he was, with the same rights.

    Raises `NotFound` (``unknown_space``, ``unknown_person``).
    """
    with context.store.write() as session:
        space = for_staff(session, cause, space_id)
        person = people.named(session, email)
        known = space_members.member(session, space_id=space_id, person_id=person.id)
        if known is not None:
            if known.full_rights == full_rights:
                return False
            before = _as(person.email, known)
            known.full_rights = full_rights
            record(session, cause, space, "rights", before, _as(person.email, known))
            return True
        role = SpaceRole.PRO if person.role == Role.PRO else SpaceRole.END_USER
        member = SpaceMember(
            space_id=space_id, role=role.value, person_id=person.id, full_rights=full_rights, joined_at=cause.at, left_at=None
        )
        session.add(member)
        record(session, cause, space, "member", None, _as(person.email, member))
        return True


def join_company(context: Context, cause: Cause, *, space_id: int, company: str) -> bool:
    """A company has the space in its care. False: it had."""
    parse_line(company, name="company", most=120)
    with context.store.write() as session:
        space = for_staff(session, cause, space_id)
        if _company(session, space_id, company) is not None:
            return False
        member = SpaceMember(
            space_id=space_id,
            role=SpaceRole.COMPANY.value,
            company=company,
            full_rights=True,
            joined_at=cause.at,
            left_at=None,
        )
        session.add(member)
        record(session, cause, space, "member", None, _as(company, member))
        return True


def leave(context: Context, cause: Cause, *, space_id: int, email: str) -> bool:
    """A person left the space, or leaves it himself; what was delegated by him or to him ends. False: he was not in it."""
    with context.store.write() as session:
        asking = access.require(session, cause, Permission.SEE) if cause.person is not None else None
        if asking is None or asking.email != email.lower():
            access.require_staff(session, cause)
        space = locked(session, space_id)
        person = people.named(session, email)
        member = space_members.member(session, space_id=space_id, person_id=person.id)
        if member is None:
            return False
        member.left_at = cause.at
        record(session, cause, space, "member", _as(person.email, member), None)
        theirs = or_(Delegation.by_id == person.id, Delegation.to_id == person.id)
        end_delegations(session, cause, space, theirs)
        return True


def leave_company(context: Context, cause: Cause, *, space_id: int, company: str) -> bool:
    """A company has the space in its care no more. False: it had not."""
    with context.store.write() as session:
        space = for_staff(session, cause, space_id)
        member = _company(session, space_id, company)
        if member is None:
            return False
        member.left_at = cause.at
        record(session, cause, space, "member", _as(company, member), None)
        return True


def end_delegations(session: Session, cause: Cause, space: Space, which: ColumnElement[bool]) -> int:
    """End the delegations in *space* that stand and are meant; returns how many."""
    query = select(Delegation).where(Delegation.space_id == space.id, Delegation.ended_at.is_(None), which)
    ended = session.scalars(query).all()
    for each in ended:
        each.ended_at = cause.at
        giver, receiver = (session.get_one(Person, one).email for one in (each.by_id, each.to_id))
        record(session, cause, space, "delegation", f"{giver} to {receiver}", None)
    return len(ended)


def rows(session: Session, cause: Cause, *, account: str | None, limit: int) -> list[dict[str, Any]]:
    """The spaces that whoever asks may see."""
    query = select(Space.id, Account.ref.label("account"), Space.vendor, Space.name, Space.country)
    query = query.join(Account, Account.id == Space.account_id).where(_seen(session, cause))
    if account is not None:
        query = query.where(Account.ref == account)
    return [dict(row._mapping) for row in session.execute(query.order_by(Space.id).limit(limit))]


def shown(session: Session, cause: Cause, *, space_id: int) -> dict[str, Any]:
    """One space with its members, devices and delegations. Raises `NotFound`, also where it is not his who asks."""
    space_of(session, space_id)
    query = select(Space.id, Account.ref.label("account"), Space.vendor, Space.name, Space.country)
    query = query.join(Account, Account.id == Space.account_id).where(Space.id == space_id, _seen(session, cause))
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such space in your care.", code="not_yours")
    members = _members(session, space_id)
    devices = space_devices.rows(session, space_id=space_id)
    return {**found._mapping, "members": members, "devices": devices}


def locked(session: Session, space_id: int) -> Space:
    """The space; others who would change it wait until the transaction ends. Raises `NotFound` (``unknown_space``)."""
    session.execute(select(Space.id).where(Space.id == space_id).with_for_update())
    return space_of(session, space_id)


def for_staff(session: Session, cause: Cause, space_id: int) -> Space:
    """The same for what only the ISP's staff may change. Raises `Refused` (``not_permitted``)."""
    access.require_staff(session, cause)
    return locked(session, space_id)


def record(session: Session, cause: Cause, space: Space, field: str, before: str | None, after: str | None) -> None:
    """Audit one change of a space."""
    audit.record(session, cause, subject="space", subject_id=space.id, field=field, before=before, after=after)


def _seen(session: Session, cause: Cause) -> ColumnElement[bool]:
    """The condition that he who asks is in a space, or that its account is in his care; staff see all."""
    theirs = access.visible(session, cause, Account.customer_id)
    inside = exists().where(
        SpaceMember.space_id == Space.id, SpaceMember.person_id == cause.person, SpaceMember.left_at.is_(None)
    )
    return theirs if cause.person is None else or_(theirs, inside)


def _members(session: Session, space_id: int) -> list[dict[str, Any]]:
    query = select(SpaceMember, Person.email).outerjoin(Person, Person.id == SpaceMember.person_id)
    query = query.where(SpaceMember.space_id == space_id, SpaceMember.left_at.is_(None), Person.deleted_at.is_(None))
    return [
        {"member": each.email or each.SpaceMember.company, "role": each.SpaceMember.role, "rights": _rights(each.SpaceMember)}
        for each in session.execute(query.order_by(SpaceMember.id))
    ]


def _company(session: Session, space_id: int, company: str) -> SpaceMember | None:
    return session.scalar(
        select(SpaceMember).where(
            SpaceMember.space_id == space_id,
            SpaceMember.role == SpaceRole.COMPANY.value,
            SpaceMember.company == company,
            SpaceMember.left_at.is_(None),
        )
    )


def _as(name: str, member: SpaceMember) -> str:
    return f"{name}, {member.role}, {_rights(member)}"


def _rights(member: SpaceMember) -> str:
    return "full rights" if member.full_rights else "without full rights"
