"""A PRO lets a user of the same space pay by card, from the day on which that is open."""

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp
from acceptance.space_kit import NEIGHBOUR, OTHER_PRO, PRO, USER, denied, opens_shop, paths, refused, space


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """Delegation is open since before the stories begin."""
    opens_shop(isp)
    isp("availability", "delegation", "ajax", "--from", "2026-01-01")
    return isp


def grants(isp: Isp, pro: str, made: str, to: str = USER) -> bool:
    changed: bool = isp("--as", pro, "delegations", "grant", made, to).row["changed"]
    return changed


def cannot_grant(isp: Isp, by: str, made: str, to: str = USER, *, code: str) -> None:
    refused(isp, by, "delegations", "grant", made, to, code=code)


@pytest.mark.acceptance("A08")
def test_a_user_to_whom_the_right_is_delegated_pays_by_card(shop: Isp) -> None:
    home = space(shop, PRO, USER, without_rights=(NEIGHBOUR,))
    denied(shop, USER, home, code="pro_in_space")

    assert grants(shop, PRO, home) is True
    assert grants(shop, PRO, home, NEIGHBOUR) is True

    assert paths(shop, USER, home, "--service", "ajax_sim") == ["card"]
    assert paths(shop, NEIGHBOUR, home) == ["card"], "the right is lent, whatever rights he has himself"


@pytest.mark.acceptance("A08")
def test_granting_twice_changes_nothing(shop: Isp) -> None:
    home = space(shop, PRO, USER)
    grants(shop, PRO, home)
    before = shop.dump()

    assert grants(shop, PRO, home) is False

    assert shop.dump() == before
    assert len(shop("delegations", "list", "--space", home).rows) == 1


@pytest.mark.acceptance("A09")
def test_a_pro_who_is_not_in_the_space_delegates_nothing(shop: Isp) -> None:
    home = space(shop, PRO, USER)

    cannot_grant(shop, OTHER_PRO, home, code="not_same_space")

    denied(shop, USER, home, code="pro_in_space")


@pytest.mark.acceptance("A10")
def test_nor_to_a_user_of_another_space_of_his(shop: Isp) -> None:
    home, other = space(shop, PRO, USER), space(shop, PRO, NEIGHBOUR)

    cannot_grant(shop, PRO, home, NEIGHBOUR, code="not_same_space")
    grants(shop, PRO, other, NEIGHBOUR)

    denied(shop, NEIGHBOUR, home, code="no_system_access")
    denied(shop, USER, home, code="pro_in_space")


@pytest.mark.acceptance("A11")
def test_delegation_begins_with_the_day_that_is_set_and_not_before(shop: Isp) -> None:
    shop.at = MARCH_10
    shop("availability", "delegation", "ajax", "--off")
    home = space(shop, PRO, USER)
    cannot_grant(shop, PRO, home, code="delegation_not_available")

    shop("availability", "delegation", "ajax", "--from", "2026-03-20")
    shop.at = "2026-03-19T23:59:59+00:00"
    cannot_grant(shop, PRO, home, code="delegation_not_available")
    shop.at = "2026-03-20T00:00:00+00:00"
    assert grants(shop, PRO, home) is True
    assert paths(shop, USER, home) == ["card"]

    shop("availability", "delegation", "ajax", "--from", "2026-12-31")
    denied(shop, USER, home, code="pro_in_space")


@pytest.mark.acceptance("A11")
def test_the_day_is_that_of_the_accounts_own_clock(shop: Isp) -> None:
    shop.configure("isp-addons", time_zone="Europe/Kyiv")
    shop.opens("43")
    shop("availability", "delegation", "ajax", "--from", "2026-03-20")
    home = str(shop("spaces", "add", "43", "--vendor", "ajax", "--country", "UA").row["space"])
    for email in (PRO, USER):
        shop("spaces", "member", home, email)

    shop.at = "2026-03-19T21:59:59+00:00"  # two hours ahead of UTC
    cannot_grant(shop, PRO, home, code="delegation_not_available")
    shop.at = "2026-03-19T22:00:00+00:00"
    assert grants(shop, PRO, home) is True


@pytest.mark.acceptance("A11")
@pytest.mark.parametrize("day", ["soon", "2026-02-30", "31.12.2026", ""])
def test_what_is_no_day_is_refused(shop: Isp, day: str) -> None:
    told = shop.refuses("availability", "delegation", "ajax", "--from", day, exits=2, names="is not a day such as 2026-12-31")

    assert told.row["error"] == "bad_day"


def test_a_day_or_off_must_be_named(shop: Isp) -> None:
    shop.refuses("availability", "delegation", "ajax", exits=2, names="--from DAY or --off")


@pytest.mark.acceptance("A12")
@pytest.mark.parametrize("leaver", [PRO, USER])
def test_the_right_ends_when_one_of_them_leaves(shop: Isp, leaver: str) -> None:
    home = space(shop, PRO, USER, OTHER_PRO)
    grants(shop, PRO, home)

    shop("spaces", "leave", home, leaver)
    shop("spaces", "member", home, leaver)

    denied(shop, USER, home, code="pro_in_space")
    assert shop("delegations", "list").rows == []
    (ended,) = shop("delegations", "list", "--ended").rows
    assert (ended["by"], ended["to"], ended["ended_at"] is None) == (PRO, USER, False)


@pytest.mark.acceptance("A12")
def test_the_right_ends_when_it_is_revoked_and_what_runs_goes_on(shop: Isp) -> None:
    home = space(shop, PRO, USER)
    grants(shop, PRO, home)
    subscription = shop.orders("42", "ajax_sim")

    assert shop("--as", PRO, "delegations", "revoke", home, USER).row["changed"] is True
    denied(shop, USER, home, code="pro_in_space")
    assert shop("--as", PRO, "delegations", "revoke", home, USER).row["changed"] is False

    assert shop.subscription(subscription)["status"] == "running"
    shop.at = APRIL
    shop.begins_periods()
    assert shop.subscription(subscription)["status"] == "running"
    assert shop.balance("42") == "90.00"


@pytest.mark.acceptance("A12")
def test_each_pro_takes_back_what_he_gave_and_staff_take_back_all(shop: Isp) -> None:
    home = space(shop, PRO, OTHER_PRO, USER)
    grants(shop, PRO, home)
    grants(shop, OTHER_PRO, home)

    shop("--as", PRO, "delegations", "revoke", home, USER)
    assert paths(shop, USER, home) == ["card"]
    grants(shop, PRO, home)
    shop("delegations", "revoke", home, USER)

    denied(shop, USER, home, code="pro_in_space")


@pytest.mark.acceptance("A12")
def test_nobody_has_more_than_the_pro_still_has_himself(shop: Isp) -> None:
    home = space(shop, PRO, USER)
    grants(shop, PRO, home)

    shop("spaces", "member", home, PRO, "--no-full-rights")
    denied(shop, USER, home, code="pro_in_space")
    cannot_grant(shop, PRO, home, code="no_system_access")
    shop("spaces", "member", home, PRO)
    assert paths(shop, USER, home) == ["card"]
    shop("people", "add", "main@guards.example", "--name", "Main", "--role", "pro", "--customer", "1", "--no-invitation")
    shop("spaces", "member", home, OTHER_PRO)
    grants(shop, OTHER_PRO, home)
    shop("--as", PRO, "delegations", "revoke", home, USER)
    shop("people", "deactivate", OTHER_PRO)

    denied(shop, USER, home, code="pro_in_space")


@pytest.mark.acceptance("A13")
@pytest.mark.parametrize("country", ["IT", "GB", "DE"])
def test_no_delegation_opens_a_country(shop: Isp, country: str) -> None:
    home = space(shop, PRO, USER, country=country)
    grants(shop, PRO, home)

    denied(shop, USER, home, code="country_role_not_available")

    assert paths(shop, USER, home) == []


@pytest.mark.acceptance("A14")
def test_only_a_pro_delegates_and_only_to_a_user(shop: Isp) -> None:
    home = space(shop, PRO, OTHER_PRO, USER, NEIGHBOUR)
    cannot_grant(shop, USER, home, NEIGHBOUR, code="may_not_delegate")
    grants(shop, PRO, home)

    cannot_grant(shop, USER, home, NEIGHBOUR, code="may_not_delegate")
    cannot_grant(shop, PRO, home, OTHER_PRO, code="may_not_delegate")
    cannot_grant(shop, PRO, home, PRO, code="may_not_delegate")
    told = shop.refuses("delegations", "grant", home, USER, exits=2, names="Say which PRO delegates")
    assert told.row["error"] == "person_missing"
    cannot_grant(shop, PRO, home, "x@y.example", code="not_same_space")


def test_each_sees_what_concerns_him(shop: Isp) -> None:
    home = space(shop, PRO, OTHER_PRO, USER, NEIGHBOUR)
    grants(shop, PRO, home)
    grants(shop, OTHER_PRO, home, NEIGHBOUR)

    def seen(email: str) -> list[str]:
        return [row["to"] for row in shop("--as", email, "delegations", "list").rows]

    assert (seen(PRO), seen(NEIGHBOUR)) == ([USER], [NEIGHBOUR])
    assert [row["to"] for row in shop("delegations", "list").rows] == [USER, NEIGHBOUR]
