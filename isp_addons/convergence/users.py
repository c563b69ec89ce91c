"""Lists the users that a vendor has: whole, or not at all. What the list means is worked out elsewhere, after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from isp_addons.convergence import vendor_state
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.problem import Refused
from isp_addons.store import users
from isp_addons.store.engine import Store
from isp_addons.store.tables import VendorState
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import VendorError, VendorUser


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """All users of one vendor, and those whom we knew as the listing began, each with since when he was gone."""

    vendor: str
    users: tuple[VendorUser, ...]
    known: Mapping[str, datetime | None]


def read_list(store: Store, vendor: Vendor, *, limits: Limits, now: datetime) -> UserList:
    """List the users of *vendor*; how that went is what its breaker learns.

    Raises `Refused` (``no_users``, ``vendor_paused``) before anything is called, and the `VendorError` that broke the list off.
    """
    if not vendor.capabilities.has_users:
        raise Refused(f"The vendor {vendor.name} has no users who could be listed.", code="no_users")
    with store.read() as session:
        _not_paused_by_hand(session.scalar(select(VendorState).where(VendorState.name == vendor.name)), vendor.name)
        known = users.known(session, vendor=vendor.name)
    error: VendorError | None = None
    found: list[VendorUser] = []
    try:
        for page in vendor.list_users():
            found += page
    except VendorError as problem:
        error = problem
    with store.write() as session:
        state = vendor_state.of(session, vendor.name)
        vendor_state.learn(session, state, limits=limits, results=[error], now=now, probe=state.pauses > 0)
    if error is not None:
        raise error
    return UserList(vendor=vendor.name, users=tuple(found), known=known)


def _not_paused_by_hand(state: VendorState | None, name: str) -> None:
    if state is not None and state.paused_by is not None:
        raise Refused(
            f"The vendor {name} was paused by {state.paused_by}, so it is not called; run: isp-addons vendors resume {name}",
            code="vendor_paused",
        )
