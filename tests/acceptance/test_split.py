"""A quantity in two parts: internal and external addresses, set with the order, changed at once, told to the vendor."""

from typing import Any

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  scan:
    kind: quantity
    vendor: greenbone
    split: [internal, external]
    prices:
      - ranges: [{first: 1, last: 300, price: 1.00}]
"""
OWNER = "it@bakery.example"
STAFF = "admin@isp.example"


@pytest.fixture
def portal(isp: Isp) -> Isp:
    """An ISP that sells scanning by address through the vMSP portal, and an account with 60 internal and 40 external ones."""
    isp.configure("vendor:greenbone", plugin="greenbone", mode="operator")
    path = isp.folder / "catalogue.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    isp("catalogue", "import", str(path))
    isp.opens("42", "1000.00")
    orders(isp, "100", "internal=60", "external=40")
    isp("converge")
    does_the_task(isp, "on_order")
    return isp


def orders(isp: Isp, quantity: str, *parts: str) -> None:
    isp("order", "42", "scan", "--quantity", quantity, *_split(parts))


def changes(isp: Isp, *parts: str, quantity: str | None = None, when: str = "next") -> dict[str, Any]:
    asked = [] if quantity is None else ["--quantity", quantity]
    return isp("subscriptions", "change", "1", *asked, *_split(parts), "--when", when).row


def refuses(isp: Isp, *parts: str, quantity: str | None = None, code: str = "bad_split") -> None:
    asked = [] if quantity is None else ["--quantity", quantity]
    told = isp.refuses("subscriptions", "change", "1", *asked, *_split(parts), exits=2, names="")
    assert told.row["error"] == code, told.row


def has(isp: Isp) -> tuple[int, dict[str, int]]:
    found = isp.subscription(1)
    return found["quantity"], found["split"]


def to_come(isp: Isp) -> tuple[int | None, dict[str, int] | None]:
    found = isp.subscription(1)
    return found["pending_quantity"], found["pending_split"]


def does_the_task(isp: Isp, step: str) -> str:
    """A person does the one task that waits; returns what he was told."""
    (task,) = isp("tasks", "list").rows
    assert task["step"] == step
    told: str = isp("tasks", "show", task["licence"]).row["instructions"]
    isp("tasks", "confirm", task["licence"])
    return told


def _split(parts: tuple[str, ...]) -> list[str]:
    return [word for part in parts for word in ("--split", part)]


@pytest.mark.acceptance("G15")
def test_a_total_and_its_split_are_kept_and_told_to_the_vendor(portal: Isp) -> None:
    assert has(portal) == (100, {"internal": 60, "external": 40})
    assert "external=40,internal=60" in portal("subscriptions", "show", "1", human=True).out
    portal.at = MARCH_10
    done = changes(portal, "internal=60", "external=60", quantity="120", when="now")
    assert (done["effect"], done["split"]) == ("now", {"internal": 60, "external": 60})
    portal("converge")
    told = does_the_task(portal, "on_change")
    assert "change account 42 from 100 to 120 units" in told
    assert "Internal: 60" in told
    assert "External: 60" in told


WRONG = (
    ("internal=60", "external=50"),
    ("internal=101",),
    ("internal=-1",),
    ("internal=1.5",),
    ("internal=abc",),
    ("internal=",),
    ("internal",),
    ("internal=５",),
    ("internal=1e1",),
    ("internal=060",),
    ("elsewhere=60",),
    ("internal=60", "internal=40"),
)


@pytest.mark.acceptance("G15")
@pytest.mark.acceptance("G16")
def test_what_does_not_make_the_total_is_refused(portal: Isp) -> None:
    for parts in WRONG:
        refuses(portal, *parts)
        told = portal.refuses("order", "42", "scan", "--quantity", "100", *_split(parts), exits=2, names="")
        assert told.row["error"] == "bad_split", parts


@pytest.mark.acceptance("G15")
def test_another_total_needs_a_split_of_its_own(portal: Isp) -> None:
    refuses(portal, quantity="120")
    told = portal.refuses("order", "42", "scan", "--quantity", "5", exits=2, names="internal and external")
    assert told.row["error"] == "bad_split"
    portal.sells("plain", "1.00", vendor=None)
    told = portal.refuses("order", "42", "plain", "--split", "internal=1", exits=2, names="is not split")
    assert told.row["error"] == "bad_split"


@pytest.mark.acceptance("G16")
def test_of_all_parts_but_one_the_last_gets_the_rest(portal: Isp) -> None:
    for named, rest in ((0, 100), (100, 0), (60, 40)):
        changes(portal, f"internal={named}")
        assert has(portal) == (100, {"internal": named, "external": rest})


@pytest.mark.acceptance("G20")
def test_the_same_total_in_another_split_counts_at_once_and_costs_nothing(portal: Isp) -> None:
    portal.at = MARCH_10
    before = portal.balance("42")
    done = changes(portal, "internal=70")
    assert (done["effect"], done["from_at"], done["charged"], done["next_price"]) == ("split", MARCH_10, "0.00", "100.00")
    assert (portal.balance("42"), has(portal)) == (before, (100, {"internal": 70, "external": 30}))
    portal("converge")
    told = does_the_task(portal, "on_change")
    assert told.startswith("Greenbone: split the 100 IP addresses of account 42 anew\n")
    assert "Internal: 70" in told
    assert "External: 30" in told
    assert portal("plan").rows == [], "the vendor has what is wanted"
    assert changes(portal, "internal=70")["effect"] == "nothing"
    assert portal("plan").rows == []


@pytest.mark.acceptance("G20")
@pytest.mark.acceptance("G21")
def test_a_new_split_leaves_alone_what_is_to_come_which_has_its_own(portal: Isp) -> None:
    portal.at = MARCH_10
    changes(portal, "internal=50", quantity="80")
    assert to_come(portal) == (80, {"internal": 50, "external": 30})
    changes(portal, "internal=10")
    assert has(portal) == (100, {"internal": 10, "external": 90})
    assert to_come(portal) == (80, {"internal": 50, "external": 30})
    assert portal.subscription(1)["price"] == "80.00"
    assert changes(portal, "internal=40", quantity="80")["effect"] == "pending"
    assert to_come(portal) == (80, {"internal": 40, "external": 40})
    portal("converge")
    does_the_task(portal, "on_change")
    portal.at = APRIL
    portal.begins_periods()
    assert (has(portal), to_come(portal)) == ((80, {"internal": 40, "external": 40}), (None, None))
    told = does_the_task(portal, "on_change")
    assert "Internal: 40" in told
    assert "External: 40" in told


@pytest.mark.acceptance("G20")
def test_a_task_about_a_split_that_is_not_wanted_any_more_is_recalled(portal: Isp) -> None:
    changes(portal, "internal=70")
    portal("converge")
    changes(portal, "internal=20")
    (task,) = portal("tasks", "list").rows
    assert task["status"] == "recalled"
    portal("tasks", "confirm", task["licence"])
    portal("converge")
    assert "Internal: 20" in does_the_task(portal, "on_change")


@pytest.mark.acceptance("G22")
def test_a_look_without_confirming_changes_nothing(portal: Isp) -> None:
    before = portal.dump()
    told = portal("subscriptions", "change", "1", "--split", "internal=70", "--dry-run").row
    assert (told["effect"], told["split"], told["dry_run"]) == ("split", {"internal": 70, "external": 30}, True)
    portal("subscriptions", "change", "1", "--quantity", "120", "--split", "internal=70", "--when", "now", "--dry-run")
    assert portal.dump() == before


@pytest.mark.acceptance("Z02")
def test_the_same_key_twice_is_one_change_of_the_split(portal: Isp) -> None:
    words = ("subscriptions", "change", "1", "--split", "internal=70", "--key", "web-1")
    first = portal(*words).row
    changes(portal, "internal=20")
    assert portal(*words).row == first
    assert has(portal) == (100, {"internal": 20, "external": 80})
    refused = portal("subscriptions", "change", "1", "--split", "internal=71", "--key", "web-1", exits=1)
    assert refused.row["error"] == "key_used"


@pytest.mark.acceptance("G04")
@pytest.mark.acceptance("G05")
@pytest.mark.parametrize(("mode", "error"), [("managed", "managed_customer"), ("self_service", None)])
def test_who_serves_himself_sets_his_split_and_who_is_managed_does_not(portal: Isp, mode: str, error: str | None) -> None:
    person = ("--contact", "Ida", "--email", OWNER, "--no-invitation")
    portal("customers", "add", "Bakery", *person, "--mode", mode, "--account", "42")
    for words in (["--split", "internal=70"], ["--quantity", "50", "--split", "internal=50"]):
        asked = ["--as", OWNER, "subscriptions", "change", "1", *words]
        if error is None:
            assert portal(*asked).row["effect"] in ("split", "pending")
        else:
            assert portal.refuses(*asked, exits=1, names="").row["error"] == error
    if error is not None:
        changes(portal, "internal=70")
    assert has(portal) == (100, {"internal": 70, "external": 30})
    assert portal("audit", "--limit", "500").rows
