"""What a vendor behind the ISP's own code can do: declared in the settings, compared with what that code says of itself."""

from datetime import timedelta

from pydantic import Field, model_validator

from isp_addons.vendor_api import Capabilities, Rejected, SuspendKind, VendorOptions
from isp_addons_gateway import wire

_SWITCHES = {
    "can_schedule": "suspend from a later date",
    "changes_quantity": "change the quantity",
    "endless": "have licences without an end date",
    "lists": "list its licences",
}


class DeclaredOptions(VendorOptions):
    """The settings that say what the vendor can do. They are the truth: the product asks for nothing else."""

    suspends: SuspendKind = Field(
        default=SuspendKind.STATE,
        description="How the vendor suspends: state (a switch), block_window (dated), soft_cancel, or none (it cannot).",
    )
    can_schedule: bool = Field(default=False, description="The vendor can suspend from a later date.")
    changes_quantity: bool = Field(default=False, description="The quantity of a licence can be changed.")
    counts_seats: bool = Field(default=False, description="One licence for each seat; its quantity is always 1.")
    endless: bool = Field(default=False, description="The vendor has licences without an end date.")
    ends_by_itself: bool = Field(
        default=True, description="A licence stops by itself at its end date; with no it is suspended at that moment."
    )
    lists: bool = Field(default=False, description="The vendor can list all its licences, so it can be reconciled.")
    longest_suspension_days: int | None = Field(
        default=None, ge=1, le=36_500, description="Days after which the vendor ends a suspension by itself; never unless set."
    )
    page_size: int = Field(default=500, ge=1, le=10_000, description="Licences asked for in one part of a list.")

    @model_validator(mode="after")
    def _fit_together(self) -> "DeclaredOptions":
        if self.counts_seats and self.changes_quantity:
            raise ValueError("counts_seats means that the quantity is always 1: set changes_quantity = no")
        if self.suspends is SuspendKind.NONE and (self.can_schedule or self.longest_suspension_days is not None):
            raise ValueError("suspends = none leaves no room for can_schedule and longest_suspension_days")
        return self

    @property
    def longest_suspension(self) -> timedelta | None:
        """`longest_suspension_days` as a span of time."""
        return None if self.longest_suspension_days is None else timedelta(days=self.longest_suspension_days)

    @property
    def capabilities(self) -> Capabilities:
        """The same as the product wants it."""
        return Capabilities(
            suspends=self.suspends,
            can_schedule=self.can_schedule,
            changes_quantity=self.changes_quantity,
            counts_seats=self.counts_seats,
            endless=self.endless,
            ends_by_itself=self.ends_by_itself,
            lists=self.lists,
            longest_suspension=self.longest_suspension,
        )


def compared(options: DeclaredOptions, told: wire.Capabilities, *, teller: str) -> tuple[str, ...]:
    """What the vendor can do beyond what is declared, a sentence each. Raises `Rejected` when more is declared than it can.

    What *told* leaves open is not compared.
    """
    wrong, more = _switches(options, told)
    if told.suspends not in (None, options.suspends):
        if options.suspends is SuspendKind.NONE:
            more.append(f"suspend ({_setting('suspends', told.suspends)})")
        else:
            wrong.append(f"it suspends by {told.suspends}, not by {options.suspends} ({_setting('suspends', told.suspends)})")
    if told.counts_seats not in (None, options.counts_seats):
        seats = "counts seats" if told.counts_seats else "does not count seats"
        wrong.append(f"it {seats} ({_setting('counts_seats', told.counts_seats)})")
    longest, days = options.longest_suspension_days, told.longest_suspension_days
    if days is not None and (longest is None or longest > days) and options.suspends is not SuspendKind.NONE:
        wrong.append(f"it ends a suspension after {days} days ({_setting('longest_suspension_days', days)})")
    if wrong:
        raise Rejected(
            f"{teller} cannot do what the settings say: {'; '.join(wrong)}.",
            action="check_vendor",
            hint="Correct the vendor's section, or what stands behind it.",
        )
    return (f"It can also {', '.join(more)}.",) if more else ()


def _switches(options: DeclaredOptions, told: wire.Capabilities) -> tuple[list[str], list[str]]:
    wrong, more = [], []
    for name, does in _SWITCHES.items():
        can, declared = getattr(told, name), getattr(options, name)
        if can is False and declared:
            wrong.append(f"it cannot {does} ({_setting(name, False)})")
        elif can and not declared:
            more.append(f"{does} ({_setting(name, True)})")
    return wrong, more


def _setting(name: str, value: object) -> str:
    return f"{name} = {('yes' if value else 'no') if isinstance(value, bool) else value}"
