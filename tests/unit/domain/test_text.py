import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput
from isp_addons.domain.text import parse_line


@pytest.mark.parametrize("text", ["a", "Антивірус на місяць", "x" * 20, "€ 5"])
def test_a_printable_line_is_given_back(text: str) -> None:
    assert parse_line(text, name="name", most=20) == text


@pytest.mark.parametrize("text", ["", "x" * 21, "a\nb", "a\tb", "a\x00b", "caf\udce9", "a\u200bb", "\x7f"])
def test_what_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_line(text, name="name", most=20)
    assert refused.value.code == "bad_name"
    assert repr(text) in refused.value.message


def test_a_long_text_is_not_repeated_in_full() -> None:
    with pytest.raises(BadInput) as refused:
        parse_line("x" * 10_000, name="note", most=200)
    assert len(refused.value.message) < 150


@given(st.text(max_size=30))
def test_what_is_accepted_can_be_stored_and_shown(text: str) -> None:
    try:
        parse_line(text, name="name", most=20)
    except BadInput:
        return
    assert text.encode("utf-8").decode("utf-8") == text
    assert text.splitlines() == [text]
