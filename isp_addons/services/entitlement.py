"""Whether a user may use a feature: what the account has, who has a seat, and what time it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import Kind
from isp_addons.domain.cause import Cause
from isp_addons.domain.entitlement import Standing, UserRole, Why, answer, is_yes, parse_role
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.domain.schedule import Phase
from isp_addons.domain.seats import is_account_wide
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import access, find, trial
from isp_addons.services.context import Context
from isp_addons.services.schedule import schedule_of
from isp_addons.services.seats import is_waiting
from isp_addons.store import audit
from isp_addons.store.tables import Account, Hold, Product, Seat, Subscription, VendorUser

_ON = (Status.RUNNING.value, Status.ENDING.value)
_DATED = (Plan.ONE_OFF.value, Plan.TRIAL.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The answer for one user and feature at one moment. ``role`` empty: not known."""

    account: str
    user: str
    feature: str
    role: str
    at: datetime
    allowed: bool
    why: Why


def may(context: Context, cause: Cause, *, account: str, user: str, feature: str) -> Entitlement:
    """Whether *user* (e-mail address, or a vendor's id) of *account* may use *feature* at the moment of *cause*.

    *feature*: one that a product gives, or the code of a product that names none. One product that allows it is enough. Raises
    `NotFound` (``unknown_account``, ``unknown_user``, ``unknown_feature``).
    """
    with context.store.read() as session:
        found = find.account(session, account)
        access.require_account(session, cause, Permission.SEE, account_id=found.id)
        products = _giving(session, feature)
        users = _users(session, found, user)
        at_vendors = [each.vendor for each in products if each.vendor is not None]
        one = next((each for each in users if each.vendor in at_vendors), users[0])
        role = UserRole(one.role) if one.role else None
        standings = [
            _standing(session, cause, each, product, found, users, feature)
            for product in products
            for each in _subscriptions(session, cause, found, product)
        ]
        why = answer(standings, role)
        return Entitlement(
            account=account,
            user=one.email or one.ref,
            feature=feature,
            role=one.role,
            at=cause.at,
            allowed=is_yes(why),
            why=why,
        )


def set_role(context: Context, cause: Cause, *, vendor: str, user: str, role: str) -> bool:
    """Say what *user* is at *vendor*. Returns False when that was known. Raises `NotFound`, `BadInput` (``bad_role``)."""
    chosen = parse_role(role).value
    return _change(context, cause, vendor=vendor, user=user, field="role", value=chosen)


def activate(context: Context, cause: Cause, *, vendor: str, user: str) -> bool:
    """Say that an invited *user* has activated his account at *vendor*. Returns False when he had."""
    return _change(context, cause, vendor=vendor, user=user, field="activated_at", value=cause.at)


def _change(context: Context, cause: Cause, *, vendor: str, user: str, field: str, value: "str | datetime") -> bool:
    with context.store.write() as session:
        here = and_(VendorUser.vendor == vendor, VendorUser.gone_at.is_(None))
        meant = or_(VendorUser.ref == user, func.lower(VendorUser.email) == user.lower())
        rows = list(session.scalars(select(VendorUser).where(here, meant).order_by(VendorUser.id).with_for_update().limit(2)))
        by_id = [each for each in rows if each.ref == user] or rows
        if not by_id:
            raise NotFound(f"The vendor {vendor} has no user {user!r}; see: isp-addons users list", code="unknown_user")
        if len(by_id) > 1:
            raise Refused(f"Several users have the address {user}; name one by the vendor's id.", code="ambiguous_user")
        (one,) = by_id
        access.require_account(session, cause, Permission.ASSIGN, account_id=one.account_id)
        before = getattr(one, field)
        if before == value or (field == "activated_at" and not is_waiting(one)):
            return False
        setattr(one, field, value)
        told = {"before": f"{one.ref} {before}" if before else None, "after": f"{one.ref} {value}"}
        audit.record(session, cause, subject="account", subject_id=one.account_id, field=f"user_{field}", **told)
        return True


def _giving(session: Session, feature: str) -> list[Product]:
    """The products that give *feature*."""
    products = list(session.scalars(select(Product).order_by(Product.id)))
    giving = [each for each in products if feature in each.features or (not each.features and feature == each.code)]
    if not giving:
        known = sorted({name for each in products for name in (each.features or {each.code: []})})
        raise NotFound(f"No product gives {feature!r} (known: {', '.join(known[:20]) or 'none yet'}).", code="unknown_feature")
    return giving


def _users(session: Session, account: Account, user: str) -> list[VendorUser]:
    """The user, as each vendor that has him knows him."""
    meant = or_(VendorUser.ref == user, func.lower(VendorUser.email) == user.lower())
    here = and_(VendorUser.account_id == account.id, VendorUser.gone_at.is_(None))
    users = list(session.scalars(select(VendorUser).where(here, meant).order_by(VendorUser.id)))
    if not users:
        raise NotFound(f"Account {account.ref} has no user {user!r}; see: isp-addons users list", code="unknown_user")
    return users


def _subscriptions(session: Session, cause: Cause, account: Account, product: Product) -> list[Subscription]:
    """Those of the account's subscriptions of *product* that are on at the moment, and trials whose time is not over yet."""
    mine = and_(Subscription.account_id == account.id, Subscription.product_id == product.id)
    dated = or_(Subscription.plan.in_(_DATED), Subscription.status == Status.ENDING.value)
    paid = or_(~dated, Subscription.paid_until.is_(None), Subscription.paid_until > cause.at)
    running = list(session.scalars(select(Subscription).where(mine, Subscription.status.in_(_ON), paid)))
    if not running:
        return []
    taken_over = and_(Subscription.plan == Plan.TRIAL.value, Subscription.status == Status.ENDED.value)
    by_these = Subscription.ended_at.in_([each.ordered_at for each in running])
    rest = select(Subscription).where(mine, taken_over, by_these, Subscription.paid_until > cause.at)
    return [*running, *session.scalars(rest)]


def _standing(
    session: Session,
    cause: Cause,
    subscription: Subscription,
    product: Product,
    account: Account,
    users: list[VendorUser],
    feature: str,
) -> Standing:
    """How the user stands to one subscription."""
    of_vendor = {each.id: each for each in users if each.vendor == product.vendor}
    given = and_(Seat.subscription_id == subscription.id, Seat.user_id.in_(of_vendor), Seat.returned_at.is_(None))
    holder = session.scalar(select(Seat.user_id).where(given).limit(1))
    schedule = schedule_of(product)
    return Standing(
        roles=frozenset(map(UserRole, product.features.get(feature, ()))),
        by_seat=product.kind == Kind.SEAT.value,
        account_wide=product.kind == Kind.ACCOUNT_WIDE.value or is_account_wide(product.options),
        is_trial=trial.was_for_everybody(subscription, product),
        is_open=schedule is not None and schedule.phase(cause.at, time_zone(account.time_zone)) is not Phase.ENFORCED,
        is_suspended=_is_suspended(session, cause, subscription),
        has_seat=holder is not None,
        is_activated=holder is None or not is_waiting(of_vendor[holder]),
    )


def _is_suspended(session: Session, cause: Cause, subscription: Subscription) -> bool:
    begun = and_(Hold.since <= cause.at, Hold.lifted_at.is_(None), or_(Hold.until.is_(None), Hold.until > cause.at))
    return bool(session.scalar(select(exists().where(Hold.subscription_id == subscription.id, begun))))
