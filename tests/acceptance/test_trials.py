"""A trial: nothing is billed, it is shown as a trial, and only an explicit order turns it into a subscription."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from acceptance.aircall_kit import TOKEN, Bakery
from acceptance.kit import APRIL, MARCH_10, MAY, Isp
from isp_addons_aircall.sandbox import AircallSandbox
from isp_addons_eset import Eset
from isp_addons_eset.sandbox import EsetSandbox

MARCH_20 = "2026-03-20T00:00:00+00:00"


@pytest.fixture
def tried(isp: Isp) -> Isp:
    """An ISP whose antivirus can be tried for 14 days, and an account that tries it since the beginning of March."""
    isp("products", "add", "av", "--price", "150.00", "--vendor", "avdesk", "--trial-days", "14")
    isp.opens("42", "400.00")
    isp.orders("42", "av", plan="trial", key="trial-of-42")
    isp("converge")
    return isp


def only(isp: Isp) -> dict[str, object]:
    """The subscription of the account that is not over."""
    (row,) = [each for each in isp("subscriptions", "list", "--account", "42").rows if each["status"] == "running"]
    return row


@pytest.mark.acceptance("A39")
def test_a_trial_is_active_costs_nothing_and_is_shown_as_one(tried: Isp) -> None:
    row = only(tried)
    assert (row["plan"], row["price"], row["vendor_state"]) == ("trial", "0.00", "active")
    assert row["paid_until"] == "2026-03-15T00:00:00+00:00"
    assert tried.balance("42") == "400.00"
    assert tried.vendor.station("42")["expires"].startswith("2026-03-15")


@pytest.mark.acceptance("A39")
def test_a_trial_is_never_billed_however_long_nobody_orders(tried: Isp) -> None:
    for moment in (APRIL, MAY):
        tried.at = moment
        tried.looks_ahead()
        tried.begins_periods()
        tried("worker", "--once")
    assert tried.balance("42") == "400.00"
    assert "stations/delete" not in tried.vendor.new_calls()


@pytest.mark.acceptance("A39")
def test_an_explicit_order_takes_the_same_licence_over(tried: Isp) -> None:
    before = tried.vendor.station("42")["id"]
    tried.at = MARCH_10
    subscription = tried.orders("42", "av", key="order-of-42")
    tried("converge")
    row = only(tried)
    assert (row["id"], row["plan"], row["price"]) == (subscription, "recurring", "150.00")
    assert tried.balance("42") == "295.97", "150.00 for the 21.5 of 31 days that are left of March"
    (station,) = tried.vendor.stations("42")
    assert (station["id"], station["expires"]) == (before, None), "the same station, now without end"
    assert "stations/delete" not in tried.vendor.new_calls()
    assert tried.orders("42", "av", key="order-of-42") == subscription
    assert tried.balance("42") == "295.97"


def test_a_term_can_follow_a_trial_too(tried: Isp) -> None:
    before = tried.vendor.station("42")["id"]
    tried.at = MARCH_10
    tried.orders("42", "av", plan="one_off")
    tried("converge")
    (station,) = tried.vendor.stations("42")
    assert (station["id"], station["expires"][:10]) == (before, "2026-04-10")
    assert tried.balance("42") == "250.00"


def test_a_trial_is_for_the_first_time(tried: Isp) -> None:
    assert tried.orders("42", "av", plan="trial", key="trial-of-42") == 1, "the same order twice is one"
    tried.refuses("order", "42", "av", "--plan", "trial", exits=1, names="a trial is for the first time")
    tried.at = MARCH_20
    tried.refuses("order", "42", "av", "--plan", "trial", exits=1, names="a trial is for the first time")
    tried.opens("43", "150.00")
    tried.orders("43", "av")
    tried.refuses("order", "43", "av", "--plan", "trial", exits=1, names="has or had av already")


def test_a_product_without_a_trial_cannot_be_tried(isp: Isp) -> None:
    isp.sells("av", "150.00")
    isp.opens("42", "0")
    isp.refuses("order", "42", "av", "--plan", "trial", exits=1, names="av has no trial")


def test_an_order_that_cannot_be_paid_leaves_the_trial_as_it_is(tried: Isp) -> None:
    tried.opens("44", "1.00")
    tried.orders("44", "av", plan="trial")
    tried("converge")
    tried.at = MARCH_10
    tried.refuses("order", "44", "av", exits=1, names="not enough")


def test_a_blocked_account_loses_its_trial_for_the_time_being(tried: Isp) -> None:
    tried.hears("blocked", "42")
    assert tried.vendor.station("42")["state"] == "blocked"
    tried.hears("unblocked", "42")
    assert tried.vendor.station("42")["state"] != "blocked"


@pytest.fixture
def eset(isp: Isp) -> Iterator[EsetSandbox]:
    """A vendor that knows no end dates."""
    with Eset.sandbox() as server:
        isp.configure("vendor:eset", plugin="eset", **server.options())
        isp("products", "add", "home", "--price", "100.00", "--vendor", "eset", "--trial-days", "9")
        isp.opens("42", "300.00")
        yield server


@pytest.mark.usefixtures("eset")
@pytest.mark.parametrize("plan", ["trial", "one_off"])
def test_what_is_over_is_suspended_where_the_vendor_would_let_it_run_on(isp: Isp, plan: str) -> None:
    subscription = isp.orders("42", "home", plan=plan)
    isp("converge")
    assert isp.at_vendor(subscription) == "active"
    isp.at = MAY
    isp("worker", "--once")
    assert isp.at_vendor(subscription) == "suspended"
    assert isp.held_by(subscription) == "forecast"
    isp("worker", "--once")
    assert isp.at_vendor(subscription) == "suspended"
    if plan == "one_off":
        isp("renew", str(subscription))
        isp("converge")
        assert isp.at_vendor(subscription) == "active"
        assert isp.balance("42") == "100.00"


@pytest.mark.parametrize("plan", ["recurring", "one_off"])
@pytest.mark.usefixtures("eset")
def test_a_trial_that_is_over_but_not_gone_is_taken_over_and_makes_no_second_licence(
    isp: Isp, eset: EsetSandbox, plan: str
) -> None:
    trial = isp.orders("42", "home", plan="trial", key="trial")
    isp("converge")
    isp.at = MARCH_20
    isp("worker", "--once")
    assert (isp.at_vendor(trial), isp.held_by(trial)) == ("suspended", "forecast")

    ordered = isp.orders("42", "home", plan=plan, key="order")
    isp("worker", "--once")

    assert isp.at_vendor(ordered) == "active"
    assert only(isp)["id"] == ordered
    assert len(list(eset.licences(datetime.fromisoformat(MARCH_20)))) == 1


def test_a_trial_that_nobody_delivered_in_time_is_never_ordered(isp: Isp) -> None:
    isp("products", "add", "av", "--price", "150.00", "--vendor", "avdesk", "--trial-days", "14")
    isp.opens("42", "400.00")
    isp.orders("42", "av", plan="trial", key="trial-of-42")
    isp.at = MARCH_20
    isp("worker", "--once")
    assert isp.vendor.stations("42") == []

    isp.orders("42", "av", key="order-of-42")
    isp("worker", "--once")
    (station,) = isp.vendor.stations("42")
    assert station["expires"] is None


def test_an_order_does_not_escape_the_hold_on_a_trial(tried: Isp) -> None:
    trial = str(only(tried)["id"])
    tried("hold", trial, "--owner", "abuse", "--note", "spam")
    tried.refuses("order", "42", "av", exits=1, names="is held by abuse, which an order does not lift")
    tried("converge")
    assert tried.vendor.station("42")["state"] == "blocked"
    assert tried.balance("42") == "400.00"


CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  assist:
    kind: seat
    vendor: aircall
    options: { add_on: AI Assist }
    trial_days: 14
    features: { insights: everyone }
    prices: 10.00
"""
STAFF = ("anna", "bo", "cleo", "dan", "eve", "owner")


@pytest.fixture
def office(isp: Isp) -> Iterator[Bakery]:
    """An account with six users at Aircall, owned by a company that serves itself."""
    with AircallSandbox(account="42", company="Bakery Ltd", webhook_token=TOKEN, per_minute=1000) as server:
        made = Bakery(isp, server)
        isp.configure("vendor:aircall", plugin="aircall", read_timeout="2", **server.options())
        file = isp.folder / "catalogue.yaml"
        file.write_text(CATALOGUE, encoding="utf-8")
        isp("catalogue", "import", str(file))
        isp.opens("42", "1000.00")
        isp(
            *("customers", "add", "Bakery", "--contact", "Olga", "--email", "olga@bakery.example", "--role", "owner"),
            *("--mode", "self_service", "--account", "42", "--no-invitation"),
        )
        isp("people", "add", "adam@bakery.example", "--name", "Adam", "--role", "admin", "--customer", "1", "--no-invitation")
        made.hires(*STAFF[:5])
        isp("users", "sync", "aircall")
        yield made


def who_may(office: Bakery) -> list[str]:
    """Which users may use the add-on now."""
    return [each for each in STAFF if office.isp("may", "42", f"{each}@example.net", "insights").row["allowed"]]


@pytest.mark.acceptance("C21")
def test_who_is_no_owner_enables_no_trial_and_an_owner_does(office: Bakery) -> None:
    ask = ("order", "42", "assist", "--plan", "trial", "--key", "try")
    refused = office.isp.refuses("--as", "adam@bakery.example", *ask, exits=1, names="may not do that (try)")
    assert refused.row["error"] == "not_permitted"
    office.isp("--as", "olga@bakery.example", *ask)
    assert who_may(office) == list(STAFF)
    assert office.isp("seats", "pool", "1").row == {"subscription": 1, "account_wide": False, "in_trial": True}
    assert "every user of the account has it until the trial ends" in office.isp("seats", "list", "1", human=True).out
    assert office.isp.balance("42") == "1000.00"
    assert office.isp("--as", "adam@bakery.example", "order", "42", "assist", "--quantity", "2", "--key", "buy").row


@pytest.mark.acceptance("C21")
@pytest.mark.acceptance("C22")
def test_while_it_is_tried_nobody_is_given_a_seat(office: Bakery) -> None:
    office.isp.orders("42", "assist", "trial")
    for words in (("assign", "1", "anna@example.net"), ("assign", "1", "anna@example.net", "bo@example.net", "--buy")):
        refused = office.isp.refuses("seats", *words, exits=1, names="every user has it until it ends")
        assert refused.row["error"] == "in_trial"
    assert len(office.isp("seats", "list", "1").rows) == 6
    office.works()
    assert "anna@example.net, bo@example.net" in office.task()["instructions"], "the vendor is to give it to everybody"


@pytest.mark.acceptance("C23")
def test_a_trial_that_nobody_buys_ends_for_all_and_costs_nothing(office: Bakery) -> None:
    office.isp.orders("42", "assist", "trial")
    office.isp.at = "2026-03-14T23:59:59+00:00"
    assert who_may(office) == list(STAFF)
    office.isp.at = "2026-03-15T00:00:00+00:00"
    assert who_may(office) == []
    office.works()
    assert who_may(office) == []
    office.isp.at = MAY
    office.works()
    assert office.isp.balance("42") == "1000.00"
    refused = office.isp.refuses("order", "42", "assist", "--plan", "trial", exits=1, names="a trial is for the first time")
    assert refused.row["error"] == "trial_used"


@pytest.mark.acceptance("C23")
def test_those_who_were_given_a_seat_before_the_trial_ended_keep_it(office: Bakery) -> None:
    office.isp.orders("42", "assist", "trial")
    office.isp.at = MARCH_10
    bought = office.isp.orders("42", "assist", quantity="4")
    office.gives(bought, *STAFF[:4])
    assert who_may(office) == list(STAFF), "the rest of the trial is everybody's"
    office.isp.at = "2026-03-15T00:00:00+00:00"
    office.works()
    assert who_may(office) == list(STAFF[:4])
    assert office.pool(bought) == (4, 4, 0)
