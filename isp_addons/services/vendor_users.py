"""What vendors tell of their users: taken in from webhooks and lists, each event once; who is gone leaves his seats behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import ConfigProblem, Problem, Refused, TryAgain
from isp_addons.services import find, inbox
from isp_addons.services.context import Context
from isp_addons.store import leases, user_list, users
from isp_addons.store.tables import Account, Licence, OperatorTask
from isp_addons.store.tables import Event as Row
from isp_addons.vendor_api import VendorEvent, VendorUser, VendorWord

_PART = 500
_FEW = 10
"""So many users may go by one list, whatever their share is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a list of users led to. ``skipped``: users whose account the billing does not have."""

    vendor: str
    users: int = 0
    came: int = 0
    left: int = 0
    seats_returned: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One user as an admin sees him. ``seats``: how many he was given by hand, over all subscriptions."""

    vendor: str
    account: str
    reference: str
    email: str
    name: str
    role: str
    seats: int
    seen_at: datetime
    gone_at: datetime | None


def store_now(context: Context, cause: Cause, *, vendor: str, events: Sequence[VendorEvent]) -> int:
    """Store what *vendor* told durably; what was told before is ignored. Returns how many events were new."""
    rows = [
        {
            "key": f"webhook:{vendor}:{event.key}",
            "word": event.word.value,
            "account_ref": event.user.account if event.user is not None else "",
            "source": inbox.FROM_VENDOR,
            "details": {"vendor": vendor, **_details(event)},
            "received_at": cause.at,
        }
        for event in {event.key: event for event in events}.values()
    ]
    if not rows:
        return 0
    with context.store.write() as session:
        return inbox.store(session, rows)


def handle(context: Context, cause: Cause, *, limit: int = _PART) -> int:
    """Handle waiting events of vendors, oldest first and *limit* at a time; returns how many of them are done.

    Events that must wait longer keep nobody else waiting: what comes after them is handled. An event about an account that
    the billing does not have is closed with the reason. Raises `TryAgain` and `ConfigProblem` while the billing or the database
    cannot be asked: events wait.
    """
    mine = Row.handled_at.is_(None) & (Row.source == inbox.FROM_VENDOR)
    last = 0
    while True:
        with context.store.read() as session:
            query = select(Row.id, Row.account_ref).where(mine, Row.id > last).order_by(Row.id).limit(limit)
            page = session.execute(query).all()
        found: dict[str, list[int]] = {}
        for event_id, ref in page:
            found.setdefault(ref, []).append(event_id)
        done = sum(_handle(context, cause, ref, ids) for ref, ids in found.items())
        if done or len(page) < limit:
            return done
        last = page[-1].id


def sync(
    context: Context,
    cause: Cause,
    *,
    vendor: str,
    listed: Sequence[VendorUser],
    known: Mapping[str, datetime | None],
    force: bool = False,
) -> Synced:
    """Take in the whole list of *vendor*: whoever is not in it is gone. One transaction, of few statements.

    Raises `Refused` (``brake``), and changes nothing, when more than half of the users would be gone (and more than 10): such
    a list is sooner a mistake than the truth. *force* takes it in.

    *known*: the users and since when they were gone as the listing began (`isp_addons.store.users.known`). Whoever came or
    went while it was read is left as he is: the list may be the older word.
    """
    by_reference = {each.reference: each for each in listed}
    refs = sorted({each.account for each in by_reference.values()})
    gathered = context.billing.gather(refs, at=cause.at)
    with context.store.write() as session:
        accounts = find.known_accounts(context, session, gathered, refs)
        before = user_list.before(session, vendor=vendor)
        steady = {ref for ref, each in before.items() if ref in known and each.gone_at == known[ref]}
        ours = {ref: told for ref, told in by_reference.items() if told.account in accounts}
        there = [(told, accounts[told.account].id) for ref, told in ours.items() if ref in steady or ref not in before]
        missing = steady - by_reference.keys()
        absent = [each for ref, each in before.items() if ref in missing and each.gone_at is None]
        if not force:
            _brake(vendor, gone=len(absent), of=sum(each.gone_at is None for each in before.values()))
        return Synced(
            vendor=vendor,
            users=len(ours),
            came=user_list.put_all(session, cause, there, vendor=vendor, known=before),
            left=len(absent),
            seats_returned=user_list.leave_all(session, cause, absent),
            skipped=len(by_reference) - len(ours),
        )


def listing(context: Context, *, vendor: str | None, account: str | None, gone: bool, limit: int) -> list[UserRow]:
    """The users that we know, gone ones too if *gone*."""
    with context.store.read() as session:
        return [
            UserRow(
                vendor=row.VendorUser.vendor,
                account=row.ref,
                reference=row.VendorUser.ref,
                email=row.VendorUser.email,
                name=row.VendorUser.name,
                role=row.VendorUser.role,
                seats=row.seats,
                seen_at=row.VendorUser.seen_at,
                gone_at=row.VendorUser.gone_at,
            )
            for row in users.listed(session, vendor=vendor, account=account, gone=gone, limit=limit)
        ]


def _brake(vendor: str, *, gone: int, of: int) -> None:
    if gone > _FEW and gone * 2 > of:
        raise Refused(
            f"By the list of vendor {vendor}, {gone} of its {of} users would be gone; nothing was changed. If they are, run: "
            f"isp-addons users sync {vendor} --force",
            code="brake",
        )


def _details(event: VendorEvent) -> dict[str, Any]:
    if event.user is None:
        return {"licence": event.licence_key}
    return {"reference": event.user.reference, "email": event.user.email, "name": event.user.name}


def _handle(context: Context, cause: Cause, ref: str, ids: Sequence[int]) -> int:
    """The events of one account, in one transaction."""
    try:
        gathered = context.billing.gather([ref], at=cause.at) if ref else None
    except (TryAgain, ConfigProblem):
        raise
    except Problem as problem:
        return _close_all(context, cause, ids, problem.message)
    with context.store.write() as session:
        known = find.known_accounts(context, session, gathered, [ref]) if gathered is not None else {}
        done = 0
        for event in _waiting(session, ids):
            outcome = _apply(session, cause, event, known.get(ref))
            if outcome is not None:
                event.handled_at, event.outcome = cause.at, outcome[:300]
                done += 1
        return done


def _waiting(session: Session, ids: Sequence[int]) -> Sequence[Row]:
    """Those of *ids* that nobody else is handling."""
    query = select(Row).where(Row.id.in_(ids), Row.handled_at.is_(None)).order_by(Row.id)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def _close_all(context: Context, cause: Cause, ids: Sequence[int], outcome: str) -> int:
    with context.store.write() as session:
        events = _waiting(session, ids)
        for event in events:
            event.handled_at, event.outcome = cause.at, outcome[:300]
        return len(events)


def _apply(session: Session, cause: Cause, event: Row, account: Account | None) -> str | None:
    """What came of one event; None: it must wait."""
    vendor, details = event.details["vendor"], event.details
    cause = Cause(actor=vendor, source=cause.source, at=cause.at, why=f"the vendor said {event.word}")
    if event.word == VendorWord.LICENCE_CHANGED:
        if _person_was_asked(session, vendor=vendor, key=details["licence"]):
            return "a person was asked about the licence; the answer tells"
        read = leases.read_anew(session, cause, vendor=vendor, key=details["licence"])
        return "the licence is read anew" if read else None
    if account is None:
        return find.unknown_account(event.account_ref).message
    told = VendorUser(reference=details["reference"], account=event.account_ref, email=details["email"], name=details["name"])
    if event.word == VendorWord.USER_DELETED:
        returned = users.bury(session, cause, told, vendor=vendor, account_id=account.id)
        return f"the user is gone ({returned} seats returned)"
    known = users.find(session, vendor=vendor, reference=told.reference)
    if known is not None and known.gone_at is not None:
        return "the user is gone already; if he came back, the next list of all users tells"
    users.put(session, cause, told, vendor=vendor, account_id=account.id)
    return "the user is here"


def _person_was_asked(session: Session, *, vendor: str, key: str) -> bool:
    mine = exists().where(Licence.id == OperatorTask.licence_id, Licence.vendor == vendor, Licence.key == key)
    query = select(OperatorTask.id).where(mine, OperatorTask.closed_at.is_(None))
    return session.scalar(query.limit(1)) is not None
