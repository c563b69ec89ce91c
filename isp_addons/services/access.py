"""Whether the person behind a cause may do what he asks for. What is neither his nor in his care does not exist for him."""

from sqlalchemy import ColumnElement, SQLColumnExpression, false, or_, select, true
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import Mode
from isp_addons.domain.permission import MAY, Permission, Role, may
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.store import audit
from isp_addons.store.tables import Account, Customer, Person


def require_account(session: Session, cause: Cause, permission: Permission, *, account_id: int) -> None:
    """Raise `Refused` (``not_permitted``), or `NotFound` for an account that is not in his care. Staff may do everything.

    Who is managed buys nothing himself (``managed_customer``): who looks after him does.
    """
    if cause.person is None:
        return
    customer_id = session.scalar(select(Account.customer_id).where(Account.id == account_id))
    require_customer(session, cause, permission, customer_id=customer_id)
    if customer_id is None or own_customer(session, cause) != customer_id:
        return
    if permission in (Permission.BUY, Permission.TRY):
        person, owner = session.get_one(Person, cause.person), session.get_one(Customer, customer_id)
        if owner.mode == Mode.MANAGED and not buys_himself(person, owner):
            raise Refused("Somebody looks after you: ask him to order or change it for you.", code="managed_customer")


def require_customer(session: Session, cause: Cause, permission: Permission, *, customer_id: int | None) -> None:
    """The same for a customer and everything that is his."""
    if cause.person is None:
        return
    person = require(session, cause, permission)
    if person.role == Role.STAFF or (customer_id is not None and customer_id == person.customer_id):
        return
    theirs = session.get(Customer, customer_id) if customer_id is not None else None
    if theirs is not None and sells_to(person, theirs):
        audit.acts_for(session, theirs.company)
        return
    raise not_yours()


def not_yours() -> NotFound:
    """It is another's, or it is not there at all."""
    return NotFound("There is no such customer, account, subscription or purchase in your care.", code="not_yours")


def missing(session: Session, cause: Cause, permission: Permission, told: NotFound) -> NotFound:
    """What is said of what is not there: *told* to staff; to everybody else the same as of another's, so that nobody counts.

    Raises `Refused` (``not_permitted``), as for what is there.
    """
    if is_staff(session, cause):
        return told
    require(session, cause, permission)
    return not_yours()


def require_person(session: Session, cause: Cause, permission: Permission, person: Person) -> None:
    """The same for a person; whoever is in no care of his does not exist for him, so that nobody learns who is known here."""
    if cause.person is None:
        return
    asking = require(session, cause, permission)
    theirs = session.get(Customer, person.customer_id) if person.customer_id is not None else None
    mine = theirs is not None and (theirs.id == asking.customer_id or sells_to(asking, theirs))
    if asking.role != Role.STAFF and not mine:
        raise unknown_person(person.email)
    if theirs is not None:
        require_customer(session, cause, permission, customer_id=theirs.id)


def require_not_above(session: Session, cause: Cause, person: Person) -> None:
    """Raise `Refused` (``not_permitted``) where *person* may do more than whoever asks: that one is not his to change."""
    asking = session.get(Person, cause.person) if cause.person is not None else None
    if asking is not None and not MAY[Role(person.role)] <= MAY[Role(asking.role)]:
        raise Refused(
            f"The role {asking.role} cannot change who is {person.role}: he may do more; ask one of his own role.",
            code="not_permitted",
        )


def unknown_person(email: str) -> NotFound:
    """Nobody logs in with that address, as far as whoever asks may know."""
    return NotFound(f"Nobody logs in as {email!r}; see: isp-addons people list", code="unknown_person")


def buys_himself(person: Person, owner: Customer) -> bool:
    """Whether *person* of a managed customer may buy all the same: a reseller, and who was made admin beside his reseller."""
    return owner.is_reseller or (owner.reseller_id is not None and person.role == Role.ADMIN)


def sells_to(person: Person, customer: Customer) -> bool:
    """Whether *person* is a reseller, and *customer* one of his customers."""
    mine = person.customer_id is not None and customer.reseller_id == person.customer_id
    return mine and person.role == Role.RESELLER


def require_carer(session: Session, cause: Cause, permission: Permission, *, customer_id: int) -> None:
    """The same for what only staff and the customer's reseller may do, not the customer himself."""
    require_customer(session, cause, permission, customer_id=customer_id)
    if own_customer(session, cause) == customer_id:
        raise Refused("Only who looks after this customer may do that; ask him.", code="not_permitted")


def own_customer(session: Session, cause: Cause) -> int | None:
    """The customer for whom the person behind *cause* logs in."""
    return session.scalar(select(Person.customer_id).where(Person.id == cause.person)) if cause.person is not None else None


def is_staff(session: Session, cause: Cause) -> bool:
    """Whether the ISP's staff asks, or the product itself."""
    return cause.person is None or session.scalar(select(Person.role).where(Person.id == cause.person)) == Role.STAFF


def require_staff(session: Session, cause: Cause) -> None:
    """Raise `Refused` (``not_permitted``) for everybody but the ISP's staff."""
    if cause.person is not None:
        require(session, cause, Permission.ADMINISTER)


def require(session: Session, cause: Cause, permission: Permission) -> Person:
    """The person behind *cause*, who may do such things at all. Raises `Refused` (``not_permitted``, ``locked_out``)."""
    person = session.get(Person, cause.person)
    if person is None or shut_out(session, person):
        raise locked_out()
    if person.registered_at is None:
        raise Refused(f"{person.email} has not accepted the invitation yet: that comes first.", code="locked_out")
    if not may(person.role, permission):
        told = f"The role {person.role} may not do that ({permission}); ask {_who_may(permission)}."
        raise Refused(told, code="not_permitted")
    return person


def _who_may(permission: Permission) -> str:
    """Whom to ask: the nearest who may do it."""
    if may(Role.ADMIN, permission):
        return "an owner or admin"
    return "an owner" if may(Role.OWNER, permission) else "the ISP's staff"


def shut_out(session: Session, person: Person) -> bool:
    """Whether a person who is registered may not log in: he is switched off or deleted, or his customer is, or is locked."""
    if person.deactivated_at is not None or person.deleted_at is not None:
        return True
    owner = session.get(Customer, person.customer_id) if person.customer_id is not None else None
    return owner is not None and any((owner.locked_at, owner.deletion_asked_at, owner.deleted_at))


def locked_out() -> Refused:
    """This person may not log in, for a reason that is not his business to know."""
    return Refused("This person cannot log in any more; ask the ISP's staff.", code="locked_out")


def visible(session: Session, cause: Cause, customer_id: SQLColumnExpression[int | None]) -> ColumnElement[bool]:
    """The condition that a row of the customer *customer_id* is in the care of whoever asks."""
    if cause.person is None:
        return true()
    person = require(session, cause, Permission.SEE)
    if person.role == Role.STAFF:
        return true()
    if person.customer_id is None:
        return false()
    if person.role == Role.RESELLER:
        care = select(Customer.id).where(Customer.reseller_id == person.customer_id)
        return or_(customer_id == person.customer_id, customer_id.in_(care))
    return customer_id == person.customer_id


def customer(session: Session, customer_id: int, *, lock: bool = False) -> Customer:
    """The customer of that number, who is not deleted; *lock* keeps other writers of him waiting. Raises `NotFound`."""
    query = select(Customer).where(Customer.id == customer_id, Customer.deleted_at.is_(None))
    locking = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(locking if lock else query)
    if found is None:
        raise NotFound(f"There is no customer {customer_id}; see: isp-addons customers list", code="unknown_customer")
    return found
