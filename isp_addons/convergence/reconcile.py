"""Compares what a vendor has with what we believe, and writes it into *seen*: the loop then repairs what the rule allows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.convergence.answers import seen_by
from isp_addons.convergence.delivery import view
from isp_addons.domain.cause import Cause
from isp_addons.domain.drift import DriftKind, VendorHas, drift
from isp_addons.domain.licence import SeenState, WantedState, next_step
from isp_addons.domain.problem import Problem, Refused
from isp_addons.host import Vendor
from isp_addons.store import audit, leases
from isp_addons.store.engine import Store
from isp_addons.store.leases import Leased
from isp_addons.store.tables import Licence, VendorState
from isp_addons.vendor_api import SeenLicence, Unsupported, VendorError

_PAGE = 2000


class ListingFailed(Problem):
    """The vendor's list did not come whole: what is missing in it is unknown, not absent, so nothing was compared."""

    code = "listing_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference; ``licence`` is our key, ``account`` whose it is, as far as known."""

    vendor: str
    kind: DriftKind
    licence: str
    account: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class _Case:
    """One licence of ours, or of nobody's, beside what the vendor has."""

    ours: Leased | None
    theirs: SeenLicence | None
    seen_at: datetime | None = None


def reconcile(
    store: Store,
    vendor: Vendor,
    cause: Cause,
    *,
    apply: bool = False,
    progress: Callable[[int], None] = lambda _count: None,
) -> list[Drift]:
    """List all that *vendor* has, and compare. Raises `ListingFailed` when the list is cut off; then nothing is changed.

    A vendor that cannot list, but reads many licences at once, is asked about all of ours; what is nobody's stays unseen there.

    A licence with a call due or in flight is left out: the loop is at it. Each difference is read once more on its own, so
    that what changed while the list was read is not reported. Raises `Refused` for a vendor that an admin paused, or that
    cannot list.
    """
    _may_be_called(store, vendor)
    by_list = vendor.capabilities.lists or not vendor.reconciles
    theirs = _listing(vendor, progress) if by_list else _of_ours(store, vendor, progress)
    found: list[Drift] = []
    for listed in _cases(store, vendor.name, theirs, cause.at):
        case = _read_again(vendor, listed)
        kind = _kind(case)
        if kind is None:
            continue
        found.append(_describe(vendor.name, kind, case))
        if apply and case.ours is not None and case.theirs is not None:
            with store.write() as session:
                _write_seen(session, cause, case, case.ours, case.theirs)
    return found


def _may_be_called(store: Store, vendor: Vendor) -> None:
    with store.read() as session:
        who = session.scalar(select(VendorState.paused_by).where(VendorState.name == vendor.name))
    if who is not None:
        message = (
            f"The vendor {vendor.name} was paused by {who}, so it is not called; run: isp-addons vendors resume {vendor.name}"
        )
        raise Refused(message, code="vendor_paused")


def _listing(vendor: Vendor, progress: Callable[[int], None]) -> dict[str, SeenLicence]:
    theirs: dict[str, SeenLicence] = {}
    try:
        for page in vendor.list_licences():
            theirs.update({each.key: each for each in page})
            progress(len(theirs))
    except Unsupported as error:
        raise Refused(f"The vendor {vendor.name} cannot be reconciled: {error}", code="cannot_list") from error
    except VendorError as error:
        raise ListingFailed(
            f"The list of vendor {vendor.name} did not come whole ({error}); nothing was compared or changed. Try again."
        ) from error
    return theirs


def _of_ours(store: Store, vendor: Vendor, progress: Callable[[int], None]) -> dict[str, SeenLicence]:
    """What the vendor has of every licence of ours that is not over."""
    over = (Licence.wanted_state == WantedState.ENDED.value) & Licence.seen_state.in_((SeenState.ABSENT, SeenState.ENDED))
    theirs: dict[str, SeenLicence] = {}
    last = 0
    while True:
        with store.read() as session:
            page = (
                leases.details((Licence.vendor == vendor.name) & (Licence.id > last) & ~over).order_by(Licence.id).limit(_PAGE)
            )
            ours = [leases.leased(row) for row in session.execute(page)]
        try:
            theirs.update(vendor.read_all([view(each) for each in ours]))
        except VendorError as error:
            raise ListingFailed(
                f"The vendor {vendor.name} did not tell all of our licences ({error}); nothing was compared. Try again."
            ) from error
        progress(len(theirs))
        if len(ours) < _PAGE:
            return theirs
        last = ours[-1].id


def _cases(store: Store, vendor: str, theirs: dict[str, SeenLicence], now: datetime) -> Iterator[_Case]:
    """First ours, in pages, then what is left of theirs."""
    last = 0
    while True:
        with store.read() as session:
            ours = leases.details((Licence.vendor == vendor) & (Licence.id > last)).order_by(Licence.id).limit(_PAGE)
            page = [(leases.leased(row), row) for row in session.execute(ours)]
        for licence, row in page:
            last = licence.id
            has = theirs.pop(licence.key, None)
            busy = row.lease_owner is not None or (row.given_up_at is None and _differs(licence, now))
            case = _Case(licence, has, row.seen_at)
            if not busy and _kind(case) is not None:
                yield case
        if len(page) < _PAGE:
            break
    yield from (_Case(None, each) for each in theirs.values())


def _differs(licence: Leased, now: datetime) -> bool:
    return next_step(licence.both, now=now) is not None


def _read_again(vendor: Vendor, case: _Case) -> _Case:
    """The same with what the vendor says of this one licence; where it cannot be asked for one, what the list said."""
    if case.ours is None:
        return case
    try:
        return replace(case, theirs=vendor.read(view(case.ours)))
    except Unsupported:
        return case if case.theirs is not None else replace(case, theirs=SeenLicence(key=case.ours.key, state=SeenState.ABSENT))
    except VendorError:
        return replace(case, theirs=SeenLicence(key=case.ours.key, state=SeenState.UNKNOWN))


def _kind(case: _Case) -> DriftKind | None:
    has = VendorHas(case.theirs.state, case.theirs.quantity) if case.theirs is not None else None
    return drift(case.ours.both if case.ours else None, has)


def _describe(vendor: str, kind: DriftKind, case: _Case) -> Drift:
    ours, theirs = case.ours, case.theirs
    return Drift(
        vendor=vendor,
        kind=kind,
        licence=ours.key if ours else (theirs.key if theirs else ""),
        account=ours.account if ours else ((theirs.account or "") if theirs else ""),
        ours=f"{ours.both.wanted.state} × {ours.both.wanted.quantity}" if ours else "",
        theirs=f"{theirs.state} × {theirs.quantity}" if theirs else "absent",
    )


def _write_seen(session: Session, cause: Cause, case: _Case, ours: Leased, theirs: SeenLicence) -> None:
    """What the vendor has is what was seen, unless a call has told more since; a fresh chance for what was given up on."""
    seen = seen_by(theirs, ours.suspend_from, cause.at, split=ours.both.seen.split)
    result = session.execute(
        update(Licence)
        .where(Licence.id == ours.id, Licence.lease_owner.is_(None), Licence.seen_at.is_not_distinct_from(case.seen_at))
        .values(
            seen_state=seen.state.value,
            seen_quantity=seen.quantity,
            seen_split=seen.split,
            seen_end=leases.seconds(seen.paid_until),
            reassert_at=seen.reassert_at,
            seen_at=cause.at,
            next_try_at=cause.at,
            tries=0,
            failure=None,
            failure_text="",
            given_up_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    if result.rowcount:  # type: ignore[attr-defined]
        audit.record(
            session,
            cause,
            subject="licence",
            subject_id=ours.id,
            field="seen_state",
            before=ours.both.seen.state.value,
            after=seen.state.value,
        )
