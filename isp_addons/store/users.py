"""Users of vendors and their seats in the database: who is there, who has a seat, what happens when somebody goes."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import Kind, TrialEnd
from isp_addons.domain.cause import Cause
from isp_addons.domain.subscription import Plan
from isp_addons.store import audit, scratch
from isp_addons.store.tables import Account, Licence, Meta, Product, Seat, Subscription, VendorUser
from isp_addons.vendor_api import VendorUser as Told

GONE = "the user is gone at the vendor, so the seat is free again"
MOVED = "the user belongs to another account, so the seat is free again"
OVER = "the subscription is over, so the seat is free again"

_PART = 500


def address() -> ColumnElement[str]:
    """How a user is named for people: the e-mail address, or the vendor's own id where there is none."""
    return func.coalesce(func.nullif(VendorUser.email, ""), VendorUser.ref)


def of_account(*, vendor: str, account_id: int) -> Select[VendorUser]:
    """The users of one account that the vendor has now."""
    here = and_(VendorUser.vendor == vendor, VendorUser.account_id == account_id, VendorUser.gone_at.is_(None))
    return select(VendorUser).where(here).order_by(VendorUser.email, VendorUser.id)


def put(session: Session, cause: Cause, told: Told, *, vendor: str, account_id: int) -> VendorUser:
    """Write down that the vendor has this user; the audit says when he came, came back, or belongs to another account."""
    user = find(session, vendor=vendor, reference=told.reference)
    if user is not None and user.gone_at is None and user.account_id != account_id:
        return_seats(session, replace(cause, why=MOVED), users=[user.id])
        _note(session, cause, user.account_id, before=told, after=None)
    if user is None or user.gone_at is not None or user.account_id != account_id:
        _note(session, cause, account_id, before=None, after=told)
    if user is None:
        user = VendorUser(vendor=vendor, ref=told.reference)
    user.account_id, user.email, user.name = account_id, told.email, told.name
    user.seen_at, user.gone_at = cause.at, None
    session.add(user)
    session.flush()
    return user


def bury(session: Session, cause: Cause, told: Told, *, vendor: str, account_id: int) -> int:
    """Write down that the vendor has this user no more; returns how many seats went back to their pools.

    One whom we never knew is written down as gone: that he came may be told only after that he went.
    """
    user = find(session, vendor=vendor, reference=told.reference)
    if user is None:
        gone = VendorUser(account_id=account_id, vendor=vendor, ref=told.reference, email=told.email, name=told.name)
        gone.seen_at = gone.gone_at = cause.at
        session.add(gone)
        session.flush()
        return 0
    return leave(session, cause, user)


def leave(session: Session, cause: Cause, user: VendorUser) -> int:
    """*user* is gone; returns how many seats went back. Twice: nothing more happens."""
    if user.gone_at is not None:
        return 0
    user.gone_at = cause.at
    session.flush()
    told = Told(reference=user.ref, account="", email=user.email)
    _note(session, cause, user.account_id, before=told, after=None)
    return return_seats(session, replace(cause, why=GONE), users=[user.id])


def find(session: Session, *, vendor: str, reference: str) -> VendorUser | None:
    """The user whom the vendor knows by *reference*, gone or not, locked until the transaction ends."""
    query = select(VendorUser).where(VendorUser.vendor == vendor, VendorUser.ref == reference)
    return session.scalar(query.with_for_update())


def named(session: Session, *, vendor: str, account_id: int, names: Collection[str]) -> list[VendorUser]:
    """Users of the account whom one of *names* may mean, by the vendor's id or e-mail address, locked: nobody goes."""
    found: dict[int, VendorUser] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), _PART):
        part = ordered[start : start + _PART]
        meant = or_(VendorUser.ref.in_(part), func.lower(VendorUser.email).in_([each.lower() for each in part]))
        query = of_account(vendor=vendor, account_id=account_id).where(meant).with_for_update()
        found.update({each.id: each for each in session.scalars(query)})
    return list(found.values())


def seat_holders(session: Session, *, subscription_id: int) -> set[int]:
    """The ids of the users who have a seat of a subscription."""
    mine = select(Seat.user_id).where(Seat.subscription_id == subscription_id, Seat.returned_at.is_(None))
    return set(session.scalars(mine))


def give_seats(session: Session, cause: Cause, *, users: Sequence[int], subscription_id: int) -> None:
    """Give each of *users*, who have none, a seat of the subscription."""
    for start in range(0, len(users), _PART):
        part = users[start : start + _PART]
        session.execute(
            insert(Seat), [{"subscription_id": subscription_id, "user_id": each, "given_at": cause.at} for each in part]
        )
        given = and_(Seat.subscription_id == subscription_id, Seat.user_id.in_(part), Seat.returned_at.is_(None))
        _note_seats(session, cause, given, subscription=Seat.subscription_id, leaves=False)


def return_seats(session: Session, cause: Cause, *, users: Collection[int], subscription_id: int | None = None) -> int:
    """Give the standing seats of *users* back to their pools; those of one subscription, if it is named."""
    standing = and_(Seat.user_id.in_(users), Seat.returned_at.is_(None))
    if subscription_id is not None:
        standing = and_(standing, Seat.subscription_id == subscription_id)
    return _return(session, cause, standing)


def return_all_seats(session: Session, cause: Cause) -> int:
    """Give every standing seat of the subscriptions in `scratch.touched` back: they are over. Returns how many."""
    over = Seat.subscription_id.in_(select(scratch.touched.c.subscription_id))
    return _return(session, replace(cause, why=OVER), and_(over, Seat.returned_at.is_(None)))


def move_seats(session: Session, cause: Cause, *, before: int, after: int) -> int:
    """Move standing seats of subscription *before* to *after*, those given first, as many as its pool has; returns how many."""
    pool = select(Subscription.quantity).where(Subscription.id == after).scalar_subquery()
    mine = select(Seat.id).where(Seat.subscription_id == before, Seat.returned_at.is_(None))
    moving = list(session.scalars(mine.order_by(Seat.given_at, Seat.id).limit(pool)))
    for start in range(0, len(moving), _PART):
        part = Seat.id.in_(moving[start : start + _PART])
        _note_seats(session, cause, part, subscription=literal(before), leaves=True)
        _note_seats(session, cause, part, subscription=literal(after), leaves=False)
        session.execute(update(Seat).where(part).values(subscription_id=after).execution_options(synchronize_session=False))
    return len(moving)


def _return(session: Session, cause: Cause, standing: ColumnElement[bool]) -> int:
    _note_seats(session, cause, standing, subscription=Seat.subscription_id, leaves=True)
    result = session.execute(
        update(Seat).where(standing).values(returned_at=cause.at).execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _note_seats(
    session: Session, cause: Cause, seats: ColumnElement[bool], *, subscription: SQLColumnExpression[int], leaves: bool
) -> None:
    audit.record_all(
        session,
        cause,
        subject="subscription",
        subject_id=subscription,
        field="seat",
        before=address() if leaves else None,
        after=None if leaves else address(),
        where=select(Seat.id).select_from(Seat).join(VendorUser, VendorUser.id == Seat.user_id).where(seats),
    )


def standing_seats(session: Session, *, subscription_id: int) -> int:
    """How many seats of a subscription are given to users."""
    query = select(func.count()).select_from(Seat)
    return session.scalar(query.where(Seat.subscription_id == subscription_id, Seat.returned_at.is_(None))) or 0


def for_everybody(session: Session, *, licences: Collection[int]) -> set[int]:
    """Those of *licences* that every user of the account has: by the product's kind, or for as long as a trial runs."""
    tried = and_(
        Product.kind == Kind.SEAT.value, Product.trial_then == TrialEnd.END.value, Subscription.plan == Plan.TRIAL.value
    )
    query = (
        select(Licence.id)
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .join(Product, Product.id == Subscription.product_id)
        .where(Licence.id.in_(licences), or_(tried, Product.kind == Kind.ACCOUNT_WIDE.value))
    )
    return set(session.scalars(query))


def holders(session: Session, *, seats: Collection[int], everybody: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Who has the licences with these ids, by licence: those with a seat; all of the account for those of *everybody*."""
    by_seat = (
        select(Licence.id.label("licence"), address().label("address"))
        .join(Seat, and_(Seat.subscription_id == Licence.subscription_id, Seat.returned_at.is_(None)))
        .join(VendorUser, VendorUser.id == Seat.user_id)
        .where(Licence.id.in_(seats))
    )
    by_account = (
        select(Licence.id, address())
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .join(VendorUser, and_(VendorUser.account_id == Subscription.account_id, VendorUser.vendor == Licence.vendor))
        .where(Licence.id.in_(everybody), VendorUser.gone_at.is_(None))
    )
    found: dict[int, list[str]] = {}
    for licence, told in session.execute(union_all(by_seat, by_account)):
        found.setdefault(licence, []).append(told)
    return {licence: tuple(sorted(each)) for licence, each in found.items()}


def known(session: Session, *, vendor: str) -> dict[str, datetime | None]:
    """Every user of *vendor* that we know, by the vendor's id, and since when he is gone."""
    query = select(VendorUser.ref, VendorUser.gone_at).where(VendorUser.vendor == vendor)
    return {row.ref: row.gone_at for row in session.execute(query)}


def listed(session: Session, *, vendor: str | None, account: str | None, gone: bool, limit: int) -> Sequence[Row[Any]]:
    """Users (``VendorUser``) with their account (``ref``) and how many seats they have (``seats``)."""
    seats = (
        select(func.count())
        .select_from(Seat)
        .where(Seat.user_id == VendorUser.id, Seat.returned_at.is_(None))
        .scalar_subquery()
        .label("seats")
    )
    query = select(VendorUser, Account.ref, seats).join(Account, Account.id == VendorUser.account_id)
    query = query if vendor is None else query.where(VendorUser.vendor == vendor)
    query = query if account is None else query.where(Account.ref == account)
    query = query if gone else query.where(VendorUser.gone_at.is_(None))
    return session.execute(query.order_by(VendorUser.vendor, VendorUser.email, VendorUser.id).limit(limit)).all()


def next_listing(session: Session, *, vendor: str) -> tuple[datetime | None, int]:
    """When the users of *vendor* are to be listed again (None: never listed), and how often that has failed in a row."""
    value = session.scalar(select(Meta.value).where(Meta.name == _listing_name(vendor)))
    if value is None:
        return None, 0
    moment, tries = value.split()
    return datetime.fromisoformat(moment), int(tries)


def plan_listing(session: Session, *, vendor: str, at: datetime, tries: int = 0) -> None:
    """List the users of *vendor* again at *at*."""
    session.merge(Meta(name=_listing_name(vendor), value=f"{at.isoformat()} {tries}"))


def claim_listing(session: Session, *, vendor: str, now: datetime, patience: timedelta) -> int | None:
    """Take on the listing that is due: nobody else does for *patience*. Returns the tries that failed; None: not due.

    Call it while the vendor's state is locked.
    """
    moment, tries = next_listing(session, vendor=vendor)
    if moment is not None and moment > now:
        return None
    plan_listing(session, vendor=vendor, at=now + patience, tries=tries)
    return tries


def _listing_name(vendor: str) -> str:
    return f"users:{hashlib.sha256(vendor.encode()).hexdigest()[:30]}"


def _note(session: Session, cause: Cause, account_id: int, *, before: Told | None, after: Told | None) -> None:
    audit.record(
        session,
        cause,
        subject="account",
        subject_id=account_id,
        field="vendor_user",
        before=shown(before),
        after=shown(after),
    )


def shown(told: Told | None) -> str | None:
    """How the audit names a user."""
    return None if told is None else f"{told.reference} {told.email}".strip()
