"""Versions of apps: compared by their numbers, never as texts."""

from collections.abc import Callable
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isp_addons.domain.app_version import AppRule, AppUse, check_app, parse_version
from isp_addons.domain.problem import BadInput, Problem
from isp_addons.domain.space import SpaceRole

numbers = st.lists(st.integers(0, 999_999), min_size=1, max_size=4)


def written(parts: list[int]) -> str:
    return ".".join(map(str, parts))


def code_of(act: Callable[[], object]) -> str:
    """The code with which *act* is refused; "": it is not."""
    try:
        act()
    except Problem as problem:
        return problem.code
    return ""


def filled(one: list[int], other: list[int]) -> tuple[list[int], list[int]]:
    """Both with as many parts: what is missing counts as 0."""
    pairs = list(zip_longest(one, other, fillvalue=0))
    return [first for first, _ in pairs], [second for _, second in pairs]


@settings(deadline=None, max_examples=200)
@given(one=numbers, other=numbers)
def test_releases_compare_like_their_numbers(one: list[int], other: list[int]) -> None:
    first, second = filled(one, other)

    assert (parse_version(written(one)) < parse_version(written(other))) == (first < second)
    assert (parse_version(written(one)) == parse_version(written(other))) == (first == second)


@settings(deadline=None, max_examples=100)
@given(parts=numbers, lower=numbers, word=st.from_regex(r"[0-9A-Za-z.-]{1,40}", fullmatch=True))
def test_a_pre_release_stands_right_before_its_release(parts: list[int], lower: list[int], word: str) -> None:
    before, release, other = (
        parse_version(f"{written(parts)}-{word}"),
        parse_version(written(parts)),
        parse_version(written(lower)),
    )

    assert before < release
    assert other >= release or other < before, "nothing comes between them"


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=30))
def test_any_text_is_a_version_or_refused(text: str) -> None:
    refused = code_of(lambda: parse_version(text))

    assert refused in ("", "bad_version")
    assert refused or (text.isascii() and text[0].isdigit())


@settings(deadline=None, max_examples=100)
@given(parts=numbers)
def test_a_version_is_read_back_as_it_is_written(parts: list[int]) -> None:
    version = parse_version(written(parts))

    assert parse_version(str(version)) == version


def test_the_least_version_is_a_release() -> None:
    with pytest.raises(BadInput, match="must be a release"):
        AppRule(app="App", platform="iOS", role=SpaceRole.PRO, least=parse_version("3.34-beta"))


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (AppUse(app="Nothing", platform="nowhere", version="never"), "unknown_app"),
        (AppUse(app="app", platform="nowhere", version="never"), "bad_version"),
        (AppUse(app="app", platform="nowhere", version="1.0"), "platform_not_supported"),
        (AppUse(app="App ", platform=" ios", version="1.0"), "wrong_app_for_role"),
    ],
)
def test_what_cannot_be_meant_is_told_before_what_a_rule_refuses(use: AppUse, code: str) -> None:
    rule = AppRule(app="App", platform="iOS", role=SpaceRole.PRO, least=parse_version("3.34"))

    assert code_of(lambda: check_app([rule], use, role=SpaceRole.END_USER)) == code
