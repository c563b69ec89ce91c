"""Activation codes from a stock of our own: Kaspersky, ESET and Panda retail, or any other vendor. Nobody is called."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    Rejected,
    SeenLicence,
    SeenState,
    SuspendKind,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)

__all__ = ["Codes", "CodesOptions"]

SHOWN_AS = "activation_code"


class CodesOptions(VendorOptions):
    """When an admin is warned. The codes themselves are imported: ``isp-addons codes import``."""

    low_stock: int = Field(
        default=10, ge=0, le=1_000_000, description="Warn when fewer codes than this are free of an article; 0 = when none is."
    )
    expiry_warning_days: int = Field(
        default=30, ge=0, le=3650, description="Warn of free codes that can be activated for no longer than so many days."
    )


class Codes(VendorPlugin[CodesOptions]):
    """A stock of codes. The product takes the code with the money and carries it here; this shows it to the subscriber.

    There is nothing that could be suspended, changed or listed: those hooks are missing on purpose.
    """

    Options: ClassVar[type[VendorOptions]] = CodesOptions

    @property
    def capabilities(self) -> Capabilities:
        """See `VendorPlugin.capabilities`: one code for each seat and period, and no way back."""
        return Capabilities(suspends=SuspendKind.NONE, counts_seats=True, issues_codes=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        """Show the code that was taken with the order. Asked again, it is the same one."""
        return _show(licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Done:
        """Show the code that was taken with the charge of the period."""
        return _show(licence)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Done:  # noqa: ARG002 - there is nobody to tell
        """Nothing is left to do: no next code is issued, and what was shown stays what it is."""
        return Done()

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        """What the licence itself says: it has a reference once its first code was shown.

        No end is told, so that after a call whose outcome was lost the code is shown once more; that is harmless.
        """
        state = SeenState.ABSENT if licence.reference is None else SeenState.ACTIVE
        return SeenLicence(key=licence.key, state=state, reference=licence.reference, account=licence.account)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """There is no vendor to call; the stock is looked at by ``doctor`` itself."""
        return CheckReport(("The codes come from our own stock; no vendor is called.",))


def _show(licence: LicenceView) -> Done:
    if licence.code is None:
        raise Rejected(
            "No code was taken for this licence; its next one comes with its next charge.",
            action=f"show {licence.key}",
            hint="Orders that were imported have none.",
        )
    return Done(reference=licence.key, show={SHOWN_AS: licence.code})
