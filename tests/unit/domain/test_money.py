from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.money import LARGEST, exponent, format_amount, half_up, parse_amount
from isp_addons.domain.problem import BadInput

currencies = st.sampled_from(["EUR", "UAH", "JPY", "KWD"])
amounts = st.integers(-LARGEST, LARGEST)


@given(amounts, currencies)
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    assert parse_amount(format_amount(minor, currency), currency=currency) == minor


@given(amounts, currencies)
def test_as_many_decimals_are_written_as_the_currency_has(minor: int, currency: str) -> None:
    _, _, decimals = format_amount(minor, currency).partition(".")
    assert len(decimals) == exponent(currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("150", "EUR", 15000), ("150.5", "EUR", 15050), ("-0.01", "EUR", -1), ("7", "JPY", 7), ("1.234", "KWD", 1234)],
)
def test_amounts_are_read_as_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency=currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.005", "EUR"),
        ("1.5", "JPY"),
        ("1.2345", "KWD"),
        ("1e3", "EUR"),
        ("1,5", "EUR"),
        ("", "EUR"),
        (" 1", "EUR"),
        ("+1", "EUR"),
        ("1.0000000000000000000000000000001", "EUR"),
        ("５", "EUR"),
        ("inf", "EUR"),
        ("1\n", "EUR"),
        ("0x1", "EUR"),
    ],
)
def test_what_is_no_plain_amount_is_refused_by_name(text: str, currency: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_amount(text, currency=currency)
    assert repr(text) in refused.value.message
    assert (refused.value.code, refused.value.exit_code) == ("bad_amount", 2)


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        minor = parse_amount(text, currency="EUR")
    except BadInput:
        return
    assert Decimal(text) * 100 == minor


def test_an_amount_may_have_a_least_and_has_a_largest_value() -> None:
    assert parse_amount("0.01", currency="EUR", minimum=1) == 1
    with pytest.raises(BadInput, match=r"at least 0\.01"):
        parse_amount("0", currency="EUR", minimum=1)
    assert parse_amount("10000000000.00", currency="EUR") == LARGEST
    with pytest.raises(BadInput, match="too large"):
        parse_amount("10000000000.01", currency="EUR")


def test_the_largest_amount_times_units_and_months_fits_a_database() -> None:
    assert LARGEST * 10_000 * 120 < 2**63


@pytest.mark.parametrize(
    ("value", "rounded"), [("0.5", 1), ("0.49", 0), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-0.49", 0), ("-2.5", -3), ("7", 7)]
)
def test_halves_are_rounded_away_from_zero(value: str, rounded: int) -> None:
    assert half_up(Fraction(value)) == rounded


@given(st.fractions(min_value=-(10**9), max_value=10**9))
def test_rounding_moves_by_half_a_unit_at_most(value: Fraction) -> None:
    assert abs(half_up(value) - value) <= Fraction(1, 2)
    assert half_up(-value) == -half_up(value)
