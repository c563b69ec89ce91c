"""How each vendor fares, for an admin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, not_, select
from sqlalchemy.orm import Session

from isp_addons.domain.licence import SeenState, WantedState
from isp_addons.host import Host, VendorStatus
from isp_addons.store import leases
from isp_addons.store.engine import Store
from isp_addons.store.tables import Licence, Product, VendorState

MISSING = "missing"
"""The state of a vendor that the configuration has no section for any more."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Licences that differ from what is wanted, but whose vendor is not called; ``why`` in a word."""

    vendor: str
    licences: int
    why: str


def vendor_rows(store: Store, host: Host, *, now: datetime) -> list[dict[str, Any]]:
    """One row for each vendor: its state in a word, what waits for it, and why it does not work.

    After the configured ones come those that still have licences or products, but no section any more.
    """
    statuses = host.statuses()
    with store.read() as session:
        states = {row.name: row for row in session.scalars(select(VendorState))}
        waiting = unsettled(session)
        given_up: dict[str, int] = dict(
            session.execute(
                select(Licence.vendor, func.sum(case((Licence.given_up_at.is_not(None), 1), else_=0))).group_by(Licence.vendor)
            ).all()
        )
        notes = {each.name: each.error or _note(session, each, states.get(each.name)) for each in statuses}
        gone = missing(session, host)
    rows = [
        {
            "vendor": status.name,
            "plugin": status.plugin,
            "version": status.version,
            "state": _state(status, states.get(status.name), now),
            "note": notes[status.name],
        }
        for status in statuses
    ]
    rows += [{"vendor": name, "plugin": "", "version": "", "state": MISSING, "note": add_section(name)} for name in gone]
    return [{**row, "waiting": waiting.get(row["vendor"], 0), "given_up": given_up.get(row["vendor"], 0) or 0} for row in rows]


def missing(session: Session, host: Host) -> list[str]:
    """Vendors without a section, of which something is on sale or some licence has not ended."""
    gone = (SeenState.ABSENT.value, SeenState.ENDED.value)
    over = and_(Licence.wanted_state == WantedState.ENDED.value, Licence.seen_state.in_(gone))
    owners = session.scalars(select(Licence.vendor).where(not_(over)).distinct())
    sellers = session.scalars(select(Product.vendor).where(Product.vendor.is_not(None), Product.on_sale.is_(True)).distinct())
    return sorted({*owners, *filter(None, sellers)} - {*host.names()})


def add_section(name: str) -> str:
    """The next step for a vendor that is missing."""
    return (
        "It has licences or products, but no section: "
        f"add [vendor:{name}] again, or cancel its subscriptions and close its products."
    )


def left_out(store: Store, host: Host) -> list[LeftOut]:
    """What waits for vendors that are not called at all: disabled, broken, or without a section."""
    with store.read() as session:
        waiting = unsettled(session)
    why = {each.name: "broken" if each.enabled else "disabled" for each in host.statuses() if each.error or not each.enabled}
    known = host.names()
    return [
        LeftOut(name, count, why.get(name, "no section"))
        for name, count in sorted(waiting.items())
        if name in why or name not in known
    ]


def unsettled(session: Session) -> dict[str, int]:
    """How many licences of each vendor are not yet what is wanted, those that wait for their next try included."""
    query = select(Licence.vendor, func.count()).where(leases.unsettled()).group_by(Licence.vendor)
    return dict(session.execute(query).all())


def _note(session: Session, status: VendorStatus, row: VendorState | None) -> str:
    """Why it is paused; otherwise, for a vendor that is called, how the newest of the calls failed that will be tried again."""
    if row is not None and row.reason:
        return row.reason
    if not status.enabled:
        return ""
    failed = select(Licence.failure_text).where(Licence.vendor == status.name, leases.unsettled(), Licence.failure_text != "")
    return session.scalar(failed.order_by(Licence.next_try_at.desc(), Licence.id.desc()).limit(1)) or ""


def _state(status: VendorStatus, row: VendorState | None, now: datetime) -> str:
    if not status.enabled:
        return "disabled"
    if status.error:
        return "broken"
    if row is not None and row.paused_by is not None:
        return f"paused by {row.paused_by}"
    if row is not None and row.paused_until is not None and row.paused_until > now:
        return f"paused until {row.paused_until:%H:%M:%S}"
    return "works" if row is None or not row.failures else "unsteady"
