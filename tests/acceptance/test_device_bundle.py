"""A bundle: one subscription for up to four devices, which are swapped at any time and cost the same however few they are."""

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp
from acceptance.space_kit import OTHER_PRO, PRO, USER, opens_shop, refused, space

CAMERAS = ("CAM-1", "CAM-2", "CAM-3", "CAM-4", "CAM-5")
CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  cloud-4: {kind: device, vendor: ajax, options: {service: cloud}, quantity: {most: 4}, prices: 6.00}
  cloud-each: {kind: device, vendor: ajax, options: {service: cloud}, prices: 2.00}
"""


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """Cloud storage is sold for bundles of up to four devices, and by the device; a space has five cameras."""
    opens_shop(isp)
    file = isp.folder / "catalogue.yaml"
    file.write_text(CATALOGUE, encoding="utf-8")
    isp("catalogue", "import", str(file))
    isp(
        *("availability", "service", "ajax", "ajax_cloud_storage", "--card", "--card-device", "IndoorCam"),
        *("--product", "cloud-4", "--product", "cloud-each"),
    )
    made = space(isp, PRO)
    for number in CAMERAS:
        isp("spaces", "add-device", made, number, "--kind", "IndoorCam")
    return isp


@pytest.fixture
def home(shop: Isp) -> str:
    """The number of the space."""
    return str(shop("spaces", "list").row["id"])


@pytest.fixture
def bundle(shop: Isp) -> int:
    """The account has bought a bundle; the day is 10 March."""
    shop.at = MARCH_10
    return shop.orders("42", "cloud-4")


def uses(isp: Isp, bundle: int, *cameras: str) -> None:
    for each in cameras:
        assert isp("bundles", "use", str(bundle), each).row["changed"] is True


def used_for(isp: Isp, bundle: int) -> list[str]:
    return [row["device"] for row in isp("bundles", "list", str(bundle)).rows]


@pytest.mark.acceptance("A33")
def test_up_to_four_devices_cost_the_price_of_the_bundle(shop: Isp, bundle: int) -> None:
    paid = shop.balance("42")
    uses(shop, bundle, "CAM-1", "CAM-2")
    assert shop("bundles", "show", str(bundle)).row == {"subscription": bundle, "size": 4, "active": 2, "idle": False}

    uses(shop, bundle, "CAM-3", "CAM-4")

    assert used_for(shop, bundle) == list(CAMERAS[:4])
    assert shop.balance("42") == paid
    assert shop.subscription(bundle)["price"] == "6.00"
    shop.at = APRIL
    shop.begins_periods()
    assert float(paid) - float(shop.balance("42")) == 6.0


@pytest.mark.acceptance("A33")
def test_a_fifth_device_does_not_fit(shop: Isp, bundle: int) -> None:
    uses(shop, bundle, *CAMERAS[:4])

    told = shop.refuses("bundles", "use", str(bundle), "CAM-5", exits=1, names="for 4 devices and has 4; take one out first")

    assert told.row["error"] == "bundle_full"


@pytest.mark.acceptance("A33")
def test_devices_are_swapped_at_any_time_without_charge_and_without_a_call(shop: Isp, bundle: int) -> None:
    uses(shop, bundle, *CAMERAS[:4])
    shop("converge")
    before = shop.dump("ledger_entry", "charge", "licence", "operator_task", "subscription")

    for old, new in (("CAM-1", "CAM-5"), ("CAM-5", "CAM-1"), ("CAM-2", "CAM-5")):
        assert shop("bundles", "use", str(bundle), new, "--instead-of", old).row["changed"] is True
    shop("converge")

    assert sorted(used_for(shop, bundle)) == ["CAM-1", "CAM-3", "CAM-4", "CAM-5"]
    assert shop.dump("ledger_entry", "charge", "licence", "operator_task", "subscription") == before
    told = [(row["before"], row["after"]) for row in shop("audit").rows if row["field"] == "device"]
    assert ("CAM-2", None) in told


@pytest.mark.acceptance("A33")
def test_asking_twice_changes_nothing(shop: Isp, bundle: int) -> None:
    uses(shop, bundle, "CAM-1")
    before = shop.dump()

    assert shop("bundles", "use", str(bundle), "CAM-1").row["changed"] is False
    assert shop("bundles", "stop", str(bundle), "CAM-2").row["changed"] is False

    assert shop.dump() == before


@pytest.mark.acceptance("A33")
def test_without_a_device_it_is_idle_and_is_paid_for_all_the_same(shop: Isp, bundle: int) -> None:
    assert shop("bundles", "show", str(bundle)).row["idle"] is True
    uses(shop, bundle, "CAM-1")
    assert shop("bundles", "stop", str(bundle), "CAM-1").row["changed"] is True

    assert shop("bundles", "show", str(bundle)).row["idle"] is True
    assert "idle" in shop("bundles", "list", str(bundle), human=True).out
    before = float(shop.balance("42"))
    shop.at = APRIL
    shop.begins_periods()
    assert before - float(shop.balance("42")) == 6.0
    assert shop.subscription(bundle)["status"] == "running"


@pytest.mark.acceptance("A33")
def test_a_device_that_left_the_space_leaves_the_bundle(shop: Isp, home: str, bundle: int) -> None:
    uses(shop, bundle, *CAMERAS[:4])

    shop("spaces", "remove-device", home, "CAM-2")

    assert used_for(shop, bundle) == ["CAM-1", "CAM-3", "CAM-4"]
    uses(shop, bundle, "CAM-5")
    shop.refuses("bundles", "use", str(bundle), "CAM-2", exits=2, names="There is no device 'CAM-2'")
    assert shop("spaces", "remove-device", home, "CAM-2").row["changed"] is False
    told = shop.refuses("spaces", "remove-device", home, "CAM-9", exits=2, names="There never was a device 'CAM-9'")
    assert told.row["error"] == "unknown_device"


@pytest.mark.acceptance("A33")
@pytest.mark.parametrize("quantity", ["2", "4", "5"])
def test_bundles_are_sold_one_at_a_time(shop: Isp, quantity: str) -> None:
    shop.refuses(
        "order", "42", "cloud-4", "--quantity", quantity, exits=2, names="a bundle for up to 4 devices, sold one at a time"
    )


def test_a_product_without_a_most_is_for_as_many_devices_as_units(shop: Isp) -> None:
    each = shop.orders("42", "cloud-each", quantity="2")
    uses(shop, each, "CAM-1", "CAM-2")

    shop.refuses("bundles", "use", str(each), "CAM-3", exits=1, names="for 2 devices and has 2")


def test_a_device_has_a_service_once(shop: Isp, bundle: int) -> None:
    other = shop.orders("42", "cloud-each")
    uses(shop, bundle, "CAM-1")

    told = shop.refuses("bundles", "use", str(other), "CAM-1", exits=1, names=f"isp-addons bundles stop {bundle} CAM-1")
    assert told.row["error"] == "device_in_use"
    shop("bundles", "stop", str(bundle), "CAM-1")
    uses(shop, other, "CAM-1")


def test_what_is_no_bundle_or_over_or_somewhere_else_has_no_devices(shop: Isp, bundle: int) -> None:
    sim = shop.orders("42", "ajax_sim")
    assert (
        shop.refuses("bundles", "use", str(sim), "CAM-1", exits=1, names="not sold for devices").row["error"] == "not_a_bundle"
    )
    shop.refuses("bundles", "use", "999", "CAM-1", exits=2, names="There is no subscription 999")
    shop.opens("43", "100.00")
    theirs = shop.orders("43", "cloud-4")
    shop.refuses("bundles", "use", str(theirs), "CAM-1", exits=2, names="in a space of account 43")
    shop("cancel", str(bundle), "--now")
    shop.refuses("bundles", "use", str(bundle), "CAM-1", exits=1, names="order again")


def test_who_has_full_rights_to_the_space_chooses_and_nobody_else(shop: Isp, home: str, bundle: int) -> None:
    shop("spaces", "member", home, OTHER_PRO, "--no-full-rights")

    assert shop("--as", PRO, "bundles", "use", str(bundle), "CAM-1").row["changed"] is True
    refused(shop, OTHER_PRO, "bundles", "use", str(bundle), "CAM-2", code="no_system_access")
    refused(shop, USER, "bundles", "use", str(bundle), "CAM-2", code="not_yours", exits=2)
    refused(shop, USER, "bundles", "stop", str(bundle), "CAM-1", code="not_yours", exits=2)


def test_who_is_in_the_space_sees_the_bundle_and_its_devices_there(shop: Isp, home: str, bundle: int) -> None:
    shop("spaces", "member", home, PRO)
    other = space(shop, OTHER_PRO)
    shop("spaces", "add-device", other, "CAM-X", "--kind", "IndoorCam")
    uses(shop, bundle, "CAM-1", "CAM-X")

    assert [row["device"] for row in shop("--as", PRO, "bundles", "list", str(bundle)).rows] == ["CAM-1"]
    assert shop("--as", PRO, "bundles", "show", str(bundle)).row["active"] == 2
    assert [row["device"] for row in shop("--as", OTHER_PRO, "bundles", "list", str(bundle)).rows] == ["CAM-X"]
    for words in (("list",), ("show",), ("use", "CAM-2"), ("stop", "CAM-1")):
        refused(shop, USER, "bundles", words[0], str(bundle), *words[1:], code="not_yours", exits=2)


def test_a_device_is_in_one_space(shop: Isp, home: str) -> None:
    other = space(shop, PRO)

    told = shop.refuses(
        *("spaces", "add-device", other, "CAM-1", "--kind", "IndoorCam"), exits=1, names=f"remove-device {home} CAM-1"
    )
    assert told.row["error"] == "device_taken"
    assert shop("spaces", "add-device", home, "CAM-1", "--kind", "IndoorCam").row["changed"] is False
    shop("spaces", "remove-device", home, "CAM-1")
    assert shop("spaces", "add-device", other, "CAM-1", "--kind", "IndoorCam").row["changed"] is True
