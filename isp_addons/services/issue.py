"""Issuing activation codes: taken from the stock in the same transaction as the money, or nothing is charged."""

import logging
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, literal, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Problem, Refused
from isp_addons.services.context import Context
from isp_addons.store import audit, codes, scratch
from isp_addons.store.codes import Need
from isp_addons.store.tables import ActivationCode, Hold, Licence, Subscription

log = logging.getLogger(__name__)

WAITS = "out_of_stock"
"""How the note of a hold begins whose subscription could be paid for, but waits for a code.

Where the billing takes the money itself, what waits is paid: its ``paid_until`` says until when, and its code is owed.
"""

_PART = 1000


def vendors(context: Context, session: Session) -> set[str]:
    """The vendors whose licences need a code for each period. One that cannot be asked now is known by its stock."""
    return {name for name, stocked in codes.stocked(session).items() if stocked or _issues_codes(context, name)}


def for_one(context: Context, session: Session, cause: Cause, *, subscription_id: int, start: datetime) -> None:
    """Take the codes of one subscription for the period from *start*. Raises `Refused` (``out_of_stock``)."""
    sellers = vendors(context, session)
    if not sellers:
        return
    query = codes.licences(literal(start, Subscription.ordered_at.type)).where(Licence.subscription_id == subscription_id)
    wanted = codes.needs(session, query, sellers)
    if codes.take(session, cause, wanted, wait=True):
        article = wanted[0].article[1]
        count = "no activation code" if len(wanted) == 1 else f"fewer than {len(wanted)} activation codes"
        message = f"There is {count} of {article} left; nothing was charged. Import codes with: isp-addons codes import"
        raise Refused(message, code="out_of_stock")


def refuse_while_held(context: Context, session: Session, *, subscription_id: int) -> None:
    """A code that is handed out cannot be suspended, so none is sold while a hold stands. Raises `Refused` (``held``).

    But for the forecast's, which says that the term is over: renewing lifts it.
    """
    mine = and_(Hold.subscription_id == subscription_id, Hold.owner != HoldOwner.FORECAST.value)
    standing = exists().where(mine, Hold.lifted_at.is_(None))
    vendor = session.scalar(select(Licence.vendor).where(Licence.subscription_id == subscription_id, standing).limit(1))
    if vendor is not None and vendor in vendors(context, session):
        message = (
            f"Subscription {subscription_id} is held, so no code is issued for it; nothing was charged. See: "
            f"isp-addons subscriptions show {subscription_id}"
        )
        raise Refused(message, code="held")


def needs(session: Session, sellers: Collection[str], start: ColumnElement[datetime]) -> list[Need]:
    """The needs of `scratch.renewing` for the period that *start*, a column of `scratch.funds`, names."""
    if not sellers:
        return []
    renewing, funds = scratch.renewing.c, scratch.funds.c
    query = (
        codes.licences(start)
        .join(scratch.renewing, renewing.subscription_id == Licence.subscription_id)
        .join(scratch.funds, funds.account_id == renewing.account_id)
    )
    return codes.needs(session, query, sellers)


def without_stock(session: Session, wanted: Collection[Need], *, now: datetime) -> set[int]:
    """The subscriptions of *wanted* of whose article not one code is free: their money is left for other add-ons."""
    gone = codes.sold_out(session, (need.article for need in wanted), now)
    return {need.subscription_id for need in wanted if need.article in gone}


def leave_out(session: Session, subscription_ids: Collection[int]) -> None:
    """Take subscriptions out of `scratch.renewing`: nothing is charged for them."""
    ids = list(subscription_ids)
    for start in range(0, len(ids), _PART):
        mine = scratch.renewing.c.subscription_id.in_(ids[start : start + _PART])
        session.execute(delete(scratch.renewing).where(mine))


def wait_for_codes(session: Session, cause: Cause, subscription_ids: Collection[int], *, paid: bool = False) -> int:
    """Note on the forecast's holds of these subscriptions that they wait for a code; returns how many did not before.

    *paid*: the billing takes the money itself, so that they wait for what is paid already.
    """
    told = "waits for a code; the billing charges the period itself" if paid else "waits for a code; nothing was charged"
    ids, fresh = sorted(subscription_ids), 0
    for start in range(0, len(ids), _PART):
        mine = (
            Hold.subscription_id.in_(ids[start : start + _PART]),
            Hold.owner == HoldOwner.FORECAST.value,
            Hold.lifted_at.is_(None),
            Hold.note.not_like(f"{WAITS}%"),
        )
        audit.record_all(
            session,
            cause,
            subject="subscription",
            subject_id=Hold.subscription_id,
            field=WAITS,
            before=None,
            after=told,
            where=select(Hold.id).where(*mine),
        )
        note = f"{WAITS}: no code was left"
        changed = session.execute(update(Hold).where(*mine).values(note=note).execution_options(synchronize_session=False))
        fresh += changed.rowcount  # type: ignore[attr-defined]
    if fresh:
        log.warning("out of stock: %s subscriptions wait for a code; see: isp-addons codes stock", fresh)
    return fresh


def forget_missed(session: Session, cause: Cause) -> None:
    """Who waited for a code of a period that is over waits no longer: it is the new period now that is paid or is not."""
    over = (
        select(Subscription.id)
        .join(scratch.funds, scratch.funds.c.account_id == Subscription.account_id)
        .where(scratch.funds.c.period_start <= cause.at, Subscription.paid_until <= cause.at)
    )
    session.execute(
        update(Hold)
        .where(
            Hold.subscription_id.in_(over),
            Hold.owner == HoldOwner.FORECAST.value,
            Hold.lifted_at.is_(None),
            Hold.note.like(f"{WAITS}%"),
        )
        .values(note=cause.why[:200])
        .execution_options(synchronize_session=False)
    )


def is_owed(note: str | None, paid_until: datetime | None, now: datetime) -> bool:
    """Whether a forecast's hold with that *note* stands for a code only: the running period is paid."""
    return note is not None and note.startswith(WAITS) and paid_until is not None and paid_until > now


def void_unseen(session: Session, cause: Cause, *, subscription_id: int) -> None:
    """What was reserved for a subscription that its vendor refused, and never shown, is sold to nobody else either."""
    mine = ActivationCode.licence_id.in_(select(Licence.id).where(Licence.subscription_id == subscription_id))
    session.execute(
        update(ActivationCode)
        .where(mine, ActivationCode.voided_at.is_(None))
        .values(voided_at=cause.at)
        .execution_options(synchronize_session=False)
    )


def _issues_codes(context: Context, vendor: str) -> bool:
    try:
        return context.capabilities(vendor).issues_codes
    except Problem:
        return False
