"""Vendors of other kinds that keep the contract too."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from isp_addons.vendor_api import (
    Capabilities,
    Done,
    LicenceView,
    NeedsOperator,
    Pending,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unsupported,
    hookimpl,
)
from isp_addons.vendor_api.stand_in import StandIn
from unit.testing.sample_vendor import Sample, SampleStandIn


class CannotSuspendChangeOrList(Sample):
    """The contract asks little of it: what it does not declare is refused."""

    capabilities = Capabilities(suspends=SuspendKind.NONE)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        raise Unsupported("it cannot suspend", action=f"on_block {licence.key}")

    on_unblock = on_change = list_licences = None  # type: ignore[assignment]


class TakesItsTime(Sample):
    """Blocking is accepted first, and done when it is read a minute later."""

    @hookimpl
    def on_block(self, licence: LicenceView) -> Pending:  # type: ignore[override]
        self.write("PATCH", licence.key, {"state": "pending"})
        return Pending(poll_after=timedelta(minutes=1))

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        has = Sample.read_licence(self, licence)
        if has.state is SeenState.PENDING:
            self.write("PATCH", licence.key, {"state": "suspended"})
        return has


class WithOperator(Sample):
    """A person changes things at the vendor's console; the vendor itself can only be read."""

    @classmethod
    def sandbox(cls, **settings: Any) -> StandIn:
        return Console(**settings)

    @hookimpl
    def on_order(self, licence: LicenceView) -> NeedsOperator:  # type: ignore[override]
        return _task("create", licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> NeedsOperator:  # type: ignore[override]
        return _task("extend", licence)

    @hookimpl
    def on_block(self, licence: LicenceView) -> NeedsOperator:  # type: ignore[override]
        return _task("suspend", licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> NeedsOperator:  # type: ignore[override]
        return _task("resume", licence)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> NeedsOperator:  # type: ignore[override]
        return _task(f"change from {old_quantity}", licence)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> NeedsOperator:  # type: ignore[override]
        return _task("end", licence)


class Console(SampleStandIn):
    """The same vendor, with a person who does what he is asked to."""

    def perform(self, hook: str, licence: LicenceView) -> None:
        row = next((row for row in self.rows if row.key == licence.key), None)
        if hook == "on_order" and row is None:
            row = self._new(licence.key)
        if row is None:
            return
        until = licence.paid_until.isoformat() if licence.paid_until else row.until
        changes: dict[str, dict[str, Any]] = {
            "on_order": {"state": "active", "until": until, "quantity": licence.quantity},
            "on_charge": {"until": until},
            "on_block": {"state": "suspended"},
            "on_unblock": {"state": "active"},
            "on_change": {"quantity": licence.quantity},
            "on_cancel": {"state": "ended"},
        }
        for name, value in changes[hook].items():
            setattr(row, name, value)


def _task(what: str, licence: LicenceView) -> NeedsOperator:
    shown = replace(licence, options={})
    return NeedsOperator(instructions=f"At the console, {what}: {shown.key}, account {shown.account}, {shown.quantity} units.")
