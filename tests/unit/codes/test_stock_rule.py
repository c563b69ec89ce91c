"""The pure rules of a stock: states, stars, articles, warnings."""

from datetime import UTC, datetime, timedelta

import pytest

from isp_addons.domain.stock import CodeState, StockLevel, StockRules, article_of, starred, state_of, warnings

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("taken", "voided", "expires", "expected"),
    [
        (None, None, None, CodeState.FREE),
        (None, None, LATER, CodeState.FREE),
        (None, None, NOW, CodeState.EXPIRED),
        (BEFORE, None, None, CodeState.TAKEN),
        (BEFORE, None, BEFORE, CodeState.TAKEN),
        (None, BEFORE, LATER, CodeState.VOID),
        (BEFORE, BEFORE, None, CodeState.VOID),
    ],
)
def test_the_state_of_a_code(
    taken: datetime | None, voided: datetime | None, expires: datetime | None, expected: CodeState
) -> None:
    assert state_of(taken_at=taken, voided_at=voided, expires_at=expires, now=NOW) is expected


@pytest.mark.parametrize(
    ("code", "shown"), [("ABCD-EFGH-IJKL", "*IJKL"), ("123456789", "*6789"), ("12345678", "*"), ("1", "*")]
)
def test_of_a_code_its_last_four_characters_are_shown_and_of_a_short_one_nothing(code: str, shown: str) -> None:
    assert starred(code) == shown


def test_a_product_sells_the_article_of_its_option_else_its_own_code() -> None:
    assert article_of("kis", {}) == "kis"
    assert article_of("kis", {"article": ""}) == "kis"
    assert article_of("kis", {"article": "KIS-1M"}) == "KIS-1M"


@pytest.mark.parametrize(
    ("free", "expiring", "said"),
    [
        (10, 0, []),
        (9, 0, ["Only 9 codes of KIS"]),
        (0, 0, ["No code of KIS is free"]),
        (50, 3, ["3 free codes of KIS expire within 30 days"]),
        (2, 2, ["Only 2 codes", "2 free codes"]),
    ],
)
def test_a_warning_names_the_article_and_the_figure(free: int, expiring: int, said: list[str]) -> None:
    told = warnings(StockLevel(vendor="v", article="KIS", free=free, expiring=expiring), StockRules())

    assert len(told) == len(said)
    assert all(expected in sentence for expected, sentence in zip(said, told, strict=True))


def test_a_low_stock_of_zero_warns_only_of_an_empty_one() -> None:
    rules = StockRules(low=0)

    assert warnings(StockLevel(vendor="v", article="KIS", free=1), rules) == ()
    assert len(warnings(StockLevel(vendor="v", article="KIS", free=0), rules)) == 1
