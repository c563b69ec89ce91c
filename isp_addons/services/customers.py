"""Customers: taken in, given accounts, converted, locked and unlocked, and who their main user is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Exists, SQLColumnExpression, and_, exists, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import Action, Facts, Mode, PaymentMethod, require_action
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.permission import MAY, Permission, Role
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.domain.text import parse_line
from isp_addons.services import access, customer_admins, find, people
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.store import audit
from isp_addons.store.tables import Account, Customer, Hold, Person, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """Who is to be taken in. ``main``: the person whom everything is his, by default with the role owner.

    ``accounts``: those of the billing that are his. ``reseller_id``: who looks after him, None: the ISP.
    """

    company: str
    main: people.NewPerson
    mode: Mode = Mode.SELF_SERVICE
    payment_method: PaymentMethod = PaymentMethod.BALANCE
    accounts: Sequence[str] = ()
    reseller_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The numbers of a new customer and of his main user."""

    customer: int
    person: int


def create(context: Context, cause: Cause, new: NewCustomer, *, key: str | None = None, confirmed: bool = False) -> Created:
    """Take in a customer and invite his main user, once for each *key*. A reseller takes in customers of his own.

    *confirmed*: see `customer_admins.warn`.

    Raises `BadInput` (``bad_company``, and as `people.add`), `Refused` (``mail_not_configured``, ``email_taken``,
    ``account_taken``) and `NotFound` (``unknown_account``); then nothing is stored.
    """
    gathered = context.billing.gather(new.accounts, at=cause.at) if new.accounts else None

    def take_in() -> Created:
        reseller_id = _reseller(session, cause, new)
        created = enter(session, context, cause, new, reseller_id=reseller_id)
        customer_admins.warn(context, session, customer_id=created.customer, role=new.main.role, confirmed=confirmed)
        if gathered is not None:
            access.require_staff(session, cause)
            found = find.known_accounts(context, session, gathered, new.accounts)
            for ref in new.accounts:
                _attach(session, cause, found.get(ref), ref=ref, customer_id=created.customer)
        return created

    with context.store.write() as session:
        return once(
            session,
            cause,
            key=key,
            what="customer",
            arguments=asdict(new),
            do=take_in,
            write=asdict,
            read=lambda said: Created(**said),
        )


def enter(
    session: Session,
    context: Context,
    cause: Cause,
    new: NewCustomer,
    *,
    reseller_id: int | None = None,
    self_registered: bool = False,
) -> Created:
    """Add a customer and his main user in the caller's transaction, without accounts."""
    parse_line(new.company, name="company", most=120)
    customer = Customer(
        company=new.company,
        mode=new.mode.value,
        payment_method=new.payment_method.value,
        reseller_id=reseller_id,
        self_registered=self_registered,
        created_at=cause.at,
    )
    session.add(customer)
    session.flush()
    record(session, cause, customer.id, field="created", before=None, after=f"{new.company} {new.mode}")
    main = people.enter(session, context, cause, new.main, customer_id=customer.id, is_main=True)
    return Created(customer=customer.id, person=main.id)


def attach(context: Context, cause: Cause, *, customer_id: int, ref: str) -> bool:
    """The account *ref* of the billing is that customer's; False: so it was. Raises `Refused` (``account_taken``)."""
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        access.require_staff(session, cause)
        access.customer(session, customer_id, lock=True)
        found = find.known_accounts(context, session, gathered, [ref])
        return _attach(session, cause, found.get(ref), ref=ref, customer_id=customer_id)


def register(context: Context, cause: Cause, *, company: str, contact: str, email: str, language: str | None = None) -> Created:
    """Somebody registers himself as a customer who serves himself; he confirms it with the mail that is sent to him.

    Then an account to try things with is opened for him. Raises as `create`, and `Refused` (``registration_closed``).
    """
    if not context.customers.registration:
        raise Refused("Customers cannot register themselves here; ask us for an invitation.", code="registration_closed")
    main = people.NewPerson(email=email, name=contact, role=Role.OWNER, language=language)
    with context.store.write() as session:
        return enter(session, context, cause, NewCustomer(company=company, main=main), self_registered=True)


def convert(context: Context, cause: Cause, *, customer_id: int, to: Mode, confirmed: bool) -> bool:
    """Let a customer be managed from now on; False: he serves himself, as asked. There is no way back (``irreversible``).

    Raises `Refused` (``not_confirmed``) unless *confirmed*; then nothing is changed.
    """
    with context.store.write() as session:
        access.require_carer(session, cause, Permission.MANAGE_CUSTOMERS, customer_id=customer_id)
        customer = access.customer(session, customer_id, lock=True)
        if to is Mode.SELF_SERVICE and customer.mode == to:
            return False
        require_action(facts(session, customer), Action.CONVERT)
        if not confirmed:
            raise Refused(
                f"{customer.company} would be managed, and could not be made to serve itself again; repeat it with --confirm.",
                code="not_confirmed",
            )
        record(session, cause, customer_id, field="mode", before=customer.mode, after=to.value)
        customer.mode = to.value
        return True


def lock(context: Context, cause: Cause, *, customer_id: int) -> bool:
    """Nobody of him logs in any more, and whoever is logged in is out. His subscriptions go on. False: he was locked before."""
    with context.store.write() as session:
        customer = _to_lock(session, cause, customer_id)
        if customer.locked_at is not None:
            return False
        record(session, cause, customer_id, field="locked", before="no", after="yes")
        customer.locked_at = cause.at
        people.log_out(session, cause, customer_id=customer_id)
        return True


def unlock(context: Context, cause: Cause, *, customer_id: int) -> bool:
    """His people log in as before; False: they could all along."""
    with context.store.write() as session:
        customer = _to_lock(session, cause, customer_id)
        if customer.locked_at is None:
            return False
        record(session, cause, customer_id, field="locked", before="yes", after="no")
        customer.locked_at = None
        return True


def set_main(context: Context, cause: Cause, *, customer_id: int, email: str) -> bool:
    """Another of his people is the main user, whose the subscriptions are; False: he is already.

    He may do from now on at least what the one before him may. Raises `Refused` (``not_active_user``).
    """
    with context.store.write() as session:
        for_action(session, cause, Action.MAIN_USER, customer_id=customer_id)
        new = people.known(session, email, lock=True)
        before = session.scalars(select(Person).where(Person.customer_id == customer_id, Person.is_main)).one()
        if new is not None and new.id == before.id:
            return False
        if new is None or new.customer_id != customer_id or new.registered_at is None or new.deactivated_at is not None:
            raise Refused(f"{email} is no active user of this customer; choose one who can log in.", code="not_active_user")
        if not MAY[Role(before.role)] <= MAY[Role(new.role)]:
            people.record(session, cause, new, field="role", before=new.role, after=before.role)
            new.role = before.role
        before.is_main = False
        session.flush()
        new.is_main = True
        record(session, cause, customer_id, field="main_user", before=before.email, after=new.email)
        return True


def facts(session: Session, customer: Customer) -> Facts:
    """What decides the state of a customer."""
    main = session.scalar(select(Person.registered_at).where(Person.customer_id == customer.id, Person.is_main))
    return Facts(
        mode=Mode(customer.mode),
        locked=customer.locked_at is not None,
        registered=main is not None,
        subscribed=bool(session.scalar(select(subscribed(customer.id)))),
        marked=customer.deletion_asked_at is not None,
    )


def subscribed(customer_id: SQLColumnExpression[int] | int) -> Exists:
    """The condition that something of that customer is not over; a term or trial that is over is held by the forecast."""
    unpaid = exists().where(
        Hold.subscription_id == Subscription.id, Hold.owner == HoldOwner.FORECAST.value, Hold.lifted_at.is_(None)
    )
    return exists().where(
        Subscription.account_id == Account.id,
        Account.customer_id == customer_id,
        Subscription.status.in_([Status.RUNNING.value, Status.ENDING.value]),
        ~and_(Subscription.plan.in_([Plan.ONE_OFF.value, Plan.TRIAL.value]), unpaid),
    )


def for_action(session: Session, cause: Cause, action: Action, *, customer_id: int) -> Customer:
    """The customer, locked, if whoever asks looks after him and *action* may be done with him; see `require_action`."""
    access.require_carer(session, cause, Permission.MANAGE_CUSTOMERS, customer_id=customer_id)
    customer = access.customer(session, customer_id, lock=True)
    require_action(facts(session, customer), action)
    return customer


def record(
    session: Session, cause: Cause, customer_id: int, *, field: str, before: object | None, after: object | None
) -> None:
    """An audit row of a customer."""
    audit.record(session, cause, subject="customer", subject_id=customer_id, field=field, before=before, after=after)


def _to_lock(session: Session, cause: Cause, customer_id: int) -> Customer:
    access.require_carer(session, cause, Permission.MANAGE_CUSTOMERS, customer_id=customer_id)
    customer = access.customer(session, customer_id, lock=True)
    if customer.deletion_asked_at is not None:
        require_action(facts(session, customer), Action.LOCK)
    return customer


def _reseller(session: Session, cause: Cause, new: NewCustomer) -> int | None:
    """Who looks after a new customer: the reseller who takes him in, or whom the staff name."""
    person = access.require(session, cause, Permission.CREATE_CUSTOMERS) if cause.person is not None else None
    who = person.customer_id if person is not None and person.role == Role.RESELLER else new.reseller_id
    if who is not None and not access.customer(session, who).is_reseller:
        raise BadInput(f"The customer {who} is no reseller.", code="not_a_reseller")
    return who


def _attach(session: Session, cause: Cause, account: Account | None, *, ref: str, customer_id: int) -> bool:
    if account is None:
        raise find.unknown_account(ref)
    if account.customer_id == customer_id:
        return False
    if account.customer_id is not None:
        raise Refused(f"The account {ref} belongs to customer {account.customer_id} already.", code="account_taken")
    account.customer_id = customer_id
    audit.record(session, cause, subject="account", subject_id=account.id, field="customer", before=None, after=customer_id)
    return True
