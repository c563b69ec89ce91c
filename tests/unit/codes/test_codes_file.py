"""Reading a file of codes: every wrong line is named, and no code is in any message."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isp_addons.domain.problem import BadInput
from isp_addons.services.codes_file import NewCode, read_file, refuse

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


def read(folder: Path, data: str | bytes, *, article: str | None = "KIS") -> list[NewCode]:
    path = folder / "codes.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_file(path, article=article, zone=KYIV, now=NOW)


def refused(folder: Path, data: str | bytes, **options: str | None) -> str:
    with pytest.raises(BadInput) as problem:
        read(folder, data, **options)
    assert problem.value.code == "bad_file"
    return problem.value.message


def test_a_code_can_be_used_until_the_end_of_the_day_that_the_file_names_where_the_isp_is(tmp_path: Path) -> None:
    assert read(tmp_path, "code,expires\nAAAA-0001,2026-03-10\n") == [
        NewCode(line=2, code="AAAA-0001", article="KIS", expires_at=datetime(2026, 3, 10, 21, 59, 59, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    "data",
    [
        "code\nAAAA-0001\n",
        "\ufeffcode\r\nAAAA-0001\r\n",
        'article;code;expires\n"";" AAAA-0001 ";\n',
        "code,expires,article\nAAAA-0001,,KIS\n\n",
        " code , expires \nAAAA-0001,\n",
    ],
)
def test_the_usual_forms_of_the_file_are_read(tmp_path: Path, data: str) -> None:
    assert read(tmp_path, data) == [NewCode(line=2, code="AAAA-0001", article="KIS", expires_at=None)]


def test_the_article_of_a_line_comes_before_that_of_the_command(tmp_path: Path) -> None:
    found = read(tmp_path, "code,article\nAAAA-0001,ESET\nAAAA-0002,\n")

    assert [each.article for each in found] == ["ESET", "KIS"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("AAA,", "The code is not"),
        ("AAAA 0001,", "The code is not"),
        (f"{'A' * 121},", "The code is not"),
        ("AAAA-0001,2026-02-30", "not a date"),
        ("AAAA-0001,20261231", "not a date"),
        ("AAAA-0001,2026-12-31T00:00", "not a date"),
        ("AAAA-0001,0001-01-01", "not a date"),
        ("AAAA-0001,9999-12-31", "not a date"),
        ("AAAA-0001,２０２６-12-31", "not a date"),
        ("AAAA-0001,2026-03-09", "expired on 2026-03-09"),
        ("AAAA-0001,,x", "more values than there are columns"),
        ('"AAAA-0\x00001",', "The code is not"),
    ],
)
def test_a_wrong_line_is_named_and_its_code_is_not(tmp_path: Path, line: str, said: str) -> None:
    message = refused(tmp_path, f"code,expires\nBBBB-0000,\n{line}\n")

    assert f"codes.csv:3: {said}" in message or f"codes.csv:3: The {said}" in message or (said in message and ":3:" in message)
    assert "AAA" not in message
    assert "BBBB" not in message


def test_a_line_without_an_article_is_named(tmp_path: Path) -> None:
    assert "codes.csv:2: The line names no article" in refused(tmp_path, "code\nAAAA-0001\n", article=None)


def test_mixed_up_columns_tell_no_code(tmp_path: Path) -> None:
    assert "AAAA" not in refused(tmp_path, f"article,code\n{'AAAA-' * 30},KIS\n")


def test_the_same_code_twice_names_both_lines(tmp_path: Path) -> None:
    message = refused(tmp_path, "code\nAAAA-0001\nAAAA-0002\nAAAA-0001\nAAAA-0001\n")

    assert "codes.csv:4: the same code stands in line 2 already." in message
    assert "codes.csv:5: the same code stands in line 2 already." in message


def test_a_quote_that_is_left_open_is_named_where_it_opens_and_hides_no_other_line(tmp_path: Path) -> None:
    data = 'code,expires\nXXXXX-1,2027-03-31\n"XXXXX-2,2027-03-31\nXXXXX-3,2027-03-31\n'

    assert refused(tmp_path, data) == (
        "Nothing was imported:\ncodes.csv:3: this is not a line of a CSV file: a quote is opened and not closed."
    )
    assert [
        line.split(":")[1] for line in refused(tmp_path, f"{data}XXXXX-4,31.3.27\n".replace("27-", "7-", 1)).splitlines()[1:]
    ] == [
        "2",
        "3",
        "5",
    ]
    assert refused(tmp_path, '"code\nXXXXX-1\n').startswith("codes.csv:1: this is not a line of a CSV file: a quote")


def test_a_pair_of_quotes_over_two_lines_is_named_where_the_first_of_them_stands(tmp_path: Path) -> None:
    message = refused(tmp_path, 'code\nXXXXX-0\n"XXXXX-1\nXXXXX-2"\n')

    assert [line.split(":")[1] for line in message.splitlines()[1:]] == ["3"]


def test_codes_that_the_stock_has_are_named_among_the_other_wrong_lines(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code,expires\nXXXXX-1,2027-03-31\nXXXXX-2,31.3.27\nXXXXX-3,\nXXXXX-3,\nXXXXX-4,\n", encoding="utf-8")
    asked: list[str] = []

    def known(codes: Sequence[str]) -> set[str]:
        asked.extend(codes)
        return {"XXXXX-1", "XXXXX-4"}

    with pytest.raises(BadInput) as problem:
        read_file(path, article="KIS", zone=KYIV, now=NOW, known=known)

    assert asked == ["XXXXX-1", "XXXXX-3", "XXXXX-4"]
    assert problem.value.message.splitlines() == [
        "Nothing was imported:",
        "codes.csv:2: the stock has this code already.",
        "codes.csv:3: The expiry is not a date such as 2026-12-31.",
        "codes.csv:5: the same code stands in line 4 already.",
        "codes.csv:6: the stock has this code already.",
    ]


def test_a_folder_a_missing_file_and_a_wrong_encoding_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_file(tmp_path, article="KIS", zone=KYIV, now=NOW)
    with pytest.raises(BadInput, match="cannot be read"):
        read_file(tmp_path / "none.csv", article="KIS", zone=KYIV, now=NOW)
    assert "codes.csv:3: this is not UTF-8" in refused(tmp_path, "code\nAAAA-0001\nКОД\n".encode("cp1251"))
    assert "not UTF-8" in refused(tmp_path, "code\nAAAA-0001\n".encode("utf-16"))


def test_a_thousand_wrong_lines_are_named_and_the_rest_is_counted() -> None:
    with pytest.raises(BadInput) as problem:
        refuse([f"codes.csv:{number}: wrong" for number in range(2, 1012)])

    assert "codes.csv:1001: wrong" in problem.value.message
    assert problem.value.message.endswith("… and 10 more.")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(data=st.one_of(st.binary(max_size=200), st.text(alphabet='code,;"\r\n\t A1-é\x00', max_size=120).map(str.encode)))
def test_whatever_is_in_the_file_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    try:
        found = read(tmp_path, b"code,expires,article\n" + data)
    except BadInput:
        return
    assert found
    assert all(4 <= len(each.code) <= 120 and each.code.isascii() for each in found)


def test_a_hundred_thousand_lines_are_read_in_seconds(tmp_path: Path) -> None:
    begun = time.perf_counter()

    found = read(tmp_path, "code,expires\n" + "".join(f"AAAA-{number:06},2027-01-31\n" for number in range(100_000)))

    assert len(found) == 100_000
    assert time.perf_counter() - begun < 10
