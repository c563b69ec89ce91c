"""The Ajax billing file: six texts for each hub, and one wrong row never keeps the others out."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.vendor_api.account_file import AccountFile, AccountStanding
from isp_addons_ajax import billing_file

AT = datetime(2026, 3, 10, 9, 5, 7, tzinfo=UTC)


def standing(**changed: Any) -> AccountStanding:
    told: dict[str, Any] = {
        "account": "42",
        "devices": ("00AF49C1",),
        "fee": Decimal("5.00"),
        "balance": Decimal("-1560.5"),
        "currency": "UAH",
        "blocked": False,
        "paid_until": date(2026, 4, 1),
    }
    return AccountStanding(**{**told, **changed})


def written(*standings: AccountStanding) -> AccountFile:
    return billing_file.written(standings, vendor="ajax", at=AT)


def test_a_row_is_six_texts_in_the_order_of_the_documentation() -> None:
    file = written(standing())

    assert file.name == "2026-03-10-09-05-07.json"
    assert json.loads(file.content.decode("utf-8")) == [
        {
            "hubId": "00AF49C1",
            "subscriptionFee": "5.00",
            "balance": "-1560.50",
            "currency": "UAH",
            "blocked": "false",
            "paymentDate": "2026-04-01",
        }
    ]


def test_every_hub_of_a_blocked_account_is_to_be_locked() -> None:
    file = written(standing(devices=("00AF49C1", "00AF49C2"), blocked=True), standing(account="43", devices=("00AF49C3",)))

    assert [(row["hubId"], row["blocked"]) for row in json.loads(file.content)] == [
        ("00AF49C1", "true"),
        ("00AF49C2", "true"),
        ("00AF49C3", "false"),
    ]
    assert (file.rows, file.blocked) == (3, {"42": True, "43": False})


@pytest.mark.parametrize("hub", ["AF49", "", "00AF49C1 ", "00AF49CG", "00AF49C12", "００AF49C1", "0x00AF49"])
def test_a_hub_id_that_is_not_eight_hexadecimal_digits_is_refused(hub: str) -> None:
    file = written(standing(devices=(hub,)), standing(account="43", devices=("00af49c3",)))

    (refused,) = file.refused
    assert (refused.account, refused.device) == ("42", hub)
    assert "is not 8 hexadecimal digits" in refused.reason
    assert [row["hubId"] for row in json.loads(file.content)] == ["00af49c3"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"fee": Decimal(0)}, "The fee 0 is not more than nothing, which Ajax requires."),
        ({"fee": Decimal("-0.01")}, "The fee -0.01 is not more than nothing, which Ajax requires."),
        ({"fee": Decimal("1.005")}, "The fee 1.005 has more than two decimals, which Ajax does not take."),
        ({"balance": Decimal("0.001")}, "The balance 0.001 has more than two decimals, which Ajax does not take."),
        ({"balance": None}, "The billing has no such account."),
        ({"currency": "uah"}, "The currency 'uah' is not one of three capital letters."),
        ({"devices": ()}, "The account has no hub; add it with: isp-addons devices add 42 HUB_ID --vendor ajax"),
    ],
)
def test_what_ajax_would_not_take_is_refused_with_its_reason(changed: dict[str, Any], reason: str) -> None:
    file = written(standing(**changed))

    assert [each.reason for each in file.refused] == [reason]
    assert (json.loads(file.content), file.rows, file.blocked) == ([], 0, {})


def test_an_account_of_which_one_hub_is_refused_is_not_carried_whole() -> None:
    file = written(standing(devices=("00AF49C1", "AF49"), blocked=True))

    assert (file.rows, file.blocked) == (1, {})


@given(
    fee=st.integers(1, 10**12),
    balance=st.integers(-(10**12), 10**12),
    hub=st.integers(0, 16**8 - 1),
    blocked=st.booleans(),
    due=st.dates(),
)
def test_what_is_written_reads_back_as_it_was(fee: int, balance: int, hub: int, blocked: bool, due: date) -> None:
    told = standing(
        fee=Decimal(fee).scaleb(-2),
        balance=Decimal(balance).scaleb(-2),
        devices=(f"{hub:08X}",),
        blocked=blocked,
        paid_until=due,
    )

    (row,) = json.loads(written(told).content)

    assert all(isinstance(value, str) for value in row.values())
    assert (Decimal(row["subscriptionFee"]), Decimal(row["balance"])) == (told.fee, told.balance)
    assert all(len(row[name].partition(".")[2]) == 2 for name in ("subscriptionFee", "balance"))
    assert (int(row["hubId"], 16), row["blocked"] == "true", date.fromisoformat(row["paymentDate"])) == (hub, blocked, due)
