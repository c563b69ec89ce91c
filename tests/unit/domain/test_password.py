"""Which passwords are good enough."""

import pytest

from isp_addons.domain.password import LEAST, MOST, check_password
from isp_addons.domain.problem import BadInput

EMAIL = "anna.baker@example.net"


@pytest.mark.parametrize(
    "password", ["correct battery", "Сорок два кота", "tr0ub4dor&3-x", "anna.baker likes cake", "a1b2c" * 40]
)
def test_long_ones_are_good(password: str) -> None:
    check_password(password, email=EMAIL)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "fewer than 12"),
        ("a" * (LEAST - 1), "fewer than 12"),
        ("abcdefg" * 29, "more than 200"),
        ("Password1234", "guessed first"),
        ("aaaabbbbcccc", "different characters"),
        ("Anna.Baker@example.net", "made from it"),
        ("anna.baker2026", "made from it"),
    ],
)
def test_weak_ones_are_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        check_password(password, email=EMAIL)

    assert refused.value.code == "weak_password"
    assert password == "" or password not in refused.value.message


def test_the_bounds_are_in() -> None:
    check_password("abcdefghijkm"[:LEAST], email=EMAIL)
    check_password("abcdefgh" * (MOST // 8), email=EMAIL)
