"""Value added tax: VAT ids by their own digits, the basis of a sale, rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.country import same_country
from isp_addons.domain.problem import BadInput
from isp_addons.domain.vat import EU, Vat, VatBasis, basis, parse_rates, parse_vat_id


@pytest.mark.parametrize(
    ("text", "country", "read"),
    [
        (" de 136 695 976 ", "DE", "DE136695976"),
        ("ATU13585627", "AT", "ATU13585627"),
        ("FR40303265045", "fr", "FR40303265045"),
        ("IT00743110157", "IT", "IT00743110157"),
        ("NL004495445B01", "NL", "NL004495445B01"),
        ("BE 0428.759.497", "BE", "BE0428759497"),
        ("ESB58378431", "ES", "ESB58378431"),
        ("PL856-734-62-15", "PL", "PL8567346215"),
        ("SE123456789701", "SE", "SE123456789701"),
        ("IE6433435F", "IE", "IE6433435F"),
        ("EL094259216", "GR", "EL094259216"),
        ("GR094259216", "GR", "EL094259216"),
        ("GR094259216", "EL", "EL094259216"),
        ("GB980780684", "UK", "GB980780684"),
        ("XI980780684", "GB", "XI980780684"),
        ("CHE100155212", "CH", "CHE100155212"),
        ("", "DE", ""),
        (" ", "FR", ""),
    ],
)
def test_a_vat_id_is_read_as_people_write_it(text: str, country: str, read: str) -> None:
    assert parse_vat_id(text, country=country) == read


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("DE123456789", "DE", "bad_vat_id"),
        ("DE136695977", "DE", "bad_vat_id"),
        ("FR4030326504", "FR", "bad_vat_id"),
        ("abc", "FR", "bad_vat_id"),
        ("DE", "DE", "bad_vat_id"),
        ("US123456", "DE", "bad_vat_id"),
        ("DE１36695976", "DE", "bad_vat_id"),
        ("DE136695976\x00", "DE", "bad_vat_id"),
        ("D" * 40, "CH", "bad_vat_id"),
        ("FR40303265045", "IT", "vat_country_mismatch"),
        ("FR40303265045", "US", "vat_country_mismatch"),
        ("XI980780684", "IE", "vat_country_mismatch"),
        ("EU372022452", "DE", "vat_country_mismatch"),
    ],
)
def test_an_id_that_cannot_be_is_refused_and_says_why(text: str, country: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_vat_id(text, country=country)
    assert caught.value.code == code


def test_outside_the_own_country_an_id_is_needed() -> None:
    assert parse_vat_id("", country="DE", home="DE") == ""
    assert parse_vat_id("", country="EL", home="GR") == ""
    with pytest.raises(BadInput) as caught:
        parse_vat_id("", country="FR", home="DE")
    assert caught.value.code == "vat_id_required"


@pytest.mark.parametrize(
    ("home", "country", "vat_id", "found"),
    [
        ("DE", "", "", (VatBasis.STANDARD, "DE")),
        ("DE", "DE", "DE136695976", (VatBasis.STANDARD, "DE")),
        ("DE", "FR", "FR40303265045", (VatBasis.REVERSE_CHARGE, "")),
        ("DE", "GR", "EL094259216", (VatBasis.REVERSE_CHARGE, "")),
        ("EL", "GR", "EL094259216", (VatBasis.STANDARD, "GR")),
        ("DE", "FR", "", (VatBasis.STANDARD, "FR")),
        ("DE", "FR", "XI980780684", (VatBasis.STANDARD, "FR")),
        ("DE", "FR", "EU372022452", (VatBasis.STANDARD, "FR")),
        ("DE", "FR", "DE136695976", (VatBasis.STANDARD, "FR")),
        ("DE", "CH", "CHE100155212", (VatBasis.NOT_SUBJECT, "")),
        ("DE", "UK", "XI980780684", (VatBasis.NOT_SUBJECT, "")),
        ("UA", "UA", "", (VatBasis.STANDARD, "UA")),
        ("GB", "UK", "", (VatBasis.STANDARD, "GB")),
        ("GB", "FR", "FR40303265045", (VatBasis.NOT_SUBJECT, "")),
    ],
)
def test_whether_there_is_vat_and_whose_rate_counts(home: str, country: str, vat_id: str, found: tuple[VatBasis, str]) -> None:
    assert basis(home=home, country=country, vat_id=vat_id, business=bool(vat_id)) == found


def test_only_a_business_accounts_for_vat_itself() -> None:
    told = basis(home="DE", country="FR", vat_id="FR40303265045", business=False)
    assert told == (VatBasis.STANDARD, "FR")


@given(st.sampled_from(sorted(EU)), st.sampled_from(sorted(EU)), st.text("ABCDEFILRTX0123456789", max_size=14))
def test_at_home_there_is_always_vat(home: str, country: str, vat_id: str) -> None:
    found, whose = basis(home=home, country=country, vat_id=vat_id, business=True)
    if home == country:
        assert (found, whose) == (VatBasis.STANDARD, home)
    else:
        assert found in (VatBasis.STANDARD, VatBasis.REVERSE_CHARGE)


@pytest.mark.parametrize(
    ("net", "rate", "tax"), [(5000, 1900, 950), (10, 1900, 2), (9999, 2000, 2000), (3333, 2550, 850), (48_000, 2500, 12_000)]
)
def test_the_tax_is_rounded_half_up_once(net: int, rate: int, tax: int) -> None:
    assert Vat(basis=VatBasis.STANDARD, country="DE", rate=rate).of(net) == tax


def test_rates_are_read_from_one_line() -> None:
    assert parse_rates("DE 19, fr 20,FI 25.5, el 24") == {"DE": 1900, "FR": 2000, "FI": 2550, "GR": 2400}
    assert parse_rates("") == {}
    assert Vat(rate=2550).percent == "25.5"
    assert Vat(rate=2000).percent == "20"


@pytest.mark.parametrize(
    "text", ["DE", "DE 19 %", "DE=19", "DE 19, DE 7", "GR 24, EL 24", "DE -1", "DE 51", "DE 1e1", "DE １9", "XX 19"]
)
def test_a_rate_is_not_guessed(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_rates(text)
    assert caught.value.code == "bad_vat_rates"


def test_one_country_has_one_code() -> None:
    assert (same_country(" uk "), same_country("EL"), same_country("fr")) == ("GB", "GR", "FR")
