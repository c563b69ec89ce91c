"""Deleting a customer: marked at once, done in the background, told by mail at the end.

What is personal goes; charges, ledger, statements and audit stay, since the law wants them. What is paid for runs to its end,
is not renewed, and its last invoice is still made: until then the company's name and address stay with it.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import Exists, String, and_, cast, delete, exists, literal, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import Action, require_action
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import Problem, Refused, TryAgain
from isp_addons.domain.subscription import Status
from isp_addons.services import access, cancel, customers, invitations, people
from isp_addons.services.context import Context
from isp_addons.services.mail import Kind, queue
from isp_addons.store import audit
from isp_addons.store.tables import (
    Account,
    Charge,
    Customer,
    Device,
    Invitation,
    Mail,
    Person,
    Purchase,
    Reply,
    SavedCard,
    Space,
    SpaceDevice,
    Subscription,
    VendorUser,
)

log = logging.getLogger(__name__)

WORD = "DELETE"
"""What must be typed, exactly, to delete a customer who is registered."""

_AT_ONCE = 100


def mark(context: Context, cause: Cause, *, customer_id: int, typed: str | None = None, confirmed: bool = False) -> bool:
    """Mark a customer to be deleted: nobody of him logs in any more. False: he was marked before.

    Who is registered is deleted only when `WORD` was *typed*; who is only invited, when it is *confirmed*. Raises `Refused`
    (``not_confirmed``).
    """
    with context.store.write() as session:
        access.require_carer(session, cause, Permission.MANAGE_CUSTOMERS, customer_id=customer_id)
        customer = access.customer(session, customer_id, lock=True)
        if customer.deletion_asked_at is not None:
            return False
        facts = customers.facts(session, customer)
        require_action(facts, Action.DELETE)
        if facts.registered and typed != WORD:
            raise Refused(
                f"{customer.company} and all its users would be deleted for good; type exactly {WORD} to do it.",
                code="not_confirmed",
            )
        if not facts.registered and typed != WORD and not confirmed:
            raise Refused(f"{customer.company} would be deleted; repeat it with --confirm.", code="not_confirmed")
        customers.record(session, cause, customer_id, field="marked_for_deletion", before="no", after="yes")
        customer.deletion_asked_at = cause.at
        people.log_out(session, cause, customer_id=customer_id)
        for person_id in session.scalars(select(Person.id).where(Person.customer_id == customer_id)):
            invitations.void(session, cause, person_id=person_id)
        return True


def run(context: Context, cause: Cause) -> int:
    """Do what is marked, one customer after another; returns how many were done. Any number of times: the same end.

    What fails is told and stays marked, so that the next run takes it up.
    """
    with context.store.read() as session:
        marked = session.scalars(
            select(Customer.id)
            .where(Customer.deletion_asked_at.is_not(None), Customer.deleted_at.is_(None))
            .order_by(Customer.deletion_asked_at, Customer.id)
            .limit(_AT_ONCE)
        ).all()
    done = 0
    for customer_id in marked:
        try:
            _delete(context, cause, customer_id)
        except Problem as problem:
            log.warning("customer %s is not deleted yet: %s", customer_id, problem.message)
        else:
            done += 1
    return done + _erase_what_is_over(context, cause)


def _delete(context: Context, cause: Cause, customer_id: int) -> None:
    """Cancel what runs, then let the people go. Whoever comes second finds nothing to do."""
    running = (
        select(Subscription.id)
        .join(Account, Account.id == Subscription.account_id)
        .where(Account.customer_id == customer_id, Subscription.status == Status.RUNNING.value)
    )
    with context.store.read() as session:
        found = session.scalars(running).all()
    for subscription_id in found:
        cancel.cancel(context, cause, subscription_id=subscription_id)
    with context.store.write() as session:
        customer = session.get(Customer, customer_id, with_for_update=True)
        if customer is None or customer.deleted_at is not None:
            return
        if session.scalar(running.limit(1)) is not None:
            raise TryAgain("something was ordered for it meanwhile; the next run cancels it too.")
        customer.deleted_at = cause.at
        customers.record(session, cause, customer_id, field="deleted", before="no", after="yes")
        theirs = session.scalars(
            select(Person).where(Person.customer_id == customer_id).order_by(Person.id).with_for_update()
        ).all()
        main = next((person for person in theirs if person.is_main), None)
        session.execute(delete(Mail).where(Mail.person_id.in_([person.id for person in theirs])))
        if context.mail is not None and main is not None:
            values = {"name": main.name, "company": customer.company}
            queue(session, cause, key=f"deleted:{customer_id}", kind=Kind.DELETED, person=main, to=main.email, values=values)
        for person in theirs:
            _forget(session, cause, person)


def _forget(session: Session, cause: Cause, person: Person) -> None:
    """Nothing of a person but his number, to which the audit points."""
    session.execute(delete(Invitation).where(Invitation.person_id == person.id))
    person.email = f"deleted-{person.id}"
    person.name = ""
    person.password_hash = ""
    person.deactivated_at = person.deactivated_at or cause.at
    person.deleted_at = cause.at
    people.record(session, cause, person, field="deleted", before="no", after="yes")


def _erase_what_is_over(context: Context, cause: Cause) -> int:
    """Where nothing runs any more, forget the vendors' users, and the company itself unless something was booked for it."""
    over = (
        select(Customer.id)
        .where(Customer.deleted_at.is_not(None), Customer.erased_at.is_(None), ~customers.subscribed(Customer.id))
        .limit(_AT_ONCE)
    )
    with context.store.read() as session:
        if session.scalar(over) is None:
            return 0
    with context.store.write() as session:
        found = list(session.scalars(over.with_for_update()))
        people_of = select(Person.id).where(Person.customer_id.in_(found))
        waits = session.scalars(
            select(Person.customer_id)
            .join(Mail, Mail.person_id == Person.id)
            .where(Person.id.in_(people_of), Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
        )
        ready = sorted(set(found) - set(waits))
        accounts = select(Account.id).where(Account.customer_id.in_(ready))
        session.execute(
            update(VendorUser).where(VendorUser.account_id.in_(accounts)).values(email="", name="", gone_at=cause.at)
        )
        session.execute(delete(Mail).where(Mail.user_id.in_(select(VendorUser.id).where(VendorUser.account_id.in_(accounts)))))
        session.execute(update(Device).where(Device.account_id.in_(accounts)).values(name=""))
        _erase_what_tells_of_people(session, ready)
        session.execute(delete(Mail).where(Mail.person_id.in_(select(Person.id).where(Person.customer_id.in_(ready)))))
        session.execute(update(Customer).where(Customer.id.in_(ready)).values(erased_at=cause.at))
        session.execute(
            update(Customer)
            .where(Customer.id.in_(ready), ~_booked())
            .values(company="", country="", vat_id="", address={}, billing_address={})
            .execution_options(synchronize_session=False)
        )
        for customer_id in ready:
            audit.record(session, cause, subject="customer", subject_id=customer_id, field="erased", before="no", after="yes")
        return len(ready)


def _erase_what_tells_of_people(session: Session, customer_ids: Sequence[int]) -> None:
    """Names within what stays: our own names of users hold their addresses, and what a reseller bought a person's name."""
    accounts = select(Account.id).where(Account.customer_id.in_(customer_ids))
    named_by_us = and_(VendorUser.account_id.in_(accounts), VendorUser.invited_at.is_not(None))
    unnamed = literal("deleted-") + cast(VendorUser.id, String)
    spaces = select(Space.id).where(Space.account_id.in_(accounts))
    for statement in (
        update(VendorUser).where(named_by_us).values(ref=unnamed),
        update(Space).where(Space.id.in_(spaces)).values(name=""),
        update(SpaceDevice).where(SpaceDevice.space_id.in_(spaces)).values(name=""),
        delete(SavedCard).where(SavedCard.account_id.in_(accounts)),
        delete(Reply).where(Reply.person.in_(select(Person.id).where(Person.customer_id.in_(customer_ids)))),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    bought = select(Purchase).join(Subscription, Subscription.id == Purchase.subscription_id)
    for purchase in session.scalars(bought.where(Subscription.account_id.in_(accounts))):
        if "contact" in purchase.what:
            purchase.what = {**purchase.what, "contact": "", "email": ""}


def _booked() -> Exists:
    """The condition that money was taken from the customer: the law wants to know from whom."""
    return (
        exists()
        .where(
            Charge.subscription_id == Subscription.id,
            Subscription.account_id == Account.id,
            Account.customer_id == Customer.id,
        )
        .correlate(Customer)
    )
