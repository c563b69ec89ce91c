"""Who may pay how for what in which country: a table that comes with the product and that an admin changes."""

from pathlib import Path

import pytest

from acceptance.kit import APRIL, Isp
from acceptance.space_kit import (
    NEIGHBOUR,
    OTHER_PRO,
    PRO,
    USER,
    asks,
    denied,
    opens_shop,
    paths,
    refused,
    space,
    why_no_card,
)

BOTH = ["card", "distributor"]


@pytest.fixture
def shop(isp: Isp) -> Isp:
    opens_shop(isp)
    return isp


@pytest.mark.acceptance("A01")
@pytest.mark.acceptance("A15")
def test_a_pro_in_ukraine_may_choose_the_card_or_the_distributor(shop: Isp) -> None:
    home = space(shop, PRO)

    assert paths(shop, PRO, home) == BOTH
    assert paths(shop, PRO, home, "--service", "ajax_sim") == BOTH
    told = shop("--as", PRO, "availability", "options", "--space", home, human=True).out
    assert "card: yes" in told


@pytest.mark.acceptance("A01")
@pytest.mark.parametrize("country", ["any", "UA"])
def test_the_distributor_stays_where_a_pro_may_pay_by_card(shop: Isp, country: str) -> None:
    if country == "UA":
        shop("availability", "add", "ajax", "UA", "distributor", "--role", "pro")
        shop.refuses("availability", "remove", "ajax", "any", "distributor", exits=1, names="The card is an alternative")
        shop("availability", "remove", "ajax", "UA", "distributor")
        shop.refuses("availability", "add", "ajax", "UA", "distributor", exits=1, names="The card is an alternative")
    else:
        told = shop.refuses("availability", "remove", "ajax", "any", "distributor", exits=1, names="end the rule for the card")
        assert told.row["error"] == "card_is_an_alternative"

    assert paths(shop, PRO, space(shop, PRO)) == BOTH


@pytest.mark.acceptance("A04")
@pytest.mark.parametrize("service", ["ajax_sim", "ajax_cloud_storage"])
def test_two_services_can_be_paid_by_card(shop: Isp, service: str) -> None:
    assert paths(shop, PRO, space(shop, PRO), "--service", service) == BOTH


@pytest.mark.acceptance("A04")
def test_another_service_is_for_the_distributor(shop: Isp) -> None:
    home = space(shop, PRO)

    assert paths(shop, PRO, home, "--service", "ajax_installation") == ["distributor"]
    denied(shop, PRO, home, "--service", "ajax_installation", code="service_not_card_payable", names="your distributor")


@pytest.mark.acceptance("A04")
@pytest.mark.parametrize("service", ["ajax_siren", "AJAX_SIM", "", "x" * 300])
def test_an_unknown_service_is_no_service(shop: Isp, service: str) -> None:
    denied(shop, PRO, space(shop, PRO), "--service", service, code="unknown_service", exits=2, names="not a service of ajax")


def test_a_service_of_another_vendor_is_not_one_of_this_space(shop: Isp) -> None:
    shop("products", "add", "av", "--vendor", "avdesk", "--price", "5.00")

    denied(shop, PRO, space(shop, PRO), "--service", "av", code="unknown_service", exits=2)


def test_a_product_can_be_one_of_the_services(shop: Isp) -> None:
    home = space(shop, PRO)
    shop("availability", "service", "ajax", "ajax_sim", "--card", "--product", "ajax_installation")

    assert paths(shop, PRO, home, "--service", "ajax_installation") == BOTH

    told = shop.refuses(
        *("availability", "service", "ajax", "other", "--product", "ajax_installation"),
        exits=1,
        names="about ajax_installation",
    )
    assert told.row["error"] == "duplicate_rule"


@pytest.mark.acceptance("A05")
def test_a_pro_needs_full_rights_to_the_space(shop: Isp) -> None:
    home = space(shop, PRO, without_rights=(OTHER_PRO,))

    assert paths(shop, PRO, home) == BOTH
    denied(shop, OTHER_PRO, home, code="no_system_access", names="full rights")
    shop("spaces", "member", home, OTHER_PRO)
    assert paths(shop, OTHER_PRO, home) == BOTH
    shop("spaces", "member", home, OTHER_PRO, "--no-full-rights")
    denied(shop, OTHER_PRO, home, code="no_system_access", names="full rights")


@pytest.mark.acceptance("A05")
def test_a_pro_who_is_not_in_the_space_pays_nothing_there(shop: Isp) -> None:
    home = space(shop, PRO)

    denied(shop, OTHER_PRO, home, code="no_system_access", names="in the space")
    assert paths(shop, OTHER_PRO, home) == []


@pytest.mark.acceptance("A06")
@pytest.mark.acceptance("A16")
def test_an_end_user_in_ukraine_whom_nobody_looks_after_pays_by_card(shop: Isp) -> None:
    assert paths(shop, USER, space(shop, USER), "--service", "ajax_sim") == ["card"]


@pytest.mark.acceptance("A06")
def test_an_end_user_without_full_rights_does_not(shop: Isp) -> None:
    home = space(shop, USER, without_rights=(NEIGHBOUR,))

    denied(shop, NEIGHBOUR, home, code="no_system_access", names="full rights")


@pytest.mark.acceptance("A07")
def test_while_a_pro_is_in_the_space_an_end_user_does_not_pay(shop: Isp) -> None:
    home = space(shop, USER, PRO, without_rights=(OTHER_PRO,))
    denied(shop, USER, home, code="pro_in_space", names="ask your PRO")

    shop("spaces", "leave", home, PRO)
    denied(shop, USER, home, code="pro_in_space")
    shop("spaces", "leave", home, OTHER_PRO)

    assert paths(shop, USER, home) == ["card"]


@pytest.mark.acceptance("A07")
def test_nor_while_a_company_is(shop: Isp) -> None:
    home = space(shop, USER)
    shop("spaces", "member", home, "--company", "Guards Ltd")
    denied(shop, USER, home, code="pro_in_space")

    assert shop("spaces", "leave", home, "--company", "Guards Ltd").row["changed"] is True

    assert paths(shop, USER, home) == ["card"]
    assert shop("spaces", "leave", home, "--company", "Guards Ltd").row["changed"] is False


@pytest.mark.acceptance("A17")
@pytest.mark.acceptance("A18")
@pytest.mark.acceptance("A19")
@pytest.mark.acceptance("A20")
@pytest.mark.parametrize("country", ["IT", "GB", "UK", "uk"])
def test_in_italy_and_the_united_kingdom_pros_pay_by_card_and_end_users_do_not(shop: Isp, country: str) -> None:
    assert paths(shop, PRO, space(shop, PRO, country=country)) == BOTH

    home = space(shop, USER, country=country)
    denied(shop, USER, home, code="country_role_not_available", names="ask your installer")
    assert asks(shop, USER, home)["hint"] == "Ask your installer."


@pytest.mark.acceptance("A19")
def test_uk_is_the_united_kingdom(shop: Isp) -> None:
    home = space(shop, PRO, country="UK")

    assert shop("spaces", "show", home).row["country"] == "GB"
    shop.refuses("availability", "add", "ajax", "UK", "card", "--role", "pro", exits=1, names="GB card already")


@pytest.mark.acceptance("A21")
@pytest.mark.parametrize("country", ["DE", "US", "JP"])
def test_anywhere_else_there_is_the_distributor_for_pros_and_nothing_for_end_users(shop: Isp, country: str) -> None:
    offered = asks(shop, PRO, space(shop, PRO, country=country))
    assert offered["paths"] == ["distributor"]
    assert offered["refused"]["card"]["error"] == "country_role_not_available"
    assert "payment through a distributor" in offered["refused"]["card"]["message"]

    nothing = asks(shop, USER, space(shop, USER, country=country))
    assert nothing["paths"] == []
    assert nothing["hint"] == "Ask your installer."
    assert {each["error"] for each in nothing["refused"].values()} == {"country_role_not_available"}


@pytest.mark.acceptance("A22")
def test_a_country_is_opened_at_once_and_what_was_said_before_stays_to_be_seen(shop: Isp) -> None:
    home, users = space(shop, PRO, country="PL"), space(shop, USER, country="PL")
    assert paths(shop, PRO, home) == ["distributor"]

    shop.at = APRIL
    shop("availability", "add", "ajax", "PL", "card", "--role", "pro")
    assert paths(shop, PRO, home) == BOTH
    assert why_no_card(shop, USER, users) == "country_role_not_available"

    shop.at = "2026-05-01T00:00:00+00:00"
    shop("availability", "remove", "ajax", "PL", "card")
    shop("availability", "add", "ajax", "PL", "card", "--role", "pro", "--role", "end_user")
    assert paths(shop, USER, users) == ["card"]
    told = [row for row in shop("availability", "list", "--vendor", "ajax", "--ended").rows if row["about"] == "PL card"]
    assert [(row["says"], row["valid_from"][:10], (row["ended_at"] or "")[:10]) for row in told] == [
        ("pro", "2026-04-01", "2026-05-01"),
        ("end_user, pro", "2026-05-01", ""),
    ]
    shop.at = "2026-04-15T00:00:00+00:00"
    assert paths(shop, USER, users) == [], "in April it was as it was"
    changes = [(row["before"], row["after"]) for row in shop("audit").rows if row["field"] == "country" and row["after"]]
    assert (None, "PL card: pro") in changes


@pytest.mark.acceptance("A22")
@pytest.mark.parametrize("country", ["XX", "Deutschland", "", "P", "ＰＬ", "EU", "\u0131t"])
def test_what_is_no_country_is_refused(shop: Isp, country: str) -> None:
    words = ("availability", "add", "ajax", country, "card", "--role", "pro")
    assert shop.refuses(*words, exits=2, names="is not a country").row["error"] == "bad_country"
    if country:
        shop.refuses("spaces", "add", "42", "--vendor", "ajax", "--country", country, exits=2, names="is not a country")
    home = space(shop, PRO)
    assert shop.refuses("spaces", "country", home, country, exits=2, names="is not a country").row["error"] == "bad_country"


@pytest.mark.acceptance("A22")
@pytest.mark.parametrize("country", ["UA", "ua", "any"])
def test_a_second_rule_about_the_same_is_refused(shop: Isp, country: str) -> None:
    told = shop.refuses("availability", "add", "ajax", country, "card", "--role", "pro", exits=1, names="card already")

    assert told.row["error"] == "duplicate_rule"


@pytest.mark.acceptance("A23")
def test_a_space_without_a_country_has_to_be_given_one(shop: Isp) -> None:
    home = space(shop, PRO, country="")
    denied(shop, PRO, home, code="country_missing", exits=2, names=f"isp-addons spaces country {home}")

    shop("spaces", "country", home, "IT")

    assert paths(shop, PRO, home) == BOTH


@pytest.mark.acceptance("A23")
def test_the_country_is_that_of_the_space_not_of_who_pays(shop: Isp) -> None:
    shop("customers", "attach", "2", "42")

    assert paths(shop, USER, space(shop, USER, country="UA")) == ["card"]
    assert paths(shop, USER, space(shop, USER, country="DE")) == []


@pytest.mark.acceptance("A32")
@pytest.mark.parametrize("kind", ["IndoorCam", "DoorBell", "indoorcam"])
def test_cloud_storage_by_card_is_for_some_devices(shop: Isp, kind: str) -> None:
    home = space(shop, PRO)
    shop("spaces", "add-device", home, "CAM-1", "--kind", kind)

    assert paths(shop, PRO, home, "--service", "ajax_cloud_storage", "--device", "CAM-1") == BOTH


@pytest.mark.acceptance("A32")
def test_for_another_device_it_is_for_the_distributor(shop: Isp) -> None:
    home = space(shop, PRO)
    shop("spaces", "add-device", home, "CAM-1", "--kind", "IndoorCam")
    shop("spaces", "add-device", home, "HUB-1", "--kind", "Hub")
    wanted = ("--service", "ajax_cloud_storage", "--device", "CAM-1", "--device", "HUB-1")

    denied(shop, PRO, home, *wanted, code="device_not_supported", names="for IndoorCam, DoorBell, not for Hub")
    assert paths(shop, PRO, home, *wanted) == ["distributor"]
    assert paths(shop, PRO, home, "--service", "ajax_sim", "--device", "HUB-1") == BOTH
    denied(shop, PRO, home, "--service", "ajax_sim", "--device", "CAM-9", code="unknown_device", exits=2)


def test_nobody_asks_for_another_or_without_a_name(shop: Isp) -> None:
    home = space(shop, PRO)

    told = shop.refuses("availability", "options", "--space", home, exits=2, names="Say who pays")
    assert told.row["error"] == "person_missing"
    assert shop("availability", "options", "--space", home, "--person", PRO).row["paths"] == BOTH
    refused(shop, OTHER_PRO, "availability", "options", "--space", home, "--person", PRO, code="not_permitted")
    shop.refuses("--as", PRO, "availability", "options", "--space", "999", exits=2, names="There is no space 999")


@pytest.mark.parametrize(
    "words",
    [
        ("spaces", "add", "42", "--vendor", "ajax"),
        ("spaces", "member", "1", USER),
        ("spaces", "leave", "1", PRO),
        ("spaces", "country", "1", "UA"),
        ("spaces", "add-device", "1", "CAM", "--kind", "IndoorCam"),
        ("spaces", "member", "1", "--company", "Mine"),
        ("spaces", "leave", "1", "--company", "Guards Ltd"),
        ("availability", "add", "ajax", "DE", "card", "--role", "end_user"),
        ("availability", "remove", "ajax", "UA", "card"),
        ("availability", "service", "ajax", "other", "--card"),
        ("availability", "delegation", "ajax", "--off"),
        ("availability", "app", "ajax", "Mine", "--platform", "iOS", "--role", "end_user", "--least", "1.0"),
    ],
)
def test_what_the_rules_are_made_of_is_for_staff_alone(shop: Isp, words: tuple[str, ...]) -> None:
    space(shop, PRO, USER)

    refused(shop, USER, *words, code="not_permitted")


def test_who_leaves_by_himself_may_and_a_space_is_shown_to_those_in_it(shop: Isp) -> None:
    home, other = space(shop, PRO, USER), space(shop, OTHER_PRO)

    assert [row["id"] for row in shop("--as", USER, "spaces", "list").rows] == [int(home)]
    assert [row["id"] for row in shop("spaces", "list", "--account", "42").rows] == [int(home), int(other)]
    assert [each["member"] for each in shop("--as", USER, "spaces", "show", home).row["members"]] == [PRO, USER]
    refused(shop, USER, "spaces", "show", other, code="not_yours", exits=2)
    assert shop("--as", PRO, "spaces", "leave", home, PRO).row["changed"] is True
    assert paths(shop, USER, home) == ["card"]
    assert shop("spaces", "leave", home, PRO).row["changed"] is False
    assert shop("spaces", "member", home, USER).row["changed"] is False, "he is in it, with the same rights"


# The file

ONE = """\
availability: 1
vendors:
  ajax:
    services:
      sim: { card: yes }
    countries:
      - { country: NO, path: card, roles: [pro] }
      - { country: any, path: distributor, roles: pro }
"""


def written(isp: Isp, text: str) -> str:
    file: Path = isp.folder / "availability.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_sample_is_what_counts_from_the_beginning_and_export_gives_it_back(shop: Isp) -> None:
    sample = written(shop, shop("availability", "sample", human=True).out)
    shop("availability", "check", sample)
    assert shop("availability", "import", sample).row["vendors"] == {"ajax": {"added": 0, "ended": 0, "same": 15}}

    exported = written(shop, shop("availability", "export", human=True).out)
    before = shop.dump("availability_rule", "audit")
    assert shop("availability", "import", exported).row["vendors"] == {"ajax": {"added": 0, "ended": 0, "same": 15}}
    assert shop.dump("availability_rule", "audit") == before


def test_a_vendor_that_nobody_knows_gets_no_table(shop: Isp) -> None:
    told = shop.refuses("availability", "add", "ajx", "PL", "distributor", "--role", "pro", exits=2, names="no vendor 'ajx'")

    assert told.row["error"] == "unknown_vendor"


def test_init_again_does_not_bring_back_what_was_ended(shop: Isp) -> None:
    shop("availability", "remove", "ajax", "IT", "card")
    before = shop.dump("availability_rule")

    shop("init")

    assert shop.dump("availability_rule") == before


def test_a_file_says_all_that_counts_for_the_vendors_that_it_names(shop: Isp) -> None:
    oslo, kyiv = space(shop, PRO, country="NO"), space(shop, PRO, country="UA")
    shop("availability", "import", written(shop, ONE.replace("ajax:", "other:")))
    assert paths(shop, PRO, kyiv) == BOTH, "another vendor's table"

    taken = shop("availability", "import", written(shop, ONE)).row["vendors"]

    assert taken == {"ajax": {"added": 2, "ended": 14, "same": 1}}
    assert paths(shop, PRO, oslo, "--service", "sim") == BOTH
    assert paths(shop, PRO, kyiv) == ["distributor"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("country: NO", "country: Norway", "7: a country of ajax, country: 'Norway' is not a country"),
        ("path: card", "path: cash", "7: a country of ajax, path: 'cash' is not one of card, distributor"),
        ("roles: [pro]", "roles: [company]", "7: a country of ajax, roles: 'company' is not one of pro, end_user"),
        ("roles: pro }", "roles: pro, until: 2027 }", "8: a country of ajax: 'until' is not known"),
        ("country: any", "country: NO, path: card, roles: [] }\n      - { country: any", "4: There is a rule about NO card"),
        ("roles: pro }", "roles: end_user }", "4: The card is an alternative to the distributor"),
        ("card: yes", "card: perhaps", "5: the service sim, card: 'perhaps' is not yes or no"),
        ("availability: 1", "availability: 2", "1: the availability file, availability: the version '2' is not 1"),
        ("    services:", "    delegation_from: soon\n    services:", "4: ajax, delegation_from: 'soon' is not a day"),
        (
            "    services:",
            "    apps: [{app: A, role: pro, platforms: [iOS], least: new}]\n    services:",
            "'new' is not a version",
        ),
    ],
)
def test_a_wrong_file_is_refused_whole_with_its_lines(shop: Isp, old: str, new: str, says: str) -> None:
    assert ONE.count(old) == 1
    file = written(shop, ONE.replace(old, new))

    for word in ("check", "import"):
        told = shop.refuses("availability", word, file, exits=2, names=says)
        assert told.row["error"] == "bad_file"
