"""From which of a vendor's apps somebody pays: the right one for him, on its platforms, new enough."""

from typing import Any

import pytest

from acceptance.kit import Isp
from acceptance.space_kit import PRO, USER, denied, opens_shop, paths, space

TOOL = "Ajax PRO: Tool for Engineers"
PRO_DESKTOP = "Ajax PRO Desktop"
SECURITY = "Ajax Security System"
DESKTOP = "Ajax Desktop"
PAYS = {PRO: ["card", "distributor"], USER: ["card"]}


@pytest.fixture
def shop(isp: Isp) -> Isp:
    opens_shop(isp)
    return isp


@pytest.fixture
def home(shop: Isp) -> dict[str, str]:
    """A space of the PRO alone, and one of the user alone."""
    return {each: space(shop, each) for each in (PRO, USER)}


def words(app: str, platform: str, version: str) -> tuple[str, ...]:
    return ("--app", app, "--platform", platform, "--app-version", version)


NEW_ENOUGH = {
    "3.34": ("3.34", "3.34.0", "3.34.1", "3.100", "4.0", "3.35-beta", "03.34"),
    "5.34": ("5.34", "5.34.0", "5.34.1", "5.100", "6.0", "5.35-beta", "10"),
}
TOO_OLD = {
    "3.34": ("3.33.9", "3.9", "3", "3.0", "3.34-beta", "3.34.0-rc.1", "0"),
    "5.34": ("5.33", "5.33.99", "5.9", "5", "5.34-beta", "3.34"),
}


def each_app() -> list[Any]:
    return [
        pytest.param(PRO, TOOL, ("Android", "iOS"), "3.34", marks=pytest.mark.acceptance("A24"), id="A24"),
        pytest.param(USER, SECURITY, ("Android", "iOS"), "3.34", marks=pytest.mark.acceptance("A25"), id="A25"),
        pytest.param(USER, DESKTOP, ("macOS", "Windows"), "5.34", marks=pytest.mark.acceptance("A26"), id="A26"),
        pytest.param(PRO, PRO_DESKTOP, ("macOS", "Windows"), "5.34", marks=pytest.mark.acceptance("A27"), id="A27"),
    ]


@pytest.mark.parametrize(("person", "app", "platforms", "least"), each_app())
def test_each_app_can_be_paid_from_since_its_own_version(
    shop: Isp, home: dict[str, str], person: str, app: str, platforms: tuple[str, str], least: str
) -> None:
    for platform in platforms:
        for version in NEW_ENOUGH[least]:
            assert paths(shop, person, home[person], *words(app, platform, version)) == PAYS[person], version
    for version in TOO_OLD[least]:
        use = words(app, platforms[0], version)
        assert paths(shop, person, home[person], *use) == []
        denied(shop, person, home[person], *use, code="app_too_old", names=f"update it to {least} or later")


@pytest.mark.acceptance("A26")
@pytest.mark.acceptance("A27")
@pytest.mark.parametrize(
    ("person", "app", "platform"), [(USER, DESKTOP, "Android"), (PRO, PRO_DESKTOP, "Linux"), (PRO, TOOL, "")]
)
def test_another_platform_is_refused(shop: Isp, home: dict[str, str], person: str, app: str, platform: str) -> None:
    denied(shop, person, home[person], *words(app, platform, "9.9"), code="platform_not_supported", names=app)


@pytest.mark.acceptance("A28")
@pytest.mark.parametrize("version", ["", "abc", "3.x", "3..34", "-3.34", "3.34 ", "v3.34", "３.34", "3,34", "1" * 99, "3.34-"])
def test_what_is_no_version_is_refused(shop: Isp, home: dict[str, str], version: str) -> None:
    denied(
        shop, PRO, home[PRO], *words(TOOL, "iOS", version), code="bad_version", exits=2, names="is not a version such as 3.34"
    )


@pytest.mark.acceptance("A28")
def test_a_missing_version_and_an_unknown_app_are_refused(shop: Isp, home: dict[str, str]) -> None:
    denied(shop, PRO, home[PRO], "--app", TOOL, "--platform", "iOS", code="bad_version", exits=2)
    denied(shop, PRO, home[PRO], *words("Ajax Toolbox", "iOS", "9.9"), code="unknown_app", exits=2, names=TOOL)
    denied(shop, PRO, home[PRO], "--app-version", "3.34", code="unknown_app", exits=2)


@pytest.mark.acceptance("A29")
def test_the_least_version_is_data_and_a_change_counts_for_the_next_request(shop: Isp, home: dict[str, str]) -> None:
    use = words(TOOL, "iOS", "2.34")
    denied(shop, PRO, home[PRO], *use, code="app_too_old")

    shop("availability", "app", "ajax", TOOL, "--platform", "iOS", "--role", "pro", "--least", "2.34")

    assert paths(shop, PRO, home[PRO], *use) == PAYS[PRO]
    denied(shop, PRO, home[PRO], *words(TOOL, "Android", "2.34"), code="app_too_old", names="3.34")
    told = [row for row in shop("availability", "list", "--ended").rows if row["about"] == f"{TOOL} on iOS"]
    assert [(row["says"], row["ended_at"] is None) for row in told] == [
        ("pro, 3.34 or later", False),
        ("pro, 2.34 or later", True),
    ]


@pytest.mark.acceptance("A29")
@pytest.mark.parametrize("least", ["", "abc", "2.34-beta"])
def test_a_least_version_that_is_none_is_refused(shop: Isp, least: str) -> None:
    shop.refuses(
        *("availability", "app", "ajax", TOOL, "--platform", "iOS", "--role", "pro", "--least", least),
        exits=2,
        names="3.34",
    )


@pytest.mark.acceptance("A30")
@pytest.mark.parametrize(
    ("person", "app", "platform", "instead"),
    [
        (PRO, SECURITY, "iOS", TOOL),
        (PRO, DESKTOP, "macOS", PRO_DESKTOP),
        (USER, TOOL, "iOS", SECURITY),
        (USER, PRO_DESKTOP, "macOS", DESKTOP),
    ],
)
def test_pros_pay_from_the_apps_for_pros_and_end_users_from_theirs(
    shop: Isp, home: dict[str, str], person: str, app: str, platform: str, instead: str
) -> None:
    denied(shop, person, home[person], *words(app, platform, "9.9"), code="wrong_app_for_role", names=instead)


@pytest.mark.acceptance("A30")
def test_whose_app_it_is_is_data(shop: Isp, home: dict[str, str]) -> None:
    shop("availability", "app", "ajax", SECURITY, "--platform", "iOS", "--role", "pro", "--least", "3.34")

    assert paths(shop, PRO, home[PRO], *words(SECURITY, "iOS", "3.34")) == PAYS[PRO]
    denied(shop, USER, home[USER], *words(SECURITY, "iOS", "3.34"), code="wrong_app_for_role")


def test_who_pays_from_elsewhere_is_not_asked_for_an_app(shop: Isp, home: dict[str, str]) -> None:
    assert paths(shop, PRO, home[PRO]) == PAYS[PRO]
