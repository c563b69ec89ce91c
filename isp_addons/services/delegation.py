"""Delegation: a PRO lets a user of the same space pay by card, until he takes it back or one of them leaves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from isp_addons.domain import delegation as rule
from isp_addons.domain.cause import Cause
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Permission, Role
from isp_addons.domain.problem import BadInput
from isp_addons.domain.space import Standing
from isp_addons.services import access, availability_rules, people, spaces
from isp_addons.services.context import Context
from isp_addons.store import space_members
from isp_addons.store.tables import Account, Delegation, Person, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationRow:
    """One right that stands, or stood: who let whom pay, in which space."""

    space: int
    by: str
    to: str
    granted_at: datetime
    ended_at: datetime | None


def grant(context: Context, cause: Cause, *, space_id: int, to: str) -> bool:
    """Let the user *to* pay by card in the space, in the name of the PRO who asks. False: he lets him already.

    Whoever is not in the space is not told from who is not known at all. Raises `NotFound` (``unknown_space``), `BadInput`
    (``person_missing``) and `Refused`
    (``delegation_not_available``, ``may_not_delegate``, ``not_same_space``, ``no_system_access``).
    """
    with context.store.write() as session:
        giver = _giver(session, cause)
        space = spaces.locked(session, space_id)
        receiver = people.known(session, to)
        his, theirs = (None if each is None else _standing(session, space, each) for each in (giver, receiver))
        rule.check_may_delegate(his, theirs, is_pro=giver.role == Role.PRO)
        assert receiver is not None  # noqa: S101 - else he stands nowhere, which was refused
        _check_open(session, cause, space)
        if session.scalar(_between(space, giver, receiver)) is not None:
            return False
        session.add(Delegation(space_id=space.id, by_id=giver.id, to_id=receiver.id, granted_at=cause.at, ended_at=None))
        spaces.record(session, cause, space, "delegation", None, f"{giver.email} to {receiver.email}")
        return True


def revoke(context: Context, cause: Cause, *, space_id: int, to: str) -> bool:
    """The PRO who asks takes the right back; staff take back whoever gave it. It ends at once. False: there was none."""
    with context.store.write() as session:
        giver = _giver(session, cause) if cause.person is not None else None
        space = spaces.locked(session, space_id)
        if giver is None or giver.role == Role.STAFF:
            return spaces.end_delegations(session, cause, space, Delegation.to_id == people.named(session, to).id) > 0
        receiver = people.known(session, to)
        if receiver is None:
            return False
        which = (Delegation.to_id == receiver.id) & (Delegation.by_id == giver.id)
        return spaces.end_delegations(session, cause, space, which) > 0


def rows(context: Context, cause: Cause, *, space_id: int | None, ended: bool, limit: int) -> list[DelegationRow]:
    """The delegations of one space or of all, those that *ended* too if wished. Others than staff see their own."""
    giver, receiver = aliased(Person), aliased(Person)
    query = select(Delegation, giver.email.label("giver"), receiver.email.label("receiver"))
    query = query.join(giver, giver.id == Delegation.by_id).join(receiver, receiver.id == Delegation.to_id)
    if space_id is not None:
        query = query.where(Delegation.space_id == space_id)
    if not ended:
        query = query.where(Delegation.ended_at.is_(None))
    with context.store.read() as session:
        if cause.person is not None and access.require(session, cause, Permission.SEE).role != Role.STAFF:
            query = query.where((Delegation.by_id == cause.person) | (Delegation.to_id == cause.person))
        return [
            DelegationRow(
                space=each.Delegation.space_id,
                by=each.giver,
                to=each.receiver,
                granted_at=each.Delegation.granted_at,
                ended_at=each.Delegation.ended_at,
            )
            for each in session.execute(query.order_by(Delegation.id).limit(limit))
        ]


def _giver(session: Session, cause: Cause) -> Person:
    if cause.person is None:
        raise BadInput("Say which PRO delegates: isp-addons --as EMAIL delegations grant …", code="person_missing")
    return access.require(session, cause, Permission.SEE)


def _standing(session: Session, space: Space, person: Person) -> Standing | None:
    return space_members.standing(session, space_id=space.id, person_id=person.id, delegations=False)


def _check_open(session: Session, cause: Cause, space: Space) -> None:
    first_day = availability_rules.of_vendor(session, space.vendor, at=cause.at).delegation_from
    zone = time_zone(session.get_one(Account, space.account_id).time_zone)
    rule.check_open(first_day, at=cause.at, zone=zone)


def _between(space: Space, giver: Person, receiver: Person) -> Select[int]:
    return select(Delegation.id).where(
        Delegation.space_id == space.id,
        Delegation.by_id == giver.id,
        Delegation.to_id == receiver.id,
        Delegation.ended_at.is_(None),
    )
