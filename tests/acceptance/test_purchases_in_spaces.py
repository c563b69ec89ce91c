"""What is bought for a space: by card or through a distributor, side by side, and nothing twice."""

from typing import Any

import pytest

from acceptance import space_kit
from acceptance.kit import Isp
from acceptance.purchase_kit import opens_till, pays, shown


@pytest.fixture
def guarded(isp: Isp) -> Isp:
    """A space in Ukraine with a camera and a door bell, and a PRO whose company is a distributor."""
    space_kit.opens_shop(isp)
    opens_till(isp)
    isp.opens("dealer", "0", unlimited=True)
    isp("customers", "attach", "1", "dealer")
    space_kit.space(isp, space_kit.PRO)
    for device in ("CAM1", "CAM2"):
        isp("spaces", "add-device", "1", device, "--kind", "IndoorCam")
    return isp


def as_pro(isp: Isp, *words: str, exits: int = 0) -> dict[str, Any]:
    return isp("--as", space_kit.PRO, "purchases", "create", *words, "--space", "1", exits=exits).row


@pytest.mark.acceptance("A31")
def test_the_card_and_the_distributor_serve_one_space_side_by_side(guarded: Isp) -> None:
    card = as_pro(guarded, "42", "ajax_sim", "--by", "card", "--card", "card_ok")
    dealer = as_pro(guarded, "dealer", "ajax_cloud_storage", "--by", "distributor", "--device", "CAM1")
    assert (card["status"], dealer["status"]) == ("active", "active")
    sums = guarded("statements", "list", "--month", "2026-03").rows
    assert [(row["account"], row["total"]) for row in sums] == [("42", "5.00"), ("dealer", "5.00")]
    assert guarded.balance("dealer") == "-5.00"


@pytest.mark.acceptance("A31")
def test_the_same_service_for_the_same_device_is_not_sold_twice_by_whichever_path(guarded: Isp) -> None:
    first = as_pro(guarded, "dealer", "ajax_cloud_storage", "--by", "distributor", "--device", "CAM1")
    before = guarded.dump()
    for words in (("42", "--by", "card"), ("dealer", "--by", "distributor")):
        account, *by = words
        again = as_pro(guarded, account, "ajax_cloud_storage", *by, "--device", "CAM1", exits=1)
        assert again["error"] == "already_active"
        assert guarded.dump() == before
    other = as_pro(guarded, "42", "ajax_cloud_storage", "--by", "card", "--device", "CAM2", "--card", "card_ok")
    assert other["status"] == "active", "another device"
    guarded("subscriptions", "stop", str(first["subscription"]))
    again = as_pro(guarded, "42", "ajax_cloud_storage", "--by", "card", "--device", "CAM1", "--card", "card_ok")
    assert again["status"] == "active", "the first was stopped"


@pytest.mark.acceptance("A31")
def test_two_purchases_under_way_for_one_device_become_one_service_and_a_credit(guarded: Isp) -> None:
    for _ in range(2):
        as_pro(guarded, "42", "ajax_cloud_storage", "--by", "card", "--device", "CAM1")
    assert pays(guarded, "card_ok", 1) == "active"
    assert pays(guarded, "card_ok", 2) == "paid"
    assert "already" in shown(guarded, 2)["reason"]
    assert guarded.balance("42") == "105.00"


@pytest.mark.acceptance("A31")
@pytest.mark.parametrize(
    ("words", "exits", "code"),
    [
        (("42", "ajax_installation", "--by", "card"), 1, "service_not_card_payable"),
        (("dealer", "ajax_sim", "--by", "card"), 2, "wrong_account"),
        (("42", "ajax_sim", "--by", "distributor"), 1, "not_a_distributor"),
        (("dealer", "ajax_sim", "--by", "balance"), 1, "method_not_offered"),
        (("42", "ajax_cloud_storage", "--by", "card"), 2, "device_missing"),
        (("42", "ajax_cloud_storage", "--by", "card", "--device", "CAM9"), 2, "unknown_device"),
    ],
)
def test_what_the_space_does_not_allow_is_not_bought(guarded: Isp, words: tuple[str, ...], exits: int, code: str) -> None:
    before = guarded.dump()
    assert as_pro(guarded, *words, exits=exits)["error"] == code
    assert guarded.dump() == before


@pytest.mark.acceptance("A31")
def test_who_is_not_in_the_space_or_not_of_the_distributor_buys_nothing(guarded: Isp) -> None:
    for email, account, by in (
        (space_kit.OTHER_PRO, "42", "card"),
        (space_kit.USER, "dealer", "distributor"),
        (space_kit.USER, "42", "card"),
    ):
        words = ("purchases", "create", account, "ajax_sim", "--by", by, "--space", "1")
        refused = guarded("--as", email, *words, exits=2 if by == "distributor" else 1)
        assert refused.row["error"] in ("no_system_access", "not_yours", "pro_in_space")
    card = as_pro(guarded, "42", "ajax_sim", "--by", "card")
    seen = guarded("--as", space_kit.USER, "purchases", "show", str(card["purchase"]), exits=2)
    assert seen.row["error"] == "not_yours"
    assert guarded("--as", space_kit.USER, "purchases", "list").rows == []
