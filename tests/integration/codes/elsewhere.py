"""A billing that takes the money itself, as it is read from elsewhere."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from integration.codes.kiosk import PRICE, Kiosk
from isp_addons.billing.base import Funds


class Elsewhere:
    """Calendar months, and one account, ``77``: what it has left over there, and whether it is blocked, is set from outside."""

    def __init__(self, kiosk: Kiosk, *, left: int = 9 * PRICE) -> None:
        self._kiosk = kiosk
        self.left = left
        self.blocked = False

    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> Iterator[Funds]:
        start = datetime(at.year, at.month, 1, tzinfo=UTC)
        end = datetime(at.year, at.month + 1, 1, tzinfo=UTC)
        if refs is None or "77" in refs:
            yield Funds(
                ref="77",
                currency="EUR",
                period_start=start,
                period_end=end,
                balance=self.left,
                available=self.left,
                dues=0,
                blocked=self.blocked,
                unlimited=False,
            )

    def never_existed(self, refs: Sequence[str]) -> list[str]:
        return list(refs)

    def check(self) -> tuple[str, ...]:
        return ("it answers",)

    def close(self) -> None:
        """Nothing is open."""
