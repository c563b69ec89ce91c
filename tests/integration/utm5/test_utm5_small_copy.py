"""The small UTM5 read as a whole, and by chosen accounts."""

import csv
from datetime import UTC, datetime

from integration.utm5.rows import Variant
from isp_addons.billing.base import Funds
from isp_addons.billing.utm5 import Utm5Reader
from isp_addons.billing.utm5.tables import Generation
from isp_addons.sandbox.utm5_tables import SMALL

AT = datetime.fromisoformat("2026-11-29T21:00+03:00")


def _rows(name: str) -> list[dict[str, str]]:
    with (SMALL / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _all(reader: Utm5Reader) -> list[Funds]:
    return list(reader.funds(None, at=AT))


def test_every_account_has_the_expected_inputs_of_the_forecast(reader: Utm5Reader) -> None:
    expected = [
        (
            row["account_id"],
            datetime.fromtimestamp(int(row["period_end"]), UTC),
            int(row["available_minor"]),
            int(row["dues_minor"]),
            row["blocked"] == "1",
        )
        for row in _rows("expected_forecast.csv")
    ]
    found = [(funds.ref, funds.period_end, funds.available, funds.dues, funds.blocked) for funds in _all(reader)]
    assert len(expected) == 1960
    assert found == expected


def test_deleted_accounts_are_absent_and_blocked_ones_are_there(reader: Utm5Reader) -> None:
    accounts = _rows("accounts.csv")
    deleted = {row["id"] for row in accounts if row["is_deleted"] == "1"}
    blocked = {row["id"] for row in accounts if row["is_deleted"] == "0" and row["is_blocked"] != "0"}
    found = _all(reader)
    assert len(deleted) == 40
    assert not deleted & {funds.ref for funds in found}
    assert {funds.ref for funds in found if funds.blocked} == blocked
    assert list(reader.funds(sorted(deleted), at=AT)) == []


def test_the_other_fields_come_from_the_same_account(reader: Utm5Reader) -> None:
    [funds] = reader.funds(["1001"], at=AT)
    assert funds == Funds(
        ref="1001",
        currency="RUB",
        period_start=datetime(2026, 11, 22, 21, tzinfo=UTC),
        period_end=datetime(2026, 11, 29, 21, tzinfo=UTC),
        balance=179801,
        available=209801,
        dues=65000,
        blocked=False,
        unlimited=False,
        tariff="Домашний 100 + ТВ",
    )


def test_unlimited_accounts_say_so(reader: Utm5Reader) -> None:
    unlimited = {row["id"] for row in _rows("accounts.csv") if row["unlimited"] == "1" and row["is_deleted"] == "0"}
    assert unlimited
    assert {funds.ref for funds in _all(reader) if funds.unlimited} == unlimited


def test_chosen_accounts_come_once_each_in_order_and_odd_refs_not_at_all(reader: Utm5Reader) -> None:
    odd = ["", " 1001", "01001", "+1001", "1001.0", "-1", "0", "abc", "١٠٠١", "1e3", "99999999", "9999999999", "7" * 40, "1;--"]
    assert [funds.ref for funds in reader.funds([*odd, "1003", "1001", "1003"], at=AT)] == ["1001", "1003"]


def test_thousands_of_chosen_accounts_equal_the_whole_list(reader: Utm5Reader) -> None:
    refs = [str(number) for number in range(5000, 0, -1)]
    assert list(reader.funds(refs, at=AT)) == _all(reader)


def test_no_refs_give_no_accounts(reader: Utm5Reader) -> None:
    assert list(reader.funds([], at=AT)) == []


def test_only_what_was_never_an_account_is_said_never_to_have_existed(reader: Utm5Reader) -> None:
    deleted = next(row["id"] for row in _rows("accounts.csv") if row["is_deleted"] == "1")
    many = [str(number) for number in range(1001, 3001)]
    assert reader.never_existed(["7", "1001", deleted, "01001", "abc", "9999999999"]) == ["7", "01001", "abc", "9999999999"]
    assert reader.never_existed([*many, "3001"]) == ["3001"]
    assert reader.never_existed([]) == []


def test_check_says_what_it_found(reader: Utm5Reader, variant: Variant) -> None:
    address, schema, amount = reader.check()
    assert address.startswith("The database ")
    old = "Its schema is of the old generation (accounts.is_blocked), without cost factors."
    new = "Its schema is of the new generation (accounts.block_id), with cost factors."
    assert schema == (old if variant.generation is Generation.OLD else new)
    assert amount == "It has 1960 accounts, 3635 service links and 2 current accounting periods."
