"""Bundles: one subscription for up to so many devices, which may be swapped at any time."""

from dataclasses import dataclass

from isp_addons.domain.problem import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """``size``: for how many devices it is paid, however few are ``active``."""

    size: int
    active: int

    @property
    def is_idle(self) -> bool:
        """Nothing uses it; it is paid for all the same."""
        return self.active == 0

    def check_fits(self, more: int) -> None:
        """Raise `Refused` (``bundle_full``) where *more* devices would be too many."""
        if self.active + more > self.size:
            raise Refused(
                f"The bundle is for {self.size} devices and has {self.active}; take one out first, or order another bundle.",
                code="bundle_full",
            )
