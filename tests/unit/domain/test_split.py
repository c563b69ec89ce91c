"""How a quantity is distributed over its parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput
from isp_addons.domain.split import as_dict, as_text, distribute, parse

PARTS = ("internal", "external", "elsewhere")

totals = st.integers(0, 10_000)


def test_the_part_that_is_left_out_gets_the_rest() -> None:
    assert distribute(100, {"internal": 60}, parts=PARTS[:2], product="scan") == {"internal": 60, "external": 40}
    assert distribute(100, {"external": 100}, parts=PARTS[:2], product="scan") == {"internal": 0, "external": 100}


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({}, "say how many of the 100 are internal and external and elsewhere"),
        ({"internal": 100}, "of one of them it can be left out"),
        ({"internal": 60, "abroad": 40}, "has no part 'abroad'"),
        ({"internal": 60, "external": 41}, "60 internal [+] 41 external does not make the 100 of scan"),
        ({"internal": 60, "external": 30, "elsewhere": 9}, "does not make the 100"),
        ({"internal": -1, "external": 101, "elsewhere": 0}, "does not make the 100"),
    ],
)
def test_what_does_not_make_the_total_is_refused(told: dict[str, int], names: str) -> None:
    with pytest.raises(BadInput, match=names) as refused:
        distribute(100, told, parts=PARTS, product="scan")
    assert refused.value.code == "bad_split"


def test_what_has_no_parts_is_not_split() -> None:
    assert distribute(5, {}, parts=(), product="av") == {}
    with pytest.raises(BadInput, match="av is not split"):
        distribute(5, {"internal": 5}, parts=(), product="av")


@given(total=totals, told=st.dictionaries(st.sampled_from(PARTS), totals))
def test_every_split_makes_the_total_and_keeps_what_was_told(total: int, told: dict[str, int]) -> None:
    try:
        split = distribute(total, told, parts=PARTS, product="scan")
    except BadInput:
        assert len(told) < 2 or sum(told.values()) != total
        return
    assert tuple(split) == PARTS
    assert sum(split.values()) == total
    assert split.items() >= told.items()
    assert as_dict(as_text(split)) == split


def test_equal_splits_are_equal_texts() -> None:
    assert as_text({"internal": 60, "external": 40}) == as_text({"external": 40, "internal": 60}) == "external=40,internal=60"
    assert as_text({}) == ""
    assert as_dict("") == {}


@pytest.mark.parametrize("pair", ["internal", "internal=", "internal=-1", "internal=1.5", "internal=٣", "internal= 5", "a=05"])
def test_what_is_no_whole_number_is_refused(pair: str) -> None:
    with pytest.raises(BadInput):
        parse([pair])
