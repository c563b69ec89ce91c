"""The keys of a card gateway are a pair, and are never repeated."""

import pytest

from isp_addons.domain.payment_method import BILLING, Method, check_keys, parse_method
from isp_addons.domain.problem import BadInput, NotFound


@pytest.mark.parametrize(
    ("secret", "public", "mode"),
    [("sk_test_a", "pk_test_b", "test"), ("sk_live_a", "pk_live_b", "live"), ("rk_test_a", "pk_test_b", "test")],
)
def test_two_keys_of_one_mode_are_a_pair_that_shows_neither(secret: str, public: str, mode: str) -> None:
    keys = check_keys(secret, public)
    assert (keys.secret, keys.public, keys.mode) == (secret, public, mode)
    assert secret not in repr(keys)
    assert public not in repr(keys)


@pytest.mark.parametrize(
    ("secret", "public"),
    [
        ("pk_test_b", "sk_test_a"),
        ("sk_test_a", "pk_live_b"),
        ("sk_live_a", "pk_test_b"),
        ("sk_test_a", "sk_test_b"),
        ("pk_test_a", "pk_test_b"),
        ("", "pk_test_b"),
        ("sk_test_a", ""),
        ("sk_test_", "pk_test_b"),
        ("sk_prod_a", "pk_prod_b"),
        ("sk", "pk"),
    ],
)
def test_what_is_no_pair_is_refused_without_repeating_it(secret: str, public: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_keys(secret, public)
    assert caught.value.code == "bad_card_keys"
    assert not [each for each in (secret, public) if len(each) > 8 and each in caught.value.message]


def test_every_method_says_what_it_means_and_others_do_not_exist() -> None:
    assert set(BILLING) == set(Method)
    with pytest.raises(NotFound):
        parse_method("cash")
