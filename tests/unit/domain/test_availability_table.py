"""The availability table answers every question, and holds together whatever is put into it."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.availability import ANYWHERE, CountryRule, Path, VendorRules, check_country, parse_rule_country
from isp_addons.domain.country import COUNTRIES, parse_country
from isp_addons.domain.problem import Problem
from isp_addons.domain.space import PAYERS, SpaceRole, Standing, check_may_pay

_COUNTRIES = ("UA", "IT", "PL", ANYWHERE)
rules = st.builds(
    CountryRule,
    country=st.sampled_from(_COUNTRIES),
    path=st.sampled_from(Path),
    roles=st.frozensets(st.sampled_from(PAYERS)),
)
sets_of_rules = st.lists(rules, max_size=8, unique_by=lambda rule: rule.key).map(tuple)


def code_of(act: Callable[[], object]) -> str:
    """The code with which *act* is refused; "": it is not."""
    try:
        act()
    except Problem as problem:
        return problem.code
    return ""


def expected(countries: tuple[CountryRule, ...], country: str, role: SpaceRole, path: Path) -> bool:
    """The country's own rule, else that for any other, else no."""
    for named in (country, ANYWHERE):
        for rule in countries:
            if rule.key == (named, path):
                return role in rule.roles
    return False


@settings(deadline=None, max_examples=150)
@given(countries=sets_of_rules)
def test_every_country_role_and_path_has_an_answer_and_a_reason(countries: tuple[CountryRule, ...]) -> None:
    refused = code_of(lambda: VendorRules(vendor="any", countries=countries))
    assert refused in ("", "card_is_an_alternative")
    if refused:
        return
    table = VendorRules(vendor="any", countries=countries)
    for country in (*sorted(COUNTRIES)[:5], *_COUNTRIES[:-1]):
        for role in PAYERS:
            for path in Path:
                allowed = expected(countries, country, role, path)
                assert table.allows(country, role, path) is allowed
                reason = code_of(partial(check_country, table, country=country, role=role, path=path))
                assert reason == ("" if allowed else "country_role_not_available")


@settings(deadline=None, max_examples=150)
@given(countries=sets_of_rules)
def test_where_a_pro_may_pay_by_card_there_is_always_the_distributor(countries: tuple[CountryRule, ...]) -> None:
    holds = all(
        expected(countries, country, SpaceRole.PRO, Path.DISTRIBUTOR)
        for country in (*_COUNTRIES, "ZW")
        if expected(countries, country, SpaceRole.PRO, Path.CARD)
    )
    assert code_of(lambda: VendorRules(vendor="any", countries=countries)) == ("" if holds else "card_is_an_alternative")


def test_an_empty_table_allows_nothing() -> None:
    table = VendorRules(vendor="any")

    assert not any(table.allows(country, role, path) for country in COUNTRIES for role in PAYERS for path in Path)


def test_two_rules_about_the_same_are_refused() -> None:
    rule = CountryRule(country="UA", path=Path.CARD, roles=frozenset())

    assert code_of(lambda: VendorRules(vendor="any", countries=(rule, rule))) == "duplicate_rule"


def test_there_are_249_countries_and_the_united_kingdom_has_two_names() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in COUNTRIES)
    assert (parse_country("ua"), parse_country("uk"), parse_country("GB")) == ("UA", "GB", "GB")
    assert (parse_rule_country("ANY"), parse_rule_country("UK")) == (ANYWHERE, "GB")
    assert not {"UK", "EU", "XK", "XX", "AN", "SU"} & COUNTRIES


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=4))
def test_any_text_is_a_country_or_refused(text: str) -> None:
    refused = code_of(lambda: parse_country(text))

    assert refused in ("", "bad_country")
    assert refused or parse_country(text) in COUNTRIES


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (None, "no_system_access"),
        (Standing(role=SpaceRole.PRO, full_rights=True, guarded=True), ""),
        (Standing(role=SpaceRole.PRO, full_rights=False, guarded=True), "no_system_access"),
        (Standing(role=SpaceRole.PRO, full_rights=False, guarded=True, delegated=True), "no_system_access"),
        (Standing(role=SpaceRole.END_USER, full_rights=True), ""),
        (Standing(role=SpaceRole.END_USER, full_rights=False), "no_system_access"),
        (Standing(role=SpaceRole.END_USER, full_rights=True, guarded=True), "pro_in_space"),
        (Standing(role=SpaceRole.END_USER, full_rights=False, guarded=True), "pro_in_space"),
        (Standing(role=SpaceRole.END_USER, full_rights=False, guarded=True, delegated=True), ""),
    ],
)
def test_who_may_pay_in_a_space(standing: Standing | None, code: str) -> None:
    assert code_of(lambda: check_may_pay(standing)) == code
