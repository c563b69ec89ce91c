"""A vendor where a person does every step, and some that break the contract in one way each."""

from typing import Any, ClassVar

from pydantic import Field

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    NeedsOperator,
    Secret,
    SuspendKind,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)


class ConsoleOptions(VendorOptions):
    console: str = Field(description="Address of the vendor's console.")
    pin: Secret = Field(description="The shop's PIN at the vendor.")


class ByHand(VendorPlugin[ConsoleOptions]):
    Options: ClassVar[type[VendorOptions]] = ConsoleOptions
    capabilities = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, ends_by_itself=False)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Any:
        return self.task("Create the account", licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Any:  # noqa: ARG002
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Any:
        return self.task("Lock the account", licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Any:
        return self.task("Unlock the account", licence)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Any:
        return self.task(f"Change the seats from {old_quantity}", licence)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Any:
        return self.task("Close the account", licence)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        return CheckReport(("Every step is an operator's task.",))

    def task(self, what: str, licence: LicenceView) -> NeedsOperator:
        return NeedsOperator(
            instructions=f"At {self.context.options.console}: {what} {licence.account}, {licence.quantity} seats."
        )


class PretendsToBlock(ByHand):
    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:  # noqa: ARG002
        return Done()


class AsksToDeleteToSuspend(ByHand):
    @hookimpl
    def on_block(self, licence: LicenceView) -> NeedsOperator:
        return self.task("Close the account", licence)


class LeavesTheQuantityOut(ByHand):
    def task(self, what: str, licence: LicenceView) -> NeedsOperator:
        return NeedsOperator(instructions=f"{what} {licence.account}.")


class ShowsItsPin(ByHand):
    def task(self, what: str, licence: LicenceView) -> NeedsOperator:
        told = super().task(what, licence).instructions
        return NeedsOperator(instructions=f"{told} The PIN is {self.context.options.pin.get_secret_value()}.")


class DoesMoreThanItDeclares(ByHand):
    capabilities = Capabilities(suspends=SuspendKind.NONE, ends_by_itself=False)


class TellsEachTimeAnew(ByHand):
    told = 0

    def task(self, what: str, licence: LicenceView) -> NeedsOperator:
        self.told += 1
        return NeedsOperator(instructions=f"{super().task(what, licence).instructions} Task {self.told}.")


class NamesNoEnd(ByHand):
    capabilities = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True)


class NamesNoLaterEnd(NamesNoEnd):
    """Its order names the end, but nobody is told when a payment moves it."""

    @hookimpl
    def on_order(self, licence: LicenceView) -> Any:
        return self.task(f"Create, with the end {licence.paid_until:%Y-%m-%d}, the account", licence)
