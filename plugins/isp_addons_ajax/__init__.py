"""Ajax SIM and Cloud Storage: people activate them in Ajax PRO Desktop; hubs are locked and unlocked by the billing file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    Instructions,
    LicenceView,
    NeedsOperator,
    Outcome,
    Rejected,
    SuspendKind,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)
from isp_addons.vendor_api.account_file import AccountFile, AccountStanding
from isp_addons_ajax import billing_file, upload
from isp_addons_ajax.options import AjaxOptions, SuspendBy

__all__ = ["Ajax", "AjaxOptions"]

SERVICES: Mapping[str, str] = {"sim": "Ajax SIM", "cloud": "Ajax Cloud Storage"}
"""What a product's option ``service`` may be, and how Ajax calls it."""

_TOLD = Instructions("isp_addons_ajax")


class Ajax(VendorPlugin[AjaxOptions]):
    """One company in Ajax PRO Desktop. It publishes no interface for its services: every step is an operator's task.

    What it does publish is its billing file, which locks and unlocks hubs; see `isp_addons_ajax.billing_file`.
    """

    Options: ClassVar[type[VendorOptions]] = AjaxOptions
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=True, changes_quantity=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Outcome:
        """Have the service activated in the account's space. Raises `Rejected` for a product without a known service."""
        return self._task("order", licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Outcome:
        """A running service renews itself; one with an end is made to end then."""
        return Done() if licence.paid_until is None else self._task("end", licence)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Outcome:
        """Have the account's hubs locked; the service itself runs on. Ajax billing file, field ``blocked``."""
        return self._task("lock_by_file" if self._by_file else "lock", licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Outcome:
        """Have the account's hubs unlocked."""
        return self._task("unlock_by_file" if self._by_file else "unlock", licence)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Outcome:
        """Have devices added or removed."""
        return self._task("change", licence, old=old_quantity)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Outcome:
        """Have the service ended; of a SIM also that it is off. Ajax support: stopping the service now switches the SIM off."""
        return self._task("cancel_sim" if licence.options.get("service") == "sim" else "cancel", licence)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """Say how hubs are locked. Ajax itself is not asked: it has no interface for it."""
        options = self.context.options
        found = ["Ajax publishes no interface for its services: every step is an operator's task."]
        if self._by_file:
            found.append("Hubs are locked by the billing file: isp-addons ajax billing-file.")
            by = "upload_command uploads it." if options.upload_command else "A person uploads it."
            found.append(
                by if options.billing_file_dir else f"{by} Set billing_file_dir, or give each file's folder with --out."
            )
        return CheckReport(tuple(found))

    def account_file(self, standings: Sequence[AccountStanding], *, at: datetime) -> AccountFile:
        """See `isp_addons.vendor_api.account_file.TakesAccountFile.account_file`."""
        return billing_file.written(standings, vendor=self.context.name, at=at)

    def file_folder(self) -> Path | None:
        """See `isp_addons.vendor_api.account_file.TakesAccountFile.file_folder`."""
        return self.context.options.billing_file_dir

    def upload(self, path: Path) -> bool:
        """See `isp_addons.vendor_api.account_file.TakesAccountFile.upload`."""
        options = self.context.options
        if options.upload_command is None:
            return False
        upload.run(options.upload_argv, path, time_limit=options.upload_seconds)
        return True

    @property
    def _by_file(self) -> bool:
        return self.context.options.suspend_by is SuspendBy.BILLING_FILE

    def _task(self, name: str, licence: LicenceView, *, old: int = 0) -> NeedsOperator:
        service = SERVICES.get(licence.options.get("service", ""))
        if service is None:
            message = f"the product {licence.product} needs the option service: {' or '.join(SERVICES)}."
            raise Rejected(
                message, action=f"{name} {licence.key}", hint="Give it with: isp-addons products add … --option service=…"
            )
        return _TOLD.tell(
            name,
            language=self.context.language,
            due_in=self.context.options.due_in,
            vendor=self.context.name,
            company=self.context.options.company,
            account=licence.account,
            key=licence.key,
            service=service,
            plan=licence.options.get("plan", "-"),
            quantity=licence.options.get("devices", licence.quantity),
            old=old,
            until=f"{licence.paid_until:%Y-%m-%d %H:%M} UTC" if licence.paid_until else "-",
            reference=licence.reference or "-",
        )
