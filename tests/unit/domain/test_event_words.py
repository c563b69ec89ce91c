import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.event import ALIASES, Word, parse_account, parse_word
from isp_addons.domain.problem import BadInput


@pytest.mark.parametrize("word", list(Word))
def test_a_word_is_read_by_its_own_name(word: Word) -> None:
    assert parse_word(word.value) is word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("on_block", Word.BLOCKED),
        ("on_unblock", Word.UNBLOCKED),
        ("before_period_end", Word.PERIOD_ENDING),
        ("inet_off", Word.CHANGED),
        ("block_changed", Word.CHANGED),
        ("payment", Word.PAID),
    ],
)
def test_a_word_is_read_by_what_billings_call_it(text: str, word: Word) -> None:
    assert parse_word(text) is word


@pytest.mark.parametrize("text", ["", "on_fire", "BLOCKED", "blocked ", "on block"])
def test_an_unknown_word_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_word(text)
    assert refused.value.code == "unknown_event"
    for known in (*Word, *ALIASES):
        assert known in refused.value.message


@pytest.mark.parametrize("text", ["42", "a", "0", "user@example.net", "a.b-c_d", "A1", "AB", "X" * 64])
def test_an_account_is_what_a_billing_calls_it(text: str) -> None:
    assert parse_account(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ACCOUNT_ID",
        "UID",
        "UIP",
        "EMAIL",
        "{account}",
        "${account}",
        "$1",
        "%ACCOUNT%",
        "&account",
        "#id",
        "[ACCOUNT_ID]"[1:-1],
    ],
)
def test_a_placeholder_that_was_not_replaced_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_account(text)
    assert (refused.value.code, text in refused.value.message) == ("placeholder", True)


@pytest.mark.parametrize("text", ["", " ", "4 2", "-1", ".", "4;2", "4\n2", "４２", "a" * 65, "'42'"])
def test_what_no_billing_calls_an_account_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_account(text)
    assert refused.value.code == "bad_account"


@given(st.text(max_size=80))
def test_an_account_that_is_accepted_is_safe_to_show_and_to_store(text: str) -> None:
    try:
        account = parse_account(text)
    except BadInput:
        return
    assert account.isascii()
    assert account.isprintable()
    assert len(account) <= 64
    assert not set(account) & set(" '\"/\\;<>")
