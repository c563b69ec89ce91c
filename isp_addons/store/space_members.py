"""Who is in a space, and how he stands there."""

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from isp_addons.domain.space import SpaceRole, Standing
from isp_addons.store.tables import Delegation, Person, SpaceMember


def member(session: Session, *, space_id: int, person_id: int) -> SpaceMember | None:
    """The person's membership, while he is in the space and not deleted."""
    query = select(SpaceMember).join(Person, Person.id == SpaceMember.person_id)
    query = query.where(
        SpaceMember.space_id == space_id,
        SpaceMember.person_id == person_id,
        SpaceMember.left_at.is_(None),
        Person.deleted_at.is_(None),
    )
    return session.scalar(query)


def standing(session: Session, *, space_id: int, person_id: int, delegations: bool) -> Standing | None:
    """How a person stands in a space; None: he is not in it. *delegations*: whether delegated rights count now."""
    found = member(session, space_id=space_id, person_id=person_id)
    if found is None:
        return None
    return Standing(
        role=SpaceRole(found.role),
        full_rights=found.full_rights,
        guarded=_guarded(session, space_id),
        delegated=delegations and _delegated(session, space_id, person_id),
    )


def _guarded(session: Session, space_id: int) -> bool:
    """Whether a PRO or a company is in the space; somebody who was deleted is not."""
    query = select(SpaceMember.id).outerjoin(Person, Person.id == SpaceMember.person_id)
    query = query.where(
        SpaceMember.space_id == space_id,
        SpaceMember.left_at.is_(None),
        or_(
            SpaceMember.role == SpaceRole.COMPANY.value,
            and_(SpaceMember.role == SpaceRole.PRO.value, Person.deleted_at.is_(None)),
        ),
    )
    return session.scalar(query.limit(1)) is not None


def _delegated(session: Session, space_id: int, person_id: int) -> bool:
    """Whether a PRO who could pay himself, now, lets him pay."""
    giver = aliased(SpaceMember)
    could_pay = exists().where(
        giver.space_id == space_id,
        giver.person_id == Delegation.by_id,
        giver.left_at.is_(None),
        giver.role == SpaceRole.PRO.value,
        giver.full_rights,
    )
    query = select(Delegation.id).join(Person, Person.id == Delegation.by_id)
    query = query.where(
        Delegation.space_id == space_id,
        Delegation.to_id == person_id,
        Delegation.ended_at.is_(None),
        Person.deleted_at.is_(None),
        Person.deactivated_at.is_(None),
        could_pay,
    )
    return session.scalar(query.limit(1)) is not None
