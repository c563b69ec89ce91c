"""Activation codes from a stock: sold once each, never charged without one, and never taken back."""

import csv
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from acceptance.kit import APRIL, MARCH_10, MARCH_31, MAY, Isp

CODES = ("KIS1-AAAA-AAAA-0001", "KIS1-BBBB-BBBB-0002", "KIS1-CCCC-CCCC-0003")
SECRETS = ("AAAA-AAAA", "BBBB-BBBB", "CCCC-CCCC")
PRICE = "150.00"


@pytest.fixture
def kiosk(isp: Isp) -> Isp:
    """An ISP that sells monthly codes at 150.00, with nothing in stock yet."""
    isp.configure("vendor:retail", plugin="codes")
    isp("products", "add", "kis", "--vendor", "retail", "--price", PRICE, "--option", "article=KIS-1M")
    return isp


def stocked(isp: Isp, codes: Sequence[str] = CODES, *, expires: str = "", name: str = "codes.csv") -> None:
    """Import codes."""
    isp("codes", "import", "retail", str(written(isp, [(code, expires) for code in codes], name=name)))


def written(
    isp: Isp, rows: Sequence[Sequence[str]], *, head: Sequence[str] = ("code", "expires"), name: str = "codes.csv"
) -> Path:
    path = isp.folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def shown(isp: Isp, account: str) -> list[str]:
    """What the subscriber may see."""
    dump = isp.dump("account", "subscription", "licence")
    (mine,) = [row[0] for row in dump["account"] if account in row]
    owned = {row[0] for row in dump["subscription"] if row[1] == mine}
    return [row[6]["activation_code"] for row in dump["licence"] if row[1] in owned and row[6]]


def sold(isp: Isp) -> list[str]:
    """The codes that are taken, oldest first."""
    return [row["code"] for row in reversed(isp("codes", "list", "--state", "taken", "--reveal").rows)]


def charges(isp: Isp) -> int:
    return len(isp.dump("charge")["charge"])


@pytest.mark.acceptance("F08")
def test_who_buys_sees_exactly_one_unused_code_and_is_charged_once(kiosk: Isp) -> None:
    stocked(kiosk)
    kiosk.opens("42", "200.00")

    kiosk.orders("42", "kis", plan="one_off", key="web-1")
    kiosk.orders("42", "kis", plan="one_off", key="web-1")
    kiosk("converge")
    kiosk("converge")

    assert shown(kiosk, "42") == [CODES[0]]
    assert sold(kiosk) == [CODES[0]]
    assert kiosk.balance("42") == "50.00"
    assert charges(kiosk) == 1


@pytest.mark.acceptance("F08")
def test_an_empty_stock_refuses_before_anything_is_charged(kiosk: Isp) -> None:
    kiosk.opens("42", "200.00")

    result = kiosk.refuses("order", "42", "kis", "--plan", "one_off", exits=1, names="no activation code of KIS-1M")

    assert json.loads(result.out)["error"] == "out_of_stock"
    assert kiosk.balance("42") == "200.00"
    stocked(kiosk, CODES[:1])
    kiosk.refuses("order", "42", "kis", "--quantity", "2", exits=1, names="fewer than 2 activation codes")


@pytest.mark.acceptance("F08")
def test_of_two_buyers_at_once_one_gets_the_last_code_and_the_other_is_not_charged(kiosk: Isp) -> None:
    stocked(kiosk, CODES[:1])
    for ref in ("1", "2"):
        kiosk.opens(ref, "200.00")

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda ref: kiosk.process("order", ref, "kis", "--plan", "one_off", "--json"), ("1", "2")))

    assert sorted(each.code for each in results) == [0, 1], [each.err for each in results]
    (loser,) = [each for each in results if each.code]
    assert json.loads(loser.out)["error"] == "out_of_stock"
    assert sorted(kiosk.balance(ref) for ref in ("1", "2")) == ["200.00", "50.00"]
    assert charges(kiosk) == 1


@pytest.mark.acceptance("F08")
def test_each_paid_month_brings_one_new_code(kiosk: Isp) -> None:
    stocked(kiosk)
    subscription = _subscriber(kiosk, "350.00")
    assert shown(kiosk, "42") == [CODES[0]]

    kiosk.at = APRIL
    kiosk.begins_periods()

    assert shown(kiosk, "42") == [CODES[1]]
    assert kiosk.balance("42") == "50.00"
    assert kiosk.subscription(subscription)["paid_until"] == MAY


@pytest.mark.acceptance("F08")
def test_a_code_costs_the_whole_price_however_late_in_the_month_it_is_sold(kiosk: Isp) -> None:
    stocked(kiosk)
    kiosk.opens("42", "200.00")
    kiosk.at = MARCH_31

    kiosk.orders("42", "kis")

    assert kiosk.balance("42") == "50.00"


@pytest.mark.acceptance("F09")
def test_who_cannot_pay_gets_no_next_code_and_keeps_the_one_he_has(kiosk: Isp) -> None:
    stocked(kiosk)
    subscription = _subscriber(kiosk, "200.00")
    kiosk.at = MARCH_31
    kiosk.looks_ahead()
    kiosk.at = APRIL
    kiosk.begins_periods()

    assert kiosk.held_by(subscription) == "forecast"
    assert kiosk.at_vendor(subscription) == "active"
    assert (shown(kiosk, "42"), sold(kiosk)) == ([CODES[0]], [CODES[0]])
    assert kiosk("failed", "list").rows == []
    assert kiosk("plan").rows == []
    assert kiosk.balance("42") == "50.00"

    kiosk("accounts", "pay", "42", "100.00")
    kiosk("converge")

    assert shown(kiosk, "42") == [CODES[1]]
    assert kiosk.held_by(subscription) == ""
    assert kiosk.balance("42") == "0.00"


@pytest.mark.acceptance("F09")
def test_a_blocked_account_keeps_its_code_and_is_sold_no_other(kiosk: Isp) -> None:
    stocked(kiosk)
    subscription = _subscriber(kiosk, "500.00")

    kiosk.hears("blocked", "42")
    kiosk.at = APRIL
    kiosk.begins_periods()

    assert kiosk.held_by(subscription) == "billing, forecast"
    assert kiosk.at_vendor(subscription) == "active"
    assert sold(kiosk) == [CODES[0]]
    assert kiosk("failed", "list").rows == []
    assert kiosk.balance("42") == "350.00"

    kiosk.hears("unblocked", "42")

    assert shown(kiosk, "42") == [CODES[1]]
    assert kiosk.balance("42") == "200.00"


@pytest.mark.acceptance("F09")
def test_where_no_code_is_left_for_the_next_month_nothing_is_charged_until_there_is_one(kiosk: Isp) -> None:
    stocked(kiosk, CODES[:1])
    subscription = _subscriber(kiosk, "500.00")
    kiosk.at = APRIL

    begun = kiosk("period-begin").row

    assert (begun["charged"], begun["held"], begun["out_of_stock"]) == (0, 1, 1)
    assert kiosk.balance("42") == "350.00"
    assert kiosk.held_by(subscription) == "forecast"
    history = kiosk.subscription(subscription)["history"]
    assert [row["after"] for row in history if row["field"] == "out_of_stock"] == ["waits for a code; nothing was charged"]
    kiosk("period-begin")
    kiosk("accounts", "pay", "42", "1.00")
    assert kiosk.balance("42") == "351.00"

    stocked(kiosk, CODES[1:], name="more.csv")
    again = kiosk("period-begin").row
    kiosk("converge")

    assert again["charged"] == 1
    assert shown(kiosk, "42") == [CODES[1]]
    assert kiosk.balance("42") == "201.00"
    assert kiosk("period-begin").row["charged"] == 0


@pytest.mark.acceptance("F09")
def test_money_that_finds_no_code_pays_for_another_add_on(kiosk: Isp) -> None:
    kiosk.sells("av", "100.00", priority=2)
    stocked(kiosk, CODES[:1])
    subscription = _subscriber(kiosk, "150.00")
    kiosk("accounts", "pay", "42", "100.00")
    second = kiosk.orders("42", "av")
    kiosk("accounts", "pay", "42", "150.00")
    kiosk.at = APRIL

    kiosk("period-begin")

    assert kiosk.held_by(subscription) == "forecast"
    assert kiosk.held_by(second) == ""
    assert kiosk.balance("42") == "50.00"


@pytest.mark.acceptance("F09")
def test_what_cannot_be_undone_is_said_where_it_matters(kiosk: Isp) -> None:
    stocked(kiosk)
    subscription = _subscriber(kiosk, "200.00")
    says = "cannot be taken back, suspended or refunded"

    assert says in kiosk("subscriptions", "show", str(subscription)).row["policy"]
    assert says in str(kiosk("accounts", "show", "42").rows)
    assert says in kiosk("cancel", str(subscription)).row["policy"]
    kiosk("cancel", str(subscription), "--now")
    kiosk("converge")

    assert kiosk.balance("42") == "50.00"
    assert sold(kiosk) == [CODES[0]]
    assert kiosk("failed", "list").rows == []


@pytest.mark.acceptance("F09")
def test_a_held_one_off_term_is_not_renewed(kiosk: Isp) -> None:
    stocked(kiosk)
    kiosk.opens("42", "400.00")
    subscription = kiosk.orders("42", "kis", plan="one_off")
    kiosk("hold", str(subscription), "--note", "asked by the abuse desk")

    kiosk.refuses("renew", str(subscription), exits=1, names="is held")
    kiosk("release", str(subscription))
    kiosk("renew", str(subscription))
    kiosk("converge")

    assert sold(kiosk) == list(CODES[:2])
    assert shown(kiosk, "42") == [", ".join(CODES[:2])]
    assert kiosk.balance("42") == "100.00"


def test_a_term_that_ran_out_is_renewed_from_today_with_a_new_code(kiosk: Isp) -> None:
    stocked(kiosk)
    kiosk.opens("42", "400.00")
    subscription = kiosk.orders("42", "kis", plan="one_off")
    kiosk("converge")
    kiosk.at = MAY
    kiosk("worker", "--once")

    assert kiosk("failed", "list").rows == []
    kiosk("renew", str(subscription))
    kiosk("converge")

    assert shown(kiosk, "42") == [CODES[1]]
    assert kiosk.balance("42") == "100.00"


@pytest.mark.acceptance("F09")
def test_low_and_expiring_stock_is_reported(kiosk: Isp) -> None:
    kiosk.configure("vendor:retail", low_stock="5", expiry_warning_days="20")
    stocked(kiosk, CODES[:2], expires="2026-03-25")
    kiosk.at = MARCH_10

    (level,) = kiosk("codes", "stock").rows

    assert {name: level[name] for name in ("article", "free", "expiring", "taken", "expired")} == {
        "article": "KIS-1M",
        "free": 2,
        "expiring": 2,
        "taken": 0,
        "expired": 0,
    }
    warned = [row["finding"] for row in kiosk("doctor").rows if row["result"] == "warns" and row["what"] == "codes of retail"]
    assert warned == level["warnings"]
    assert ["Only 2 codes of KIS-1M are free" in warned[0], "2 free codes of KIS-1M expire" in warned[1]] == [True, True]

    kiosk.at = APRIL
    (level,) = kiosk("codes", "stock").rows
    assert (level["free"], level["expired"]) == (0, 2)
    kiosk.opens("42", "200.00")
    kiosk.refuses("order", "42", "kis", exits=1, names="no activation code")


@pytest.mark.acceptance("F09")
def test_a_file_with_wrong_lines_is_not_imported_and_each_is_named(kiosk: Isp) -> None:
    rows = [
        (CODES[0], "2026-12-31"),
        (CODES[1], "31.12.2026"),
        (CODES[0], ""),
        ("", ""),
        ("has a space", ""),
        (CODES[2], "2026-02-01"),
        (CODES[2], "", "too much"),
    ]
    path = written(kiosk, rows)

    result = kiosk.refuses("codes", "import", "retail", str(path), exits=2, names="Nothing was imported")

    named = {int(line.split(":")[1]) for line in result.err.splitlines() if line.startswith("codes.csv:")}
    assert named == {3, 4, 5, 6, 7, 8}
    assert json.loads(result.out)["error"] == "bad_file"
    assert not any(secret in result.err + result.out for secret in SECRETS)


@pytest.mark.acceptance("F09")
def test_a_code_that_the_stock_has_is_refused_whatever_became_of_it(kiosk: Isp) -> None:
    stocked(kiosk)
    _subscriber(kiosk, "200.00")
    kiosk("codes", "void", str(_number(kiosk, CODES[1])), "--note", "recalled")

    path = written(kiosk, [("KIS1-NEW", "soon"), *((code, "") for code in CODES), ("no", "")], name="again.csv")
    result = kiosk.refuses("codes", "import", "retail", str(path), exits=2, names="again.csv:3: the stock has this code")

    assert [line.split(":")[1] for line in result.err.splitlines() if line.startswith("again.csv:")] == list("23456")


@pytest.mark.acceptance("F09")
@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"", "the column code is missing"),
        (b"code,expired\nAAAA-1,2026-12-31\n", "columns are unknown"),
        (b"code\n", "no code in it"),
        (b"code\nAAAA-1\n\xff\xfe\n", "codes.csv:3: this is not UTF-8"),
        (b'code\nAAAA-0\n"AAAA-1\nAAAA-2\n', "Nothing was imported:\ncodes.csv:3: this is not a line of a CSV file"),
        (b"code,code\nAAAA-1,AAAA-2\n", "stands there twice"),
        ("code\nKÖD-123\n".encode(), "codes.csv:2"),
    ],
)
def test_a_file_of_another_kind_is_refused(kiosk: Isp, data: bytes, names: str) -> None:
    path = kiosk.folder / "codes.csv"
    path.write_bytes(data)

    result = kiosk.refuses("codes", "import", "retail", str(path), exits=2, names=names)

    assert "AAAA-1" not in result.err


def test_codes_are_starred_unless_somebody_reveals_them_and_then_it_is_in_the_audit(kiosk: Isp) -> None:
    stocked(kiosk)
    before = len(kiosk.dump("audit")["audit"])

    assert [row["code"] for row in kiosk("codes", "list").rows] == ["*0003", "*0002", "*0001"]
    assert len(kiosk.dump("audit")["audit"]) == before
    revealed = kiosk("codes", "list", "--reveal", "--limit", "2").rows
    assert [row["code"] for row in revealed] == [CODES[2], CODES[1]]
    noted = [row for row in kiosk("audit").rows if row["field"] == "revealed"]
    assert {row["subject"] for row in noted} == {f"activation_code {row['id']}" for row in revealed}


def test_the_tables_label_their_times_and_call_a_taken_code_by_one_word(kiosk: Isp) -> None:
    stocked(kiosk)
    _subscriber(kiosk, "200.00")

    listed, level = kiosk.process("codes", "list").out, kiosk.process("codes", "stock").out

    assert "Expires (UTC)" in listed
    assert "Period from (UTC)" in listed
    assert " taken " in listed
    assert "Taken" in level
    assert "Sold" not in level


def test_a_void_code_is_never_sold_and_a_sold_one_cannot_be_voided(kiosk: Isp) -> None:
    stocked(kiosk)
    kiosk("codes", "void", str(_number(kiosk, CODES[0])), "--note", "recalled by the vendor")
    _subscriber(kiosk, "200.00")

    assert sold(kiosk) == [CODES[1]]
    kiosk.refuses("codes", "void", str(_number(kiosk, CODES[1])), "--note", "again", exits=1, names="was sold")
    kiosk.refuses("codes", "void", "999", "--note", "again", exits=2, names="There is no code 999")
    kiosk.refuses("codes", "void", "--note", "again", exits=2, names="--batch")
    assert kiosk("codes", "void", "--batch", "codes.csv", "--note", "the whole delivery").row["void"] == 1


def test_no_secret_is_told_anywhere_but_where_it_is_asked_for(kiosk: Isp) -> None:
    kiosk.configure("isp-addons", log_level="debug")
    stocked(kiosk)
    subscription = _subscriber(kiosk, "350.00")
    kiosk.at = APRIL

    told = [
        kiosk.process(*words)
        for words in (
            ("period-begin",),
            ("plan",),
            ("converge",),
            ("audit", "--limit", "1000"),
            ("subscriptions", "show", str(subscription)),
            ("codes", "list"),
            ("codes", "stock"),
            ("doctor",),
            ("worker", "--once"),
        )
    ]

    assert [each.code for each in told] == [0] * len(told)
    assert not [each for each in told if any(secret in each.out + each.err for secret in SECRETS)]
    assert not [row for row in kiosk.dump("audit")["audit"] if any(secret in str(row) for secret in SECRETS)]


def test_another_kind_of_vendor_takes_no_codes(kiosk: Isp) -> None:
    path = written(kiosk, [(CODES[0], "")])

    kiosk.refuses("codes", "import", "avdesk", str(path), exits=1, names="does not sell activation codes")
    kiosk.refuses("codes", "import", "nobody", str(path), exits=2, names="nobody")
    kiosk.refuses("codes", "stock", "--vendor", "avdesk", exits=1, names="does not sell activation codes")


def test_a_product_of_codes_is_sold_for_one_term_and_with_no_tariff(kiosk: Isp) -> None:
    stocked(kiosk)
    kiosk.sells("kis-any", PRICE, vendor="retail", terms="1,12")
    kiosk.opens("42", "5000.00")

    kiosk.refuses("order", "42", "kis-any", "--plan", "one_off", "--term", "12", exits=2, names="a product for each term")
    kiosk.refuses("products", "include", "kis", "Home", exits=1, names="licences without end")


def _subscriber(isp: Isp, balance: str) -> int:
    """An account with a recurring subscription whose first code is shown."""
    isp.opens("42", balance)
    subscription = isp.orders("42", "kis")
    isp("converge")
    return subscription


def _number(isp: Isp, code: str) -> Any:
    (number,) = [row["id"] for row in isp("codes", "list", "--reveal").rows if row["code"] == code]
    return number
