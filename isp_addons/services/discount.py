"""The one place that says what is taken off the list price for an account: the discount agreed with its reseller."""

from fractions import Fraction

from sqlalchemy import ColumnElement, and_, case, func, literal, select
from sqlalchemy.orm import Session, aliased

from isp_addons.domain.cause import Cause
from isp_addons.domain.permission import Role
from isp_addons.domain.reseller import WHOLE, DiscountWithAdmin, ResellerRules, discount_of
from isp_addons.services.context import Context
from isp_addons.store.tables import Account, Customer, Person, Subscription

_FOR_THE_CUSTOMER = (Role.STAFF.value, Role.RESELLER.value)


def discount_for(context: Context, session: Session, cause: Cause, account_id: int, *, by_customer: bool = False) -> Fraction:
    """The share (0 to 1) taken off the list price of what is bought for the account now, by whoever is behind *cause*.

    *by_customer*: a user of the customer asked for it himself, whoever does it now.
    """
    agreed, has_admin = session.execute(select(_agreed(), _has_admin()).where(Account.id == account_id)).one()
    bought_for = not (by_customer or is_by_customer(session, cause))
    return discount_of(agreed, by_reseller=bought_for, has_admin=has_admin, rule=context.resellers.with_admin)


def discount_of_next(context: Context, session: Session, subscription: Subscription) -> Fraction:
    """The same for the next period of a subscription: it is as if whoever ordered it ordered it again."""
    found = select(next_discount(context.resellers)).where(Subscription.id == subscription.id)
    return Fraction(session.scalars(found).one(), WHOLE)


def next_discount(rules: ResellerRules) -> ColumnElement[int]:
    """The discount on the next period of a `Subscription`, in SQL, in hundredths of a percent."""
    denied = [Subscription.by_customer, *([_has_admin()] if rules.with_admin is DiscountWithAdmin.NOBODY else [])]
    counts = and_(*(~each for each in denied))
    agreed = select(case((counts, _agreed()), else_=0)).where(Account.id == Subscription.account_id)
    return func.coalesce(agreed.correlate(Subscription).scalar_subquery(), 0)


def is_by_customer(session: Session, cause: Cause) -> bool:
    """Whether a user of the customer asks himself, rather than his reseller, the ISP's staff or the product."""
    if cause.person is None:
        return False
    return session.scalar(select(Person.role).where(Person.id == cause.person)) not in _FOR_THE_CUSTOMER


def _agreed() -> ColumnElement[int]:
    """What was agreed with the reseller of the customer of an `Account`; 0 without one."""
    owner, reseller = aliased(Customer), aliased(Customer)
    found = select(reseller.discount).join(owner, owner.reseller_id == reseller.id).where(owner.id == Account.customer_id)
    return func.coalesce(found.correlate(Account).scalar_subquery(), 0)


def _has_admin() -> ColumnElement[bool]:
    """Whether a user of the customer of an `Account` is admin, and may log in."""
    living = and_(Person.deactivated_at.is_(None), Person.deleted_at.is_(None))
    admins = select(literal(1)).where(Person.customer_id == Account.customer_id, Person.role == Role.ADMIN.value, living)
    return admins.correlate(Account).exists()
