"""Who has a subscription, and its pool of seats. Changes are made by `isp_addons.services.seat_changes`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import Kind
from isp_addons.domain.cause import Cause
from isp_addons.domain.permission import Permission
from isp_addons.domain.seats import Pool, is_account_wide
from isp_addons.domain.subscription import Status
from isp_addons.services import access, find, trial
from isp_addons.services.context import Context
from isp_addons.store import users
from isp_addons.store.tables import Product, Seat, Subscription, VendorUser

_ON = (Status.RUNNING.value, Status.ENDING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """One user who has the product. ``given_at`` None: he has it because everybody has it; ``state``: active or invited."""

    reference: str
    email: str
    name: str
    role: str
    state: str
    given_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Who has a subscription, and its pool; ``pool`` None: everybody of the account has it. ``in_trial``: while it is tried."""

    subscription: int
    pool: Pool | None
    rows: tuple[SeatRow, ...]
    in_trial: bool = False


def seats(context: Context, cause: Cause, *, subscription_id: int, limit: int) -> Seats:
    """Who has the subscription. Raises `NotFound` (``unknown_subscription``, ``not_yours``), `Refused` (``not_permitted``)."""
    with context.store.read() as session:
        query = select(Subscription, Product).join(Product, Product.id == Subscription.product_id)
        found = session.execute(query.where(Subscription.id == subscription_id)).one_or_none()
        if found is None:
            raise access.missing(session, cause, Permission.SEE, find.unknown_subscription(subscription_id))
        subscription, product = found
        access.require_account(session, cause, Permission.SEE, account_id=subscription.account_id)
        in_trial = trial.is_for_everybody(subscription, product)
        if in_trial or product.kind == Kind.ACCOUNT_WIDE.value or is_account_wide(product.options):
            rows = _everybody(session, subscription, product, limit)
            return Seats(subscription=subscription_id, pool=None, rows=rows, in_trial=in_trial)
        standing = (
            select(VendorUser, Seat.given_at)
            .join(Seat, Seat.user_id == VendorUser.id)
            .where(Seat.subscription_id == subscription_id, Seat.returned_at.is_(None))
            .order_by(VendorUser.email, VendorUser.id)
            .limit(limit)
        )
        rows = tuple(_row(user, given_at) for user, given_at in session.execute(standing))
        return Seats(subscription=subscription_id, pool=pool(session, subscription), rows=rows)


def pool(session: Session, subscription: Subscription) -> Pool:
    """The pool of one subscription; while a trial takes anybody in, as large as those who are in it."""
    assigned = users.standing_seats(session, subscription_id=subscription.id)
    return Pool(total=max(subscription.quantity, assigned), assigned=assigned)


def is_waiting(user: VendorUser) -> bool:
    """Whether *user* was invited and has not activated his account yet."""
    return user.invited_at is not None and user.activated_at is None


def _everybody(session: Session, subscription: Subscription, product: Product, limit: int) -> tuple[SeatRow, ...]:
    if subscription.status not in _ON:
        return ()
    theirs = users.of_account(vendor=str(product.vendor), account_id=subscription.account_id)
    return tuple(_row(user, None) for user in session.scalars(theirs.limit(limit)))


def _row(user: VendorUser, given_at: datetime | None) -> SeatRow:
    state = "invited" if is_waiting(user) else "active"
    return SeatRow(reference=user.ref, email=user.email, name=user.name, role=user.role, state=state, given_at=given_at)
