"""A small billing that keeps the contract, and some that break it in one way each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from isp_addons.billing.base import Funds
from isp_addons.domain.problem import Problem, TryAgain

PASSWORD = "pa55-of-the-billing"
START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


class Billing:
    """What the readers read: accounts 1 to 3 live, 3 blocked, 4 deleted."""

    def __init__(self) -> None:
        self.up = True
        self.balances = {"1": 1000, "2": -200, "3": 0}

    def rows(self) -> dict[str, int]:
        if not self.up:
            raise ConnectionError(f"cannot connect with {PASSWORD}")
        return self.balances


class SampleReader:
    def __init__(self, billing: Billing) -> None:
        self.billing = billing

    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> Iterator[Funds]:  # noqa: ARG002
        rows = self.rows()
        for ref in sorted(rows):
            if refs is None or ref in refs:
                yield self.told(ref, rows[ref])

    def never_existed(self, refs: Sequence[str]) -> list[str]:
        known = {*self.rows(), "4"}
        return [ref for ref in refs if ref not in known]

    def check(self) -> tuple[str, ...]:
        return (f"The billing has {len(self.rows())} accounts.",)

    def close(self) -> None:
        """Nothing to let go of."""

    def rows(self) -> dict[str, int]:
        try:
            return self.billing.rows()
        except ConnectionError as error:
            raise TryAgain("The billing cannot be reached; try again later.") from error

    def told(self, ref: str, balance: int) -> Funds:
        return Funds(
            ref=ref,
            currency="EUR",
            period_start=START,
            period_end=END,
            balance=balance,
            available=balance,
            dues=500,
            blocked=ref == "3",
            unlimited=False,
        )


class KeepsWhatItRead(SampleReader):
    kept: dict[str, int] | None = None

    def rows(self) -> dict[str, int]:
        self.kept = self.kept or dict(super().rows())
        return self.kept


class TakesFailureForNothing(SampleReader):
    def rows(self) -> dict[str, int]:
        try:
            return super().rows()
        except Problem:
            return {}


class TellsItsPassword(SampleReader):
    def rows(self) -> dict[str, int]:
        try:
            return self.billing.rows()
        except ConnectionError as error:
            raise TryAgain(f"The billing cannot be reached: {error}.") from error


class ReadsAnythingAsANumber(SampleReader):
    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> Iterator[Funds]:
        return super().funds(None if refs is None else [str(int(ref)) for ref in refs], at=at)


class TellsTheDeletedToo(SampleReader):
    def rows(self) -> dict[str, int]:
        return {**super().rows(), "4": 0}


class TakesTheDeletedForUnknown(SampleReader):
    def never_existed(self, refs: Sequence[str]) -> list[str]:
        return [ref for ref in refs if ref not in self.rows()]


class CountsInUnits(SampleReader):
    def told(self, ref: str, balance: int) -> Funds:
        told: Any = replace(super().told(ref, balance), available=balance // 100)
        return told  # type: ignore[no-any-return]


class BlocksNobody(SampleReader):
    def told(self, ref: str, balance: int) -> Funds:
        return replace(super().told(ref, balance), blocked=False)


class TellsInTheOrderOfAsking(SampleReader):
    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> Iterator[Funds]:
        for ref in dict.fromkeys(refs if refs is not None else sorted(self.rows())):
            yield from super().funds([ref], at=at)


class ReadsAllAtOnce(SampleReader):
    def funds(self, refs: Sequence[str] | None, *, at: datetime) -> list[Funds]:  # type: ignore[override]
        return list(super().funds(refs, at=at))


class LivesNowhere(SampleReader):
    def told(self, ref: str, balance: int) -> Funds:
        naive = {"period_start": START.replace(tzinfo=None), "period_end": END.replace(tzinfo=None)}
        return replace(super().told(ref, balance), **naive)  # type: ignore[arg-type]
