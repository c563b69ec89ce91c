"""Users whom no vendor told us of: they are named by e-mail address, and invited by few statements, however many they are."""

from collections.abc import Mapping

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.store import audit
from isp_addons.store.tables import VendorUser

_PART = 500


def invite(session: Session, cause: Cause, addresses: Mapping[str, str], *, vendor: str, account_id: int) -> list[VendorUser]:
    """Write down users by our own name of each and his e-mail address; who was here before is here again.

    Each is active only once somebody says so.
    """
    found: list[VendorUser] = []
    names = list(addresses)
    for start in range(0, len(names), _PART):
        part = names[start : start + _PART]
        here = and_(VendorUser.vendor == vendor, VendorUser.ref.in_(part))
        known = set(session.scalars(select(VendorUser.ref).where(here).with_for_update()))
        if known:
            back = and_(VendorUser.vendor == vendor, VendorUser.ref.in_(known))
            session.execute(update(VendorUser).where(back).values(gone_at=None, seen_at=cause.at))
        about = {"vendor": vendor, "account_id": account_id, "seen_at": cause.at, "invited_at": cause.at}
        fresh = [{"ref": each, "email": addresses[each], **about} for each in part if each not in known]
        if fresh:
            session.execute(insert(VendorUser), fresh)
        audit.record_all(
            session,
            cause,
            subject="account",
            subject_id=VendorUser.account_id,
            field="vendor_user",
            before=None,
            after=VendorUser.ref + " " + VendorUser.email,
            where=select(VendorUser.id).where(here),
        )
        found += session.scalars(select(VendorUser).where(here))
    return found
