"""One measured ratio and its limit."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``ratio`` must not pass ``limit``; with ``at_least`` it must not fall below. ``detail``: what it was made of."""

    figure: str
    ratio: float
    limit: float
    at_least: bool = False
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit

    def as_json(self) -> dict[str, Any]:
        """The figure with its verdict."""
        return {**asdict(self), "holds": self.holds}
