"""Greenbone: customers of the vMSP portal, worked on by people; or users of an own server, suspended through GMP."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    Instructions,
    LicenceView,
    NeedsOperator,
    Outcome,
    Rejected,
    SeenLicence,
    SuspendKind,
    Unsupported,
    VendorContext,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)
from isp_addons_greenbone.options import GreenboneOptions, Mode

if TYPE_CHECKING:
    from isp_addons_greenbone.gmp import Gmp
    from isp_addons_greenbone.memory import Memory
    from isp_addons_greenbone.suspending import Suspending

__all__ = ["Greenbone", "GreenboneOptions", "Mode"]

_TOLD = Instructions("isp_addons_greenbone")
_MOST = 1_000_000


class Greenbone(VendorPlugin[GreenboneOptions]):
    """One vMSP account, or one server. Accounts are created, changed and ended by people in either mode."""

    Options: ClassVar[type[VendorOptions]] = GreenboneOptions

    @property
    def capabilities(self) -> Capabilities:
        """See `VendorPlugin.capabilities`. A person cancels in the portal in time; a server lets its users scan for ever."""
        return Capabilities(
            suspends=SuspendKind.STATE,
            endless=True,
            changes_quantity=True,
            ends_by_itself=self.context.options.mode is Mode.OPERATOR,
        )

    def __init__(self, context: VendorContext[GreenboneOptions]) -> None:
        super().__init__(context)
        self._gmp: Gmp | None = None
        self._memory: Memory | None = None
        self._suspending: Suspending | None = None
        options = context.options
        if options.mode is Mode.GMP and options.state_dir is not None:
            self._connect(options)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Outcome:
        """Have the account created, with its addresses split as ordered. Raises `Rejected` where nobody says how."""
        return self._task("order", licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Outcome:
        """A running account goes on by itself; in the portal one with an end is made to end then."""
        if licence.paid_until is None or self._suspending is not None:
            return Done()
        return self._task("until", licence)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Outcome:
        """Lock the account; its subscription stays. With GMP: see `isp_addons_greenbone.suspending`."""
        return self._task("lock", licence) if self._suspending is None else self._suspending.block(licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Outcome:
        """Unlock the account, with nothing lost."""
        return self._task("unlock", licence) if self._suspending is None else self._suspending.unblock(licence)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Outcome:
        """Have the number of addresses and their split changed."""
        same = old_quantity == licence.quantity
        return self._task("split" if same and licence.split else "change", licence, old=old_quantity)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Outcome:
        """Have the subscription cancelled."""
        return self._task("cancel", licence)

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        """Read the user through GMP. The vMSP portal has no interface: there it is `Unsupported`."""
        if self._suspending is None:
            message = "the vMSP portal has no interface to be read by (mode = operator)."
            raise Unsupported(message, action=f"read_licence {licence.key}")
        return self._suspending.read(licence)

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """With GMP: log in, look for a user, write to the folder. Else say that people do the work."""
        if self._gmp is None or self._memory is None:
            return CheckReport(("Greenbone publishes no interface for its vMSP portal: every step is an operator's task.",))
        version = self._gmp.version()
        self._gmp.user_with("check")
        return CheckReport((f"The server answers and lets us in: GMP {version}.", self._memory.check()))

    def _connect(self, options: GreenboneOptions) -> None:
        from isp_addons_greenbone.gmp import Gmp
        from isp_addons_greenbone.memory import Memory
        from isp_addons_greenbone.suspending import Suspending

        assert options.state_dir is not None  # noqa: S101 - the options have made sure of it
        self._gmp = Gmp(options.gvm_argv, time_limit=options.time_limit)
        self._memory = Memory(options.state_dir)
        self._suspending = Suspending(self._gmp, self._memory)

    def _task(self, name: str, licence: LicenceView, *, old: int = 0) -> NeedsOperator:
        internal, external = addresses(licence)
        return _TOLD.tell(
            name if self._suspending is None else f"gmp_{name}",
            language=self.context.language,
            due_in=self.context.options.due_in,
            account=licence.account,
            key=licence.key,
            quantity=licence.quantity,
            old=old,
            internal=internal,
            external=external,
            total=internal + external,
            until=f"{licence.paid_until:%Y-%m-%d %H:%M} UTC" if licence.paid_until else "-",
            reference=licence.reference or "-",
        )


def addresses(licence: LicenceView) -> tuple[int, int]:
    """How many internal and external addresses the licence is for: as it is split, or as many as its units have.

    Raises `Rejected` when neither the licence nor the product says it.
    """
    if licence.split:
        return licence.split.get("internal", 0), licence.split.get("external", 0)
    told = [licence.options.get(name, "0") for name in ("internal", "external")]
    if all(each.isascii() and each.isdecimal() and int(each) <= _MOST for each in told):
        internal, external = map(int, told)
        if internal + external:
            return internal * licence.quantity, external * licence.quantity
    message = (
        f"the product {licence.product} is not split into internal and external, and has no options internal and external: "
        "addresses of each kind in one unit."
    )
    hint = "In the catalogue: split: [internal, external]; or: isp-addons products add … --option internal=60"
    raise Rejected(message, action=f"addresses {licence.key}", hint=hint)
