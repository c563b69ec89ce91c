"""The rules of resellers: how a discount is read, when it applies, what may be resold and how much of it."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.reseller import (
    DiscountWithAdmin,
    ResellerRules,
    check_capacity,
    check_resale,
    discount_of,
    format_discount,
    parse_discount,
)

NOBODY, RESELLER_ORDERS = DiscountWithAdmin.NOBODY, DiscountWithAdmin.RESELLER_ORDERS


@pytest.mark.parametrize(("text", "read"), [("0", 0), ("20", 2000), ("12.5", 1250), ("0.01", 1), ("100", 10_000), ("007", 700)])
def test_a_discount_is_a_percentage_of_at_most_two_decimals(text: str, read: int) -> None:
    assert parse_discount(text) == read


@pytest.mark.parametrize("text", ["-1", "100.01", "101", "999", "20%", "", " 20", "2e1", "1.234", "٢٠", "nan", "20,5", "+5"])
def test_what_is_no_percentage_from_0_to_100_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_discount(text)
    assert caught.value.code == "bad_discount"
    assert repr(text) in caught.value.message


@given(st.integers(0, 10_000))
def test_a_discount_that_is_written_is_read_as_the_same(hundredths: int) -> None:
    text = format_discount(hundredths)
    assert parse_discount(text) == hundredths
    assert Decimal(text) == Decimal(hundredths) / 100
    assert not text.endswith(".")


@pytest.mark.parametrize(
    ("by_reseller", "has_admin", "rule", "share"),
    [
        (True, False, NOBODY, Fraction(1, 5)),
        (True, True, NOBODY, Fraction(0)),
        (True, True, RESELLER_ORDERS, Fraction(1, 5)),
        (False, True, NOBODY, Fraction(0)),
        (False, True, RESELLER_ORDERS, Fraction(0)),
        (False, False, RESELLER_ORDERS, Fraction(0)),
    ],
)
def test_the_discount_is_for_orders_of_the_reseller_and_with_an_admin_at_the_customer_for_nobody_or_for_those(
    by_reseller: bool, has_admin: bool, rule: DiscountWithAdmin, share: Fraction
) -> None:
    assert discount_of(2000, by_reseller=by_reseller, has_admin=has_admin, rule=rule) == share


def test_what_is_not_for_resale_is_refused_by_name() -> None:
    check_resale("business", resale=True)
    with pytest.raises(Refused, match="premium is not for resale") as caught:
        check_resale("premium", resale=False)
    assert caught.value.code == "not_resellable"


@pytest.mark.parametrize(
    ("contact", "told"),
    [("sales@isp.example, +44 20 7946 0000", "contact us: sales@isp.example, +44 20 7946 0000."), ("", "the ISP's staff.")],
)
def test_above_the_capacity_one_is_told_whom_to_ask(contact: str, told: str) -> None:
    rules = ResellerRules(contact=contact)
    check_capacity(50, product="business", most=50, rules=rules)
    check_capacity(10_000, product="business", most=None, rules=rules)
    with pytest.raises(BadInput, match="51 are more than the 50 of business") as caught:
        check_capacity(51, product="business", most=50, rules=rules)
    assert caught.value.message.endswith(told)
    assert caught.value.code == "bad_quantity"
