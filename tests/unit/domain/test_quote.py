"""A quote: its sums, its code, and how long it is good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.quote import GOOD_FOR, Line, Quote, confirm, moment_of
from isp_addons.domain.vat import Vat, VatBasis

NOW = datetime(2026, 3, 10, 12, 30, 15, tzinfo=UTC)
LINE = Line(
    product="business",
    name="AxCrypt Business",
    number="AX-B",
    quantity=5,
    months=Fraction(12),
    start=NOW,
    end=NOW + timedelta(days=365),
    list_price=60_000,
    net=48_000,
)
QUOTE = Quote(
    account="42",
    request=(("what", "order"), ("product", "business")),
    lines=(LINE,),
    currency="SEK",
    vat=Vat(basis=VatBasis.STANDARD, country="SE", rate=2500),
    start=NOW,
    next_price=None,
    priced_at=NOW,
)


def test_the_discount_comes_before_the_vat() -> None:
    assert (QUOTE.net, QUOTE.discount, QUOTE.tax, QUOTE.gross) == (48_000, 12_000, 12_000, 60_000)


def test_a_machine_is_told_amounts_as_text() -> None:
    told = QUOTE.facts()
    assert (told["net"], told["vat"], told["vat_rate"], told["gross"]) == ("480.00", "120.00", "25", "600.00")
    assert told["lines"][0] == {
        "product": "business",
        "article_name": "AxCrypt Business",
        "article_number": "AX-B",
        "quantity": 5,
        "months": "12",
        "from": "2026-03-10T12:30:15+00:00",
        "until": "2027-03-10T12:30:15+00:00",
        "list_price": "600.00",
        "discount": "120.00",
        "net": "480.00",
    }
    assert (told["quote"], told["good_until"]) == (QUOTE.code, "2026-03-10T12:45:15+00:00")


@pytest.mark.parametrize(
    "other",
    [
        replace(QUOTE, account="43"),
        replace(QUOTE, request=(("what", "order"), ("product", "premium"))),
        replace(QUOTE, lines=(replace(LINE, net=48_001),)),
        replace(QUOTE, lines=(replace(LINE, quantity=6),)),
        replace(QUOTE, lines=(replace(LINE, end=NOW + timedelta(days=366)),)),
        replace(QUOTE, lines=(LINE, LINE)),
        replace(QUOTE, currency="EUR"),
        replace(QUOTE, vat=Vat(basis=VatBasis.REVERSE_CHARGE)),
        replace(QUOTE, start=NOW + timedelta(days=1)),
        replace(QUOTE, next_price=1),
        replace(QUOTE, priced_at=NOW + timedelta(seconds=1)),
    ],
)
def test_whatever_is_said_otherwise_is_another_quote(other: Quote) -> None:
    with pytest.raises(Refused) as caught:
        confirm(QUOTE.code, other)
    assert caught.value.code == "stale_quote"


def test_the_same_quote_is_confirmed_and_none_needs_no_confirmation() -> None:
    confirm(QUOTE.code, replace(QUOTE))
    confirm(None, QUOTE)


@given(st.integers(-3600, 3600))
def test_a_quote_is_good_for_fifteen_minutes(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    if 0 <= seconds <= GOOD_FOR.total_seconds():
        assert moment_of(QUOTE.code, now=now) == NOW
    else:
        with pytest.raises(Refused) as caught:
            moment_of(QUOTE.code, now=now)
        assert caught.value.code == "stale_quote"


def test_without_a_quote_the_price_is_that_of_now() -> None:
    assert moment_of(None, now=NOW) == NOW


@pytest.mark.parametrize(
    "text", ["", "x", QUOTE.code[:-1], f"{QUOTE.code} ", QUOTE.code.upper().replace("Z", "z"), "20261399T000000Z-" + "0" * 24]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        moment_of(text, now=NOW)
    assert caught.value.code == "bad_quote"
