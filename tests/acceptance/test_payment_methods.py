"""Which payment methods are offered, and the keys without which no card is taken."""

from pathlib import Path

import pytest

from acceptance.command import run_here
from acceptance.kit import Isp

SECRET, PUBLIC = "sk_test_51Hs3cr3tOfTheShop", "pk_test_51HpublicOfTheShop"


def methods(isp: Isp) -> dict[str, str]:
    return {row["method"]: row["status"] for row in isp("payments", "methods").rows}


def takes_cards(isp: Isp, secret: str = SECRET, public: str = PUBLIC) -> None:
    isp.configure("payments", card="sandbox", secret_key=secret, public_key=public)


@pytest.mark.acceptance("G51")
def test_the_list_names_every_method_what_it_means_and_whether_it_is_active(isp: Isp) -> None:
    rows = isp("payments", "methods").rows
    assert [(row["method"], row["status"]) for row in rows] == [
        ("balance", "active"),
        ("distributor", "active"),
        ("bank_transfer", "inactive"),
        ("card", "inactive"),
    ]
    assert rows[1]["billing"] == "on the distributor's statement at the end of the month"
    assert isp("payments", "methods", "--csv", human=True).out.splitlines()[0] == "method,billing,status"


@pytest.mark.acceptance("G52")
def test_a_method_is_offered_to_new_orders_or_not_and_what_runs_goes_on(isp: Isp) -> None:
    isp.sells("av", "10.00")
    isp.opens("42", "0")
    refused = isp("purchases", "create", "42", "av", "--by", "bank_transfer", exits=1)
    assert refused.row["error"] == "method_not_offered"
    assert isp("payments", "activate", "bank_transfer").row["changed"] is True
    assert isp("payments", "activate", "bank_transfer").row["changed"] is False
    pending = isp("purchases", "create", "42", "av", "--by", "bank_transfer").row
    isp("payments", "deactivate", "bank_transfer")
    assert methods(isp)["bank_transfer"] == "inactive"
    isp("purchases", "paid", str(pending["purchase"]), "--amount", "10.00", "--key", "bank-1")
    assert isp("purchases", "show", str(pending["purchase"])).row["status"] == "active", "what was ordered before goes on"
    isp.refuses("purchases", "create", "42", "av", "--by", "bank_transfer", exits=1, names="not offered")


@pytest.mark.acceptance("G52")
def test_the_last_active_method_warns_and_an_unknown_one_does_not_exist(isp: Isp) -> None:
    assert isp("payments", "deactivate", "distributor").row["warning"] == ""
    last = isp("payments", "deactivate", "balance")
    assert "nothing can be bought" in last.row["warning"]
    assert "nothing can be bought" in last.err
    assert isp.refuses("payments", "activate", "cash", exits=2, names="'cash'").row["error"] == "unknown_method"


@pytest.mark.acceptance("A01")
def test_the_card_is_beside_the_distributor_not_instead_of_him(isp: Isp) -> None:
    takes_cards(isp)
    isp("payments", "activate", "card")
    refused = isp.refuses("payments", "deactivate", "distributor", exits=1, names="alternative")
    assert refused.row["error"] == "distributor_stays"
    isp.configure("payments", distributor_beside_card="no")
    isp("payments", "deactivate", "distributor")
    assert methods(isp)["distributor"] == "inactive"


@pytest.mark.acceptance("G53")
def test_cards_are_offered_when_both_keys_are_there(isp: Isp) -> None:
    refused = isp.refuses("payments", "activate", "card", exits=1, names="secret_key")
    assert refused.row["error"] == "card_not_configured"
    isp.configure("payments", card="sandbox")
    refused = isp.refuses("payments", "activate", "card", exits=1, names="secret_key")
    assert refused.row["error"] == "card_not_configured"
    takes_cards(isp)
    isp("config", "check")
    isp("payments", "activate", "card")
    assert methods(isp)["card"] == "active"


@pytest.mark.acceptance("G53")
@pytest.mark.parametrize(
    ("secret", "public", "names"),
    [
        (PUBLIC, SECRET, "swapped"),
        (SECRET, "pk_live_51Hpublic", "both should be test keys"),
        ("sk_live_51Hsecret", PUBLIC, "both should be test keys"),
        ("sk_live_51Hsecret", "pk_live_51Hpublic", "takes no money"),
        ("51Hs3cr3tOfTheShop", PUBLIC, "sk_test_"),
        (SECRET, "51HpublicOfTheShop", "pk_test_"),
        ("sk_test_", PUBLIC, "sk_test_"),
    ],
)
def test_keys_that_are_no_pair_are_refused_and_never_repeated(isp: Isp, secret: str, public: str, names: str) -> None:
    takes_cards(isp, secret, public)
    for words in (("config", "check"), ("payments", "activate", "card")):
        refused = isp(*words, exits=78)
        assert names in refused.err
        assert "51Hs3cr3t" not in refused.err + refused.out


@pytest.mark.acceptance("G53")
@pytest.mark.acceptance("G54")
def test_an_empty_key_is_refused_wherever_it_is_kept(isp: Isp, monkeypatch: pytest.MonkeyPatch) -> None:
    isp.configure("payments", card="sandbox", secret_key="", public_key=PUBLIC)
    assert "has no value" in isp("config", "check", exits=78).err
    monkeypatch.setenv("SHOP_SECRET", "")
    takes_cards(isp, "env:SHOP_SECRET")
    assert "SHOP_SECRET" in isp("config", "check", exits=78).err
    isp.config["payments"].pop("secret_key")
    isp.write_config()
    assert "secret_key is missing" in isp("config", "check", exits=78).err
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    takes_cards(isp, "env:SHOP_SECRET")
    isp("payments", "activate", "card")


@pytest.mark.acceptance("G54")
def test_the_secret_is_shown_nowhere(isp: Isp) -> None:
    takes_cards(isp)
    isp.sells("av", "10.00")
    isp.opens("42", "0")
    isp("payments", "activate", "card")
    said = [
        isp("config", "show", human=True),
        isp("config", "show", "--json", human=True),
        isp("config", "check"),
        isp("payments", "methods"),
        isp("purchases", "create", "42", "av", "--by", "card", "--card", "card_declined"),
        isp("purchases", "list"),
        isp("audit", "--limit", "1000"),
        isp("doctor"),
    ]
    for each in said:
        assert "51Hs3cr3t" not in each.out + each.err
    shown = {(row["section"], row["option"]): row["value"] for row in said[1].rows}
    assert (shown["payments", "secret_key"], shown["payments", "public_key"]) == ("*", "*")
    assert not [row for rows in isp.dump().values() for row in rows if "51Hs3cr3t" in repr(row)]


@pytest.mark.acceptance("G54")
def test_a_secret_that_everybody_may_read_is_warned_of(isp: Isp) -> None:
    takes_cards(isp)
    Path(isp.file).chmod(0o644)
    told = run_here("--config", str(isp.file), "doctor", "--json")
    assert any("secret_key" in row["finding"] and row["result"] == "warns" for row in told.rows)
