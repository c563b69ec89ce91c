"""AxCrypt Business through a reseller's account: people create customers, buy licences, remove and bring back members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    Instructions,
    LicenceView,
    NeedsOperator,
    Outcome,
    SuspendKind,
    Unsupported,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)

__all__ = ["AxCrypt", "AxCryptOptions", "SuspendBy"]

_TOLD = Instructions("isp_addons_axcrypt")


class SuspendBy(StrEnum):
    """What suspending is: taking the licences from the members, who are listed and brought back, or nothing."""

    REMOVING_MEMBERS = "removing_members"
    NONE = "none"


class AxCryptOptions(VendorOptions):
    """One reseller's account at AxCrypt."""

    reseller: str = Field(
        min_length=1, max_length=100, examples=["reseller@isp.example"], description="The e-mail of your reseller account."
    )
    auto_renews: bool = Field(
        default=True,
        description="AxCrypt renews each subscription by itself with your payment method; no: a person buys each period.",
    )
    suspend_by: SuspendBy = Field(
        default=SuspendBy.REMOVING_MEMBERS,
        description="What suspending is: removing_members (listed first, added again when paid), or none.",
    )
    due_hours: int | None = Field(
        default=None, ge=1, le=8760, description="After how many hours a task is overdue, instead of the installation's."
    )

    @property
    def due_in(self) -> timedelta | None:
        """After how long a task is overdue; None = as the installation is set."""
        return None if self.due_hours is None else timedelta(hours=self.due_hours)


_SHOWN = 2500


def _joined(users: Sequence[str]) -> str:
    """The members in one line; of very many the first ones and how many more there are. A dash for nobody."""
    shown: list[str] = []
    for user in users:
        if sum(map(len, shown)) + 2 * len(shown) + len(user) > _SHOWN:
            return f"{', '.join(shown)} … (+{len(users) - len(shown)})"
        shown.append(user)
    return ", ".join(shown) or "-"


class AxCrypt(VendorPlugin[AxCryptOptions]):
    """One reseller. AxCrypt publishes no interface for members or resellers: every step is an operator's task."""

    Options: ClassVar[type[VendorOptions]] = AxCryptOptions

    @property
    def capabilities(self) -> Capabilities:
        """See `VendorPlugin.capabilities`. Licences are without end where AxCrypt renews them by itself."""
        kind = SuspendKind.STATE if self._suspends else SuspendKind.NONE
        return Capabilities(suspends=kind, endless=self.context.options.auto_renews, changes_quantity=True, invites_users=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Outcome:
        """Have the customer's organisation created with as many licences as members."""
        return self._task("order", licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Outcome:
        """A subscription that renews itself needs nothing; one with an end is renewed to it, and no further."""
        return Done() if licence.paid_until is None else self._task("until", licence)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Outcome:
        """Have the members listed and removed; the subscription and its licences stay, and its period runs on."""
        return self._suspend("block", licence)

    @hookimpl
    def before_period_end(self, licence: LicenceView) -> Outcome:
        """As `on_block`; also automatic renewal off, so that no unpaid period is bought."""
        return self._suspend("before_period_end", licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Outcome:
        """Have the same members added again, and the period renewed if it has ended meanwhile."""
        return self._suspend("unblock", licence)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Outcome:
        """More licences are bought to the end of the current period; fewer are renewed from the next one on."""
        name = "more" if licence.quantity > old_quantity else "fewer"
        return self._task(name, licence, old=old_quantity, by=abs(licence.quantity - old_quantity))

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Outcome:
        """Have it not renewed any more, and the members removed."""
        return self._task("cancel", licence)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """Say how it works. AxCrypt itself is not asked: it has no interface for it."""
        renews = "AxCrypt renews by itself." if self.context.options.auto_renews else "A person buys each period."
        suspends = "Suspending removes the members, who are listed first." if self._suspends else "It cannot suspend."
        return CheckReport(("AxCrypt publishes no interface: every step is an operator's task.", renews, suspends))

    @property
    def _suspends(self) -> bool:
        return self.context.options.suspend_by is SuspendBy.REMOVING_MEMBERS

    def _suspend(self, name: str, licence: LicenceView) -> Outcome:
        if not self._suspends:
            message = "AxCrypt cannot suspend (suspend_by = none); nothing else is done instead."
            raise Unsupported(message, action=f"{name} {licence.key}")
        return self._task(name, licence)

    def _task(self, name: str, licence: LicenceView, *, old: int = 0, by: int = 0) -> NeedsOperator:
        options = self.context.options
        return _TOLD.tell(
            name,
            language=self.context.language,
            due_in=options.due_in,
            reseller=options.reseller,
            account=licence.account,
            key=licence.key,
            quantity=licence.quantity,
            old=old,
            by=by,
            until=f"{licence.paid_until:%Y-%m-%d %H:%M} UTC" if licence.paid_until else "-",
            starts=f"{licence.suspend_from:%Y-%m-%d %H:%M} UTC" if licence.suspend_from else "-",
            reference=licence.reference or "-",
            users=_joined(licence.users),
        )
