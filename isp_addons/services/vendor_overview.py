"""How each vendor fares, for an admin."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from isp_addons.host import Host, VendorStatus
from isp_addons.store import leases
from isp_addons.store.engine import Store
from isp_addons.store.tables import Licence, VendorState


def vendor_rows(store: Store, host: Host, *, now: datetime) -> list[dict[str, Any]]:
    """One row for each configured vendor: its state in a word, what waits for it, and why it does not work."""
    with store.read() as session:
        states = {row.name: row for row in session.scalars(select(VendorState))}
        waiting = unsettled(session)
        given_up: dict[str, int] = dict(
            session.execute(
                select(Licence.vendor, func.sum(case((Licence.given_up_at.is_not(None), 1), else_=0))).group_by(Licence.vendor)
            ).all()
        )
    return [
        {
            "vendor": status.name,
            "plugin": status.plugin,
            "version": status.version,
            "state": _state(status, states.get(status.name), now),
            "waiting": waiting.get(status.name, 0),
            "given_up": given_up.get(status.name, 0) or 0,
            "note": status.error or (states[status.name].reason if status.name in states else ""),
        }
        for status in host.statuses()
    ]


def unsettled(session: Session) -> dict[str, int]:
    """How many licences of each vendor are not yet what is wanted, those that wait for their next try included."""
    query = select(Licence.vendor, func.count()).where(leases.unsettled()).group_by(Licence.vendor)
    return dict(session.execute(query).all())


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
