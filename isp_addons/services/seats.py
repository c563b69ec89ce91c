"""Seats: a user of the account is given one unit of a subscription's pool, or gives it back. No vendor is called here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.domain.seats import Pool, by_hand, is_account_wide
from isp_addons.domain.subscription import Status
from isp_addons.services import find
from isp_addons.services.context import Context
from isp_addons.store import audit, changes, users
from isp_addons.store.tables import Product, Seat, Subscription, VendorUser

_ON = (Status.RUNNING.value, Status.ENDING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """One user who has the product. ``given_at`` None: he has it because the whole account has it."""

    reference: str
    email: str
    name: str
    given_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Who has a subscription, and its pool; ``pool`` None: it is for the whole account."""

    subscription: int
    pool: Pool | None
    rows: tuple[SeatRow, ...]


def assign(context: Context, cause: Cause, *, subscription_id: int, user: str) -> bool:
    """Give *user* (e-mail address or the vendor's id) a seat. Returns False when he has one.

    Raises `NotFound` (``unknown_subscription``, ``unknown_user``) and `Refused` (``account_level_addon``, ``no_free_seat``,
    ``no_users``, ``already_over``). While the subscription is suspended seats are given and returned as ever.
    """
    with context.store.write() as session:
        subscription, product = _subscription(context, session, subscription_id)
        chosen = _user(session, subscription, product, user)
        standing = select(Seat.id).where(
            Seat.subscription_id == subscription_id, Seat.user_id == chosen.id, Seat.returned_at.is_(None)
        )
        if session.scalar(standing) is not None:
            return False
        _pool(session, subscription).give()
        _pool_to_come(session, subscription).give()
        session.add(Seat(subscription_id=subscription_id, user_id=chosen.id, given_at=cause.at))
        audit.record(
            session,
            cause,
            subject="subscription",
            subject_id=subscription_id,
            field="seat",
            before=None,
            after=chosen.email or chosen.ref,
        )
        return True


def unassign(context: Context, cause: Cause, *, subscription_id: int, user: str) -> bool:
    """Take the seat of *user* back into the pool. Returns False when he had none. Raises as `assign` does."""
    with context.store.write() as session:
        subscription, product = _subscription(context, session, subscription_id)
        chosen = _user(session, subscription, product, user)
        return users.return_seats(session, cause, users=[chosen.id], subscription_id=subscription_id) > 0


def seats(context: Context, *, subscription_id: int, limit: int) -> Seats:
    """Who has the subscription. Raises `NotFound`."""
    with context.store.read() as session:
        query = select(Subscription, Product).join(Product, Product.id == Subscription.product_id)
        found = session.execute(query.where(Subscription.id == subscription_id)).one_or_none()
        if found is None:
            raise find.unknown_subscription(subscription_id)
        subscription, product = found
        if is_account_wide(product.options):
            return Seats(subscription=subscription_id, pool=None, rows=_everybody(session, subscription, product, limit))
        standing = (
            select(VendorUser, Seat.given_at)
            .join(Seat, Seat.user_id == VendorUser.id)
            .where(Seat.subscription_id == subscription_id, Seat.returned_at.is_(None))
            .order_by(VendorUser.email, VendorUser.id)
            .limit(limit)
        )
        rows = tuple(_row(user, given_at) for user, given_at in session.execute(standing))
        return Seats(subscription=subscription_id, pool=_pool(session, subscription), rows=rows)


def _subscription(context: Context, session: Session, subscription_id: int) -> tuple[Subscription, Product]:
    """A subscription whose seats may change, its account locked: no two are given the last seat."""
    subscription, _, product = find.subscription(session, subscription_id)
    by_hand(product.options, product=product.code)
    if product.vendor is None or not context.capabilities(product.vendor).has_users:
        raise Refused(f"{product.code} has no users who could be given seats.", code="no_users")
    if subscription.status not in _ON:
        raise Refused(f"Subscription {subscription_id} is {subscription.status}; order again.", code="already_over")
    return subscription, product


def _user(session: Session, subscription: Subscription, product: Product, named: str) -> VendorUser:
    """The one user of the account who is meant, locked: nobody is given a seat while he goes."""
    theirs = users.of_account(vendor=str(product.vendor), account_id=subscription.account_id).with_for_update()
    by_id = session.scalar(theirs.where(VendorUser.ref == named))
    if by_id is not None:
        return by_id
    found: Sequence[VendorUser] = session.scalars(theirs.where(_addressed(named)).limit(2)).all()
    if not found:
        raise NotFound(
            f"Subscription {subscription.id} has no user {named!r} in its account; see: isp-addons users list "
            f"--vendor {product.vendor}",
            code="unknown_user",
        )
    if len(found) > 1:
        raise Refused(f"Several users have the address {named}; name one by the vendor's id.", code="ambiguous_user")
    return found[0]


def _addressed(named: str) -> ColumnElement[bool]:
    return func.lower(VendorUser.email) == named.lower()


def _everybody(session: Session, subscription: Subscription, product: Product, limit: int) -> tuple[SeatRow, ...]:
    if subscription.status not in _ON:
        return ()
    theirs = users.of_account(vendor=str(product.vendor), account_id=subscription.account_id)
    return tuple(_row(user, None) for user in session.scalars(theirs.limit(limit)))


def _pool(session: Session, subscription: Subscription) -> Pool:
    return Pool(total=subscription.quantity, assigned=users.standing_seats(session, subscription_id=subscription.id))


def _pool_to_come(session: Session, subscription: Subscription) -> Pool:
    """The pool of the next period: where less is to come, no more seats are given than there will be."""
    pending = changes.pending_of(session, subscription.id)
    pool = _pool(session, subscription)
    return pool if pending is None else Pool(total=min(pool.total, pending.quantity), assigned=pool.assigned)


def _row(user: VendorUser, given_at: datetime | None) -> SeatRow:
    return SeatRow(reference=user.ref, email=user.email, name=user.name, given_at=given_at)
