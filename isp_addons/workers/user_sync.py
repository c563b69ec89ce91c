"""Brings what we know of vendors' users in line with the vendors' own lists: once a day, or when an admin asks."""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from isp_addons.clock import Clock
from isp_addons.convergence import users, vendor_state
from isp_addons.convergence.loop import Convergence
from isp_addons.convergence.reconcile import ListingFailed
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.problem import Problem, Refused
from isp_addons.domain.retry import FailureKind, next_try
from isp_addons.services import vendor_users
from isp_addons.services.context import Context
from isp_addons.services.vendor_users import Synced
from isp_addons.store import users as stored
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import RateLimited, VendorError

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
_LOOK_SECONDS = 60.0
_UNDER_WAY = timedelta(minutes=10)
"""How long nobody else lists the same users; a worker that dies meanwhile is succeeded then."""


@dataclass(frozen=True, slots=True)
class UserSync:
    """Lists users and takes them in."""

    context: Context
    convergence: Convergence

    def watch(self, clock: Clock, *, stop: threading.Event) -> None:
        """Look every minute until *stop* is set: beside everything else, since a vendor may take its time."""
        while not stop.is_set():
            self.run(clock.now())
            stop.wait(_LOOK_SECONDS)

    def run(self, now: datetime) -> dict[str, Synced]:
        """List the users of every vendor that has some and whose day is over. One vendor's trouble is its own.

        After a failure the list is asked for again as other calls are; wrong credentials wait for the next day or an admin.
        """
        done = {}
        for vendor in self.convergence.host.usable():
            try:
                if vendor.capabilities.has_users and (tries := self._claim(vendor, now)) is not None:
                    cause = Cause(actor="timetable", source=Source.TIMETABLE, at=now, why="the vendor's list of users")
                    done[vendor.name] = self._list(vendor, cause, tries=tries)
            except VendorError as error:
                log.warning("the users of vendor %s cannot be listed: %s", vendor.name, error)
            except Problem as problem:
                log.warning("the users of vendor %s cannot be taken in: %s", vendor.name, problem.message)
        return done

    def now(self, name: str, cause: Cause, *, force: bool = False) -> Synced:
        """List the users of the vendor *name* now. Raises `ListingFailed`, and `Refused` (``brake``) unless *force*.

        After either nothing was changed.
        """
        vendor = self.convergence.host.vendor(name)
        try:
            return self._list(vendor, cause, tries=0, force=force)
        except VendorError as error:
            raise ListingFailed(
                f"The users of vendor {name} did not come whole ({error}); nothing was changed. Try again."
            ) from error

    def _claim(self, vendor: Vendor, now: datetime) -> int | None:
        store = self.context.store
        with store.read() as session:
            moment, _ = stored.next_listing(session, vendor=vendor.name)
            if moment is not None and moment > now:
                return None
        with store.write() as session:
            if vendor_state.is_paused(vendor_state.of(session, vendor.name), now):
                return None
            return stored.claim_listing(session, vendor=vendor.name, now=now, patience=_UNDER_WAY)

    def _list(self, vendor: Vendor, cause: Cause, *, tries: int, force: bool = False) -> Synced:
        store, limits = self.context.store, self.convergence.limits.get(vendor.name, Limits())
        try:
            listed = users.read_list(store, vendor, limits=limits, now=cause.at)
        except VendorError as error:
            with store.write() as session:
                again = _again(error, tries=tries + 1, now=cause.at)
                stored.plan_listing(session, vendor=vendor.name, at=again, tries=tries + 1)
            raise
        try:
            done = vendor_users.sync(
                self.context, cause, vendor=vendor.name, listed=listed.users, known=listed.known, force=force
            )
        except Refused:
            self._tomorrow(vendor, cause)  # the same list would be refused again
            raise
        if done.skipped:
            log.warning("vendor %s: %s users belong to accounts that the billing does not have", vendor.name, done.skipped)
        self._tomorrow(vendor, cause)
        return done

    def _tomorrow(self, vendor: Vendor, cause: Cause) -> None:
        with self.context.store.write() as session:
            stored.plan_listing(session, vendor=vendor.name, at=cause.at + EVERY)


def _again(error: VendorError, *, tries: int, now: datetime) -> datetime:
    """When to list again after *error*: never at once where repeating it would get the same answer."""
    if error.kind is FailureKind.UNAUTHORISED:
        return now + EVERY
    until = error.until if isinstance(error, RateLimited) else None
    return next_try(error.kind, tries=tries, now=now, jitter=0.0, not_before=until) or now + EVERY
