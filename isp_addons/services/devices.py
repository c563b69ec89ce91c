"""Devices of accounts that a vendor names by its own numbers, such as alarm hubs. None is ever deleted, only removed."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.event import parse_account
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.domain.text import parse_line
from isp_addons.services import find
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Account, Device


def add(context: Context, cause: Cause, *, account: str, ref: str, vendor: str, name: str = "") -> bool:
    """The device *ref* of *vendor* belongs to *account*. Returns False when that was known.

    Raises `Refused` (``device_taken``) while it belongs to another account, `NotFound` for an account that nobody has.
    """
    parse_account(account)
    parse_line(ref, name="device", most=64)
    if name:
        parse_line(name, name="name", most=120)
    context.capabilities(vendor)
    gathered = context.billing.gather([account], at=cause.at)
    with context.store.write() as session:
        owner = find.known_accounts(context, session, gathered, [account]).get(account)
        if owner is None:
            raise find.unknown_account(account)
        known = _standing(session, vendor, ref)
        if known is not None and known.account_id != owner.id:
            other = session.get_one(Account, known.account_id).ref
            first = f"isp-addons devices remove {ref} --vendor {vendor}"
            raise Refused(
                f"The device {ref} belongs to the account {other}; remove it there first: {first}", code="device_taken"
            )
        if known is not None:
            known.name = name or known.name
            return False
        device = Device(account_id=owner.id, vendor=vendor, ref=ref, name=name, added_at=cause.at, removed_at=None)
        session.add(device)
        session.flush()
        _record(session, cause, device, before=None, after=f"{ref} of {account}")
        return True


def remove(context: Context, cause: Cause, *, ref: str, vendor: str) -> bool:
    """The device is the account's no more. Returns False when it had been removed before; raises `NotFound`."""
    with context.store.write() as session:
        device = _standing(session, vendor, ref)
        if device is None:
            if session.scalar(select(Device.id).where(Device.vendor == vendor, Device.ref == ref).limit(1)) is None:
                raise NotFound(f"There is no device {ref!r} of the vendor {vendor}.", code="unknown_device")
            return False
        device.removed_at = cause.at
        _record(session, cause, device, before=ref, after=None)
        return True


def rows(session: Session, *, account: str | None, vendor: str | None, limit: int) -> list[dict[str, Any]]:
    """The devices that accounts have now."""
    query = select(Account.ref.label("account"), Device.vendor, Device.ref, Device.name, Device.added_at)
    query = query.join(Account, Account.id == Device.account_id).where(Device.removed_at.is_(None))
    query = query.order_by(func.length(Account.ref), Account.ref, Device.ref).limit(limit)
    if account is not None:
        query = query.where(Account.ref == account)
    if vendor is not None:
        query = query.where(Device.vendor == vendor)
    return [dict(row._mapping) for row in session.execute(query)]


def _standing(session: Session, vendor: str, ref: str) -> Device | None:
    query = select(Device).where(Device.vendor == vendor, Device.ref == ref, Device.removed_at.is_(None))
    return session.scalar(query.with_for_update())


def _record(session: Session, cause: Cause, device: Device, *, before: str | None, after: str | None) -> None:
    audit.record(session, cause, subject="device", subject_id=device.id, field="device", before=before, after=after)
