"""Postal addresses."""

import pytest

from isp_addons.domain.address import Address, check, check_billing
from isp_addons.domain.country import parse_country
from isp_addons.domain.problem import BadInput


@pytest.mark.parametrize(("text", "code"), [("de", "DE"), (" UA ", "UA"), ("EL", "GR"), ("uk", "GB")])
def test_a_country_is_read(text: str, code: str) -> None:
    assert parse_country(text) == code


@pytest.mark.parametrize("text", ["", "D", "DEU", "XX", "EU", "Germany", "Д", "ß"])
def test_what_is_no_country_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_country(text)

    assert refused.value.code == "bad_country"


@pytest.mark.parametrize(
    ("street", "city", "postcode", "code"),
    [
        ("", "Berlin", "10115", "bad_street"),
        ("Allee\n1", "Berlin", "10115", "bad_street"),
        ("x" * 121, "Berlin", "10115", "bad_street"),
        ("Allee 1", "", "10115", "bad_city"),
        ("Allee 1", "Berlin", "x" * 21, "bad_postcode"),
    ],
)
def test_a_line_that_is_missing_or_too_long_is_named(street: str, city: str, postcode: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        check(Address(street=street, city=city, country="DE", postcode=postcode))

    assert refused.value.code == code


def test_a_billing_address_says_everything_that_is_missing() -> None:
    with pytest.raises(BadInput, match="name and city are missing"):
        check_billing({"name": "", "street": "Ring 2", "city": None, "country": "at", "postcode": None})


def test_a_billing_address_needs_no_postcode() -> None:
    found = check_billing({"name": "Head office", "street": "Ring 2", "city": "Dublin", "country": "ie", "postcode": None})

    assert (found.name, found.country, found.postcode) == ("Head office", "IE", "")
