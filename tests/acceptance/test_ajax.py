"""Ajax: the billing file says of every hub how its account stands, and is the one way to lock and unlock it."""

import json
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from acceptance.kit import MARCH_10, MARCH_31, Isp

FIELDS = ["hubId", "subscriptionFee", "balance", "currency", "blocked", "paymentDate"]


@pytest.fixture
def seller(isp: Isp) -> Isp:
    """An ISP that sells Ajax SIM for 5.00 a month, and locks hubs by the billing file."""
    isp.configure("vendor:ajax", plugin="ajax", company="Example Telecom", billing_file_dir=str(isp.folder / "ajax"))
    sells(isp, "sim", "5.00")
    return isp


def sells(isp: Isp, code: str, price: str) -> None:
    isp.prices[code] = Decimal(price)
    isp("products", "add", code, "--vendor", "ajax", "--price", price, "--option", "service=sim")


def has_service(isp: Isp, ref: str, *hubs: str, left: str = "100", **options: str | bool) -> int:
    """An account with the service, activated by a person, and its hubs; returns the subscription."""
    (subscription,) = isp.subscriber(ref, "sim", left=left, **options)
    isp("converge")
    (task,) = tasks(isp, ref)
    assert task["step"] == "on_order"
    isp("tasks", "confirm", task["licence"], "--reference", f"Space of {ref}")
    for hub in hubs:
        isp("devices", "add", ref, hub, "--vendor", "ajax")
    return subscription


def tasks(isp: Isp, ref: str) -> list[dict[str, Any]]:
    return isp("tasks", "list", "--account", ref).rows


def read(file: str) -> dict[str, dict[str, str]]:
    """The rows of a file by their hubs."""
    rows: list[dict[str, str]] = json.loads(Path(file).read_bytes().decode("utf-8"))
    return {row["hubId"]: row for row in rows}


def locked(isp: Isp) -> dict[str, str]:
    """What a file that is written now asks for, by hub."""
    return {hub: row["blocked"] for hub, row in read(isp("ajax", "billing-file").row["file"]).items()}


@pytest.mark.acceptance("A37")
def test_the_billing_file_has_a_row_of_six_texts_for_each_hub(seller: Isp) -> None:
    has_service(seller, "42", "00AF49C1", "00af49c2", left="1230.40")
    seller.at = "2026-03-10T12:34:56+02:00"

    told = seller("ajax", "billing-file").row

    file = Path(told["file"])
    assert file.name == "2026-03-10-10-34-56.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = read(told["file"])
    assert list(rows) == ["00AF49C1", "00af49c2"]
    assert list(rows["00AF49C1"]) == FIELDS
    assert rows["00AF49C1"] == {
        "hubId": "00AF49C1",
        "subscriptionFee": "5.00",
        "balance": "1230.40",
        "currency": "EUR",
        "blocked": "false",
        "paymentDate": "2026-04-01",
    }
    assert (told["rows"], told["blocked"], told["refused"], told["uploaded"]) == (2, 0, [], False)


@pytest.mark.acceptance("A37")
def test_a_row_that_ajax_would_not_take_is_refused_with_its_reason_and_the_others_are_written(seller: Isp) -> None:
    has_service(seller, "good", "00AF49C1", left="-1560.5", credit="2000")
    has_service(seller, "short", "AF49")
    has_service(seller, "free", "00AF49C3")
    sells(seller, "gift", "0.00")
    seller.opens("gifted", "0")
    seller.orders("gifted", "gift")
    seller("devices", "add", "gifted", "00AF49C4", "--vendor", "ajax")

    result = seller("ajax", "billing-file")

    assert sorted(read(result.row["file"])) == ["00AF49C1", "00AF49C3"]
    assert read(result.row["file"])["00AF49C1"]["balance"] == "-1560.50"
    refused = {row["account"]: row for row in result.row["refused"]}
    assert sorted(refused) == ["gifted", "short"]
    assert refused["short"]["device"] == "AF49"
    assert "'AF49' is not 8 hexadecimal digits" in refused["short"]["reason"]
    assert "more than nothing" in refused["gifted"]["reason"]
    assert "warning: account short, hub AF49:" in result.err


@pytest.mark.acceptance("A38")
def test_a_block_locks_each_hub_in_the_next_file_and_a_payment_unlocks_it(seller: Isp) -> None:
    subscription = has_service(seller, "42", "00AF49C1", "00AF49C2")
    has_service(seller, "43", "00AF49C3")
    seller.at = MARCH_10
    assert locked(seller) == {"00AF49C1": "false", "00AF49C2": "false", "00AF49C3": "false"}
    assert seller("ajax", "uploaded").row["confirmed"] == 0

    seller.at = "2026-03-10T13:00:00+00:00"
    seller.hears("on_block", "42")
    assert seller.at_vendor(subscription) != "suspended", "no file says so yet"
    assert [task["step"] for task in tasks(seller, "42")] == ["on_block"]
    assert locked(seller) == {"00AF49C1": "true", "00AF49C2": "true", "00AF49C3": "false"}
    assert seller.at_vendor(subscription) != "suspended", "the file is written, but Ajax does not have it"
    assert seller("ajax", "uploaded").row["confirmed"] == 1
    assert (seller.at_vendor(subscription), tasks(seller, "42")) == ("suspended", [])

    seller.at = "2026-03-11T12:00:00+00:00"
    seller.hears("on_unblock", "42")
    assert locked(seller) == {"00AF49C1": "false", "00AF49C2": "false", "00AF49C3": "false"}
    assert seller("ajax", "uploaded").row["confirmed"] == 1
    assert seller("ajax", "uploaded").row["confirmed"] == 0, "said twice is said once"
    assert seller.at_vendor(subscription) == "active"
    assert len(seller("devices", "list").rows) == 3, "nothing is deleted"
    assert seller.subscription(subscription)["status"] == "running"


@pytest.mark.acceptance("A38")
def test_an_unpaid_next_period_locks_the_hubs_and_a_payment_unlocks_them(seller: Isp) -> None:
    subscription = has_service(seller, "42", "00AF49C1", left="4.99")
    seller.at = MARCH_31
    seller.looks_ahead()
    assert locked(seller) == {"00AF49C1": "true"}
    seller("ajax", "uploaded")
    assert (seller.at_vendor(subscription), seller.held_by(subscription)) == ("suspended", "forecast")

    seller.at = "2026-03-31T13:00:00+00:00"
    seller.hears("payment", "42", "amount=10.00")
    assert locked(seller) == {"00AF49C1": "false"}
    seller("ajax", "uploaded")
    assert seller.at_vendor(subscription) == "active"


@pytest.mark.acceptance("A38")
def test_an_account_without_a_hub_has_no_row_but_a_warning_and_its_task_waits(seller: Isp) -> None:
    subscription = has_service(seller, "42")
    has_service(seller, "43", "00AF49C3")
    seller.hears("on_block", "42")

    result = seller("ajax", "billing-file")

    assert list(read(result.row["file"])) == ["00AF49C3"]
    assert "warning: account 42: The account has no hub; add it with: isp-addons devices add 42 HUB_ID" in result.err
    assert seller("ajax", "uploaded").row["confirmed"] == 0
    assert seller.at_vendor(subscription) != "suspended"
    assert [task["step"] for task in tasks(seller, "42")] == ["on_block"]


@pytest.mark.acceptance("A38")
def test_paid_after_the_file_was_written_and_before_it_was_uploaded_is_unlocked_by_the_next(seller: Isp) -> None:
    subscription = has_service(seller, "42", "00AF49C1")
    seller.at = MARCH_10
    seller.hears("on_block", "42")
    assert locked(seller) == {"00AF49C1": "true"}
    seller.at = "2026-03-10T12:05:00+00:00"
    seller.hears("on_unblock", "42")
    seller("ajax", "uploaded")
    assert seller.at_vendor(subscription) != "active", "the uploaded file has locked the hub"
    seller("converge")
    seller.at = "2026-03-10T12:10:00+00:00"
    assert locked(seller) == {"00AF49C1": "false"}
    seller("ajax", "uploaded")
    assert (seller.at_vendor(subscription), tasks(seller, "42")) == ("active", [])


@pytest.mark.acceptance("A38")
def test_paid_before_any_file_said_so_was_never_locked(seller: Isp) -> None:
    subscription = has_service(seller, "42", "00AF49C1")
    seller.at = MARCH_10
    seller.hears("on_block", "42")
    seller.hears("on_unblock", "42")
    assert locked(seller) == {"00AF49C1": "false"}
    seller("ajax", "uploaded")
    assert (seller.at_vendor(subscription), tasks(seller, "42")) == ("active", [])


@pytest.mark.acceptance("A38")
def test_an_own_program_uploads_the_file_and_only_its_success_counts(seller: Isp) -> None:
    program = seller.folder / "upload"
    program.write_text('#!/bin/sh\ncp "$1" "$0.taken" && exit $(cat "$0.code")\n')
    program.chmod(0o755)
    (seller.folder / "upload.code").write_text("3")
    seller.configure("vendor:ajax", upload_command=str(program))
    subscription = has_service(seller, "42", "00AF49C1")
    seller.at = MARCH_10
    seller.hears("on_block", "42")

    failed = seller("ajax", "billing-file", exits=1)
    assert "upload ended with exit code 3" in failed.err
    assert seller.at_vendor(subscription) != "suspended"

    (seller.folder / "upload.code").write_text("0")
    seller.at = "2026-03-10T12:10:00+00:00"
    told = seller("ajax", "billing-file").row
    assert (told["uploaded"], told["confirmed"]) == (True, 1)
    assert (seller.folder / "upload.taken").read_bytes() == Path(told["file"]).read_bytes()
    assert seller.at_vendor(subscription) == "suspended"


def test_a_device_belongs_to_one_account_until_it_is_removed(seller: Isp) -> None:
    seller.opens("42")
    seller.opens("43")
    assert seller("devices", "add", "42", "00AF49C1", "--vendor", "ajax", "--name", "Door").row["changed"] is True
    assert seller("devices", "add", "42", "00AF49C1", "--vendor", "ajax").row["changed"] is False
    seller.refuses("devices", "add", "43", "00AF49C1", "--vendor", "ajax", exits=1, names="belongs to the account 42")
    (row,) = seller("devices", "list", "--account", "42").rows
    assert (row["ref"], row["name"], row["vendor"]) == ("00AF49C1", "Door", "ajax")

    assert seller("devices", "remove", "00AF49C1", "--vendor", "ajax").row["changed"] is True
    assert seller("devices", "remove", "00AF49C1", "--vendor", "ajax").row["changed"] is False
    assert seller("devices", "list").rows == []
    assert seller("devices", "add", "43", "00AF49C1", "--vendor", "ajax").row["changed"] is True
    assert len(seller.dump("device")["device"]) == 2, "what was removed is still on record"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("add", "nobody", "00AF49C1", "--vendor", "ajax"), "no account 'nobody'"),
        (("add", "42", "", "--vendor", "ajax"), "The device '' is not 1 to 64"),
        (("add", "42", "0" * 65, "--vendor", "ajax"), "is not 1 to 64"),
        (("add", "42", "00AF49C1", "--vendor", "nobody"), "nobody"),
        (("remove", "00AF49C1", "--vendor", "ajax"), "There is no device '00AF49C1'"),
    ],
)
def test_a_device_that_cannot_be_meant_is_refused(seller: Isp, words: tuple[str, ...], names: str) -> None:
    seller.opens("42")
    seller.refuses("devices", *words, exits=2, names=names)


def test_a_removed_hub_has_no_row_and_keeps_no_other_out(seller: Isp) -> None:
    has_service(seller, "42", "00AF49C1", "00AF49C2")
    seller("devices", "remove", "00AF49C1", "--vendor", "ajax")
    assert list(locked(seller)) == ["00AF49C2"]


def test_an_older_file_says_nothing_any_more_once_a_newer_one_was_uploaded(seller: Isp) -> None:
    has_service(seller, "42", "00AF49C1")
    older = seller("ajax", "billing-file", "--out", str(seller.folder / "elsewhere")).row["file"]
    seller("ajax", "billing-file", "--out", str(seller.folder / "elsewhere"), exits=75)
    seller.at = MARCH_10
    newer = seller("ajax", "billing-file", "--out", str(seller.folder / "elsewhere")).row["file"]
    seller.configure("vendor:ajax", billing_file_dir=str(seller.folder / "elsewhere"))
    seller.refuses("ajax", "uploaded", exits=2, names="Several files wait")
    assert seller("ajax", "uploaded", older).row["file"] == older
    assert seller("ajax", "uploaded", "--vendor", "ajax").row["file"] == newer
    assert seller("ajax", "uploaded", newer).row["file"] == newer
    seller.refuses("ajax", "uploaded", older, exits=1, names="is newer, was uploaded already")
    seller.refuses(
        "ajax", "uploaded", str(seller.folder / "elsewhere" / "none.json"), exits=2, names="There is no file none.json"
    )
    seller.configure("vendor:ajax", billing_file_dir=str(seller.folder / "nowhere"))
    seller.refuses("ajax", "uploaded", exits=1, names="cannot be used")


def test_where_nobody_has_a_hub_no_file_is_written(seller: Isp) -> None:
    told = seller("ajax", "billing-file").row
    assert (told["file"], told["rows"], told["uploaded"]) == (None, 0, False)
    assert not (seller.folder / "ajax").exists()


def test_a_vendor_that_takes_no_such_file_is_refused(seller: Isp) -> None:
    seller.refuses("ajax", "billing-file", "--vendor", "avdesk", exits=2, names="takes no billing file")
    seller.configure("vendor:ajax2", plugin="ajax", company="Other")
    seller.refuses("ajax", "billing-file", exits=2, names="Several vendors take a billing file (ajax, ajax2)")
    seller.refuses("ajax", "billing-file", "--vendor", "ajax2", exits=2, names="set billing_file_dir")
