"""What a refusal says, however much of it can be read."""

import pytest

from isp_addons_eset.answers import MEANINGS, Told, refusal, told


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"code": 8, "subCode": 21, "message": "no"}', Told(8, 21, "no")),
        ('{"Code": "8", "SubCode": "21", "Message": "no"}', Told(8, 21, "no")),
        ('{"errors": [{"code": 8, "subCode": 48}]}', Told(8, 48, "errors: {'code': 8, 'subcode': 48}")),
        ('{"code": 8, "subCode": 20, "message": "cut o', Told(8, 20, '{"code": 8, "subCode": 20, "message": "cut o')),
        ('{"quantity": ["The input was not valid."]}', Told(0, 0, "quantity: The input was not valid.")),
        ("<html>Bad gateway</html>", Told(0, 0, "<html>Bad gateway</html>")),
        ("", Told()),
        ('"no"', Told(0, 0, "no")),
    ],
)
def test_a_refusal_is_read_in_every_layout(body: str, expected: Told) -> None:
    assert told(body) == expected


def test_a_long_answer_is_cut() -> None:
    assert len(told("x" * 5000).text) == 300


def test_the_sentence_tells_the_meaning_the_words_and_the_codes() -> None:
    assert Told(8, 27, "Sorry.").sentence == "the product is not available to this account; Sorry. (code 8, subCode 27)"
    assert Told(2, 20, "Sorry.").sentence == "Sorry. (code 2, subCode 20)"
    assert Told().sentence == "no reason given"


def test_the_codes_on_which_decisions_rest_have_a_meaning() -> None:
    assert {20, 21, 22, 23, 24, 33, 36, 37, 48} <= MEANINGS.keys()


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ({"code": 8, "subcode": 21}, True),
        ({"code": 8, "message": "no"}, True),
        ({}, False),
        (None, False),
        ({"publiclicensekey": "A"}, False),
        ([{"code": 1, "name": "Normal"}], False),
        ({"code": "101", "name": "a product"}, False),
    ],
)
def test_a_refusal_inside_a_successful_answer_is_seen(value: object, is_one: bool) -> None:
    assert (refusal(value) is not None) is is_one
