"""How a subscription ends or goes on: cancelled, taken back, run again, stopped with the rest refunded, renewed by itself."""

from decimal import Decimal

import pytest

from acceptance.kit import APRIL, MARCH, MARCH_10, MARCH_31, MAY, Isp

APRIL_11 = "2026-04-11T00:00:00+00:00"
SCAN = """\
catalogue: 1
currency: EUR
products:
  scan:
    kind: quantity
    vendor: greenbone
    split: [internal, external]
    prices: 1.00
"""
TERMS = """\
catalogue: 1
currency: EUR
products:
  crypt:
    kind: seat
    vendor: avdesk
    terms: [1, 12]
    month: {month}
    proration: whole_months
    prices: [{{per: year, ranges: [{{first: 1, price: 120.00}}]}}]
"""
OWNER = "it@bakery.example"


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP that sells stations at 6.00 a month, and an account with one and 100.00 left."""
    isp.sells("av", "6.00")
    isp.opens("42", "106.00")
    isp.orders("42", "av")
    isp("converge")
    return isp


def takes(isp: Isp, catalogue: str) -> None:
    path = isp.folder / "catalogue.yaml"
    path.write_text(catalogue, encoding="utf-8")
    isp("catalogue", "import", str(path))


def sells_terms(isp: Isp, *, month: str = "30_days") -> None:
    takes(isp, TERMS.format(month=month))


def status(isp: Isp) -> str:
    found: str = isp.subscription(1)["status"]
    return found


def error(isp: Isp, *words: str, exits: int = 1) -> str:
    code: str = isp.refuses(*words, exits=exits, names="").row["error"]
    return code


# Cancelled and taken back


@pytest.mark.acceptance("G25")
@pytest.mark.acceptance("X23")
def test_cancelled_it_is_usable_until_the_period_ends_and_is_not_renewed(shop: Isp) -> None:
    shop.at = MARCH_10
    assert shop("cancel", "1").row["status"] == "ending"
    assert "expires soon" in shop("subscriptions", "list", human=True).out
    assert shop("cancel", "1").row["status"] == "ending", "cancelled twice is cancelled"
    shop.at = MARCH_31
    shop("worker", "--once")
    assert (status(shop), shop.at_vendor(1)) == ("ending", "active")
    shop.at = APRIL
    shop("worker", "--once")
    assert (status(shop), shop.at_vendor(1), shop.balance("42")) == ("ended", "ended", "100.00")
    for words in (("cancel", "1"), ("cancel", "1", "--now"), ("subscriptions", "stop", "1")):
        assert error(shop, *words) == "no_active_subscription"


@pytest.mark.acceptance("A34")
def test_a_cancellation_can_be_taken_back_until_the_period_ends(shop: Isp) -> None:
    shop.at = MARCH_10
    assert shop("subscriptions", "reactivate", "1").row["effect"] == "nothing", "it runs"
    shop("cancel", "1")
    shop.at = MARCH_31
    assert error(shop, "subscriptions", "reactivate", "1", "--quantity", "2") == "not_over"
    done = shop("subscriptions", "reactivate", "1").row
    assert (done["effect"], done["charged"]) == ("reactivated", "0.00")
    assert (status(shop), shop.balance("42")) == ("running", "100.00")
    shop.at = APRIL
    shop("worker", "--once")
    assert (shop.at_vendor(1), shop.balance("42")) == ("active", "94.00")
    shop("cancel", "1")
    shop.at = MAY
    assert error(shop, "subscriptions", "reactivate", "1") == "already_over", "even before the worker has looked"
    shop("worker", "--once")
    assert error(shop, "subscriptions", "reactivate", "1") == "already_over"


@pytest.mark.acceptance("G26")
def test_what_is_over_runs_again_with_a_quantity_and_a_split(isp: Isp) -> None:
    isp.configure("vendor:greenbone", plugin="greenbone", mode="operator")
    takes(isp, SCAN)
    isp.opens("42", "500.00")
    isp("order", "42", "scan", "--quantity", "100", "--split", "internal=60")
    isp("converge")
    confirms(isp, "on_order", "--reference", "it@bakery.example")
    isp("cancel", "1")
    isp.at = APRIL
    isp("worker", "--once")
    confirms(isp, "on_cancel")
    isp.at = "2026-04-16T00:00:00+00:00"
    again = ("subscriptions", "reactivate", "1")
    assert error(isp, *again, "--quantity", "0", exits=2) == "bad_quantity"
    assert error(isp, *again, "--quantity", "60", exits=2) == "bad_split"
    assert error(isp, *again, "--quantity", "60", "--split", "internal=61", exits=2) == "bad_split"
    done = isp(*again, "--quantity", "60", "--split", "internal=20").row
    assert (done["effect"], done["charged"], done["next_price"]) == ("reactivated", "30.00", "60.00")
    found = isp.subscription(1)
    assert (found["status"], found["paid_until"]) == ("running", MAY)
    assert (found["quantity"], found["split"]) == (60, {"internal": 20, "external": 40})
    assert isp.balance("42") == "370.00", "half of April"
    isp("converge")
    told = confirms(isp, "on_order")
    assert "Internal: 20" in told
    assert "External: 40" in told
    isp.at = MAY
    isp.begins_periods()
    assert (isp.balance("42"), isp.at_vendor(1)) == ("310.00", "active")


@pytest.mark.acceptance("G26")
def test_run_again_in_the_same_period_it_is_charged_again(shop: Isp) -> None:
    shop.at = APRIL
    shop.begins_periods()
    shop.at = APRIL_11
    shop("subscriptions", "stop", "1")
    assert shop.balance("42") == "98.00"
    shop("subscriptions", "reactivate", "1", "--quantity", "3")
    assert (shop.balance("42"), status(shop)) == ("86.00", "running"), "three for 20 of 30 days"
    shop("converge")
    assert [each["deleted"] for each in shop.vendor.stations("42")] == [False] * 3
    shop("subscriptions", "stop", "1")
    assert shop.balance("42") == "98.00", "what was paid anew, and nothing twice"


@pytest.mark.acceptance("G26")
def test_what_cannot_run_again_is_refused_and_nothing_is_charged(shop: Isp) -> None:
    again = ("subscriptions", "reactivate", "1", "--quantity", "2")
    shop("hold", "1", "--note", "fraud")
    shop("cancel", "1", "--now")
    assert error(shop, *again) == "held"
    shop("release", "1")
    shop("products", "on-sale", "av", "--no")
    assert error(shop, *again) == "not_on_sale"
    shop("products", "on-sale", "av")
    assert error(shop, "subscriptions", "reactivate", "1", "--quantity", "40") == "insufficient_funds"
    shop.hears("on_block", "42")
    assert error(shop, *again) == "account_blocked"
    shop.hears("on_unblock", "42")
    shop.at = APRIL
    assert error(shop, *again, exits=75) == "period_is_over"


# Stopped now


@pytest.mark.acceptance("A35")
@pytest.mark.parametrize(
    ("at", "refunded"),
    [
        (APRIL_11, "4.00"),
        ("2026-04-11T00:00:01+00:00", "3.80"),
        (APRIL, "6.00"),
        ("2026-04-29T00:00:00+00:00", "0.40"),
        ("2026-04-29T00:00:01+00:00", "0.20"),
        ("2026-04-30T00:00:01+00:00", "0.00"),
        ("2026-04-30T23:59:59+00:00", "0.00"),
    ],
)
def test_stopped_now_what_is_not_used_goes_back(shop: Isp, at: str, refunded: str) -> None:
    shop.at = APRIL
    shop.begins_periods()
    assert shop.balance("42") == "94.00"
    shop.at = at
    done = shop("subscriptions", "stop", "1").row
    assert (done["status"], done["refunded"], done["currency"]) == ("ended", refunded, "EUR")
    assert Decimal(shop.balance("42")) == Decimal("94.00") + Decimal(refunded)
    entries = [row for row in shop.dump("ledger_entry")["ledger_entry"] if "refund" in row]
    assert len(entries) == (0 if refunded == "0.00" else 1)
    shop("converge")
    assert shop.at_vendor(1) == "ended"


@pytest.mark.acceptance("A35")
def test_what_was_added_and_what_began_late_is_refunded_from_its_own_beginning(isp: Isp) -> None:
    isp.sells("av", "6.00")
    isp.opens("42", "100.00")
    isp.at = APRIL
    isp("period-begin")
    isp.at = "2026-04-16T00:00:00+00:00"
    isp.orders("42", "av")
    isp("subscriptions", "change", "1", "--quantity", "3", "--when", "now")
    assert isp.balance("42") == "91.00", "three for half a month"
    isp.at = "2026-04-21T00:00:00+00:00"
    assert isp("subscriptions", "stop", "1").row["refunded"] == "6.00", "10 of 15 days"


@pytest.mark.acceptance("A35")
def test_the_days_are_those_of_the_account(isp: Isp) -> None:
    isp.at = "2026-02-28T22:00:00+00:00"
    isp.sells("av", "6.20")
    isp.opens("42", "100.00", zone="Europe/Kyiv")
    isp.orders("42", "av")
    isp.at = "2026-03-30T21:00:00+00:00"
    assert isp("subscriptions", "stop", "1").row["refunded"] == "0.20", "one of 31 days, although the clock was put forward"


@pytest.mark.acceptance("A35")
def test_a_term_is_refunded_by_its_days(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "200.00")
    isp.orders("42", "crypt", "one_off", term="12")
    isp.at = "2026-03-31T00:00:00+00:00"
    assert isp("subscriptions", "stop", "1").row["refunded"] == "110.00", "330 of 360 days"


def test_a_refund_brings_back_what_waits_for_money(isp: Isp) -> None:
    isp.sells("av", "6.00")
    isp.sells("plain", "5.00", vendor=None, priority=2)
    isp.opens("42", "17.00")
    isp.orders("42", "av")
    isp.orders("42", "plain")
    isp.at = APRIL
    isp.begins_periods()
    assert (isp.balance("42"), isp.held_by(2)) == ("0.00", "forecast")
    isp.at = "2026-04-03T00:00:00+00:00"
    assert isp("subscriptions", "stop", "1").row["refunded"] == "5.60"
    assert (isp.balance("42"), isp.held_by(2)) == ("0.60", "")


@pytest.mark.acceptance("A36")
@pytest.mark.parametrize("language", ["en", "de", "ru", "uk", "fr"])
def test_a_person_is_told_to_switch_the_sim_off_too(isp: Isp, language: str) -> None:
    isp.configure("vendor:ajax", plugin="ajax", company="Example Telecom")
    isp.configure("operator_tasks", language=language)
    for code, service in (("sim", "sim"), ("cloud", "cloud")):
        isp("products", "add", code, "--vendor", "ajax", "--price", "6.00", "--option", f"service={service}")
    isp.opens("42", "100.00")
    for code in ("sim", "cloud"):
        isp.orders("42", code)
    isp("converge")
    for task in isp("tasks", "list").rows:
        isp("tasks", "confirm", task["licence"])
    for number in ("1", "2"):
        isp("subscriptions", "stop", number)
    isp("converge")
    told = {each["product"]: each["step"] for each in isp("tasks", "list").rows}
    assert told == {"sim": "on_cancel", "cloud": "on_cancel"}
    steps = {
        each["product"]: isp("tasks", "show", each["licence"]).row["instructions"].splitlines()
        for each in isp("tasks", "list").rows
    }
    assert len(steps["sim"]) == len(steps["cloud"]) + 1
    assert "SIM" in steps["sim"][3]
    assert "Stop now" in steps["sim"][3]


def test_only_who_may_buy_ends_a_subscription(shop: Isp) -> None:
    shop("customers", "add", "Bakery", "--contact", "Ida", "--email", OWNER, "--no-invitation", "--account", "42")
    shop("people", "add", "eve@other.example", "--name", "Eve", "--role", "member", "--customer", "1", "--no-invitation")
    shop("customers", "add", "Other", "--contact", "Bo", "--email", "bo@other.example", "--no-invitation")
    shop("people", "add", "al@bakery.example", "--name", "Al", "--role", "agent", "--customer", "1", "--no-invitation")
    for words in (["cancel", "1"], ["subscriptions", "stop", "1"], ["subscriptions", "reactivate", "1"]):
        assert error(shop, "--as", "bo@other.example", *words, exits=2) == "not_yours"
        assert error(shop, "--as", "al@bakery.example", *words) == "not_permitted"
    shop("--as", OWNER, "cancel", "1")
    shop("--as", OWNER, "subscriptions", "reactivate", "1")
    shop("--as", OWNER, "subscriptions", "stop", "1")
    assert status(shop) == "ended"


# Terms that renew themselves


@pytest.mark.acceptance("X22")
@pytest.mark.parametrize(
    ("month", "term", "until"),
    [
        ("30_days", "1", "2026-03-31T00:00:00+00:00"),
        ("30_days", "12", "2027-02-24T00:00:00+00:00"),
        ("calendar", "1", "2026-04-01T00:00:00+00:00"),
        ("calendar", "12", "2027-03-01T00:00:00+00:00"),
    ],
)
def test_a_term_is_of_calendar_months_or_of_30_days(isp: Isp, month: str, term: str, until: str) -> None:
    sells_terms(isp, month=month)
    isp.opens("42", "500.00")
    isp.orders("42", "crypt", "one_off", term=term)
    assert isp.subscription(1)["paid_until"] == until
    isp("renew", "1")
    isp.at = until
    isp("worker", "--once")
    assert isp.subscription(1)["paid_until"] > until


@pytest.mark.acceptance("X22")
@pytest.mark.parametrize(
    ("start", "until"), [("2028-02-01T00:00:00+00:00", "2028-03-02"), ("2027-02-01T00:00:00+00:00", "2027-03-03")]
)
def test_a_leap_year_does_not_count_where_a_month_has_30_days(isp: Isp, start: str, until: str) -> None:
    isp.at = start
    sells_terms(isp)
    isp.opens("42", "500.00")
    isp.orders("42", "crypt", "one_off", term="1")
    assert isp.subscription(1)["paid_until"][:10] == until


@pytest.mark.acceptance("X23")
def test_a_term_that_renews_itself_is_paid_again_with_its_whole_pool(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "85.00")
    isp("order", "42", "crypt", "--plan", "one_off", "--quantity", "4", "--auto-renew")
    isp("converge")
    isp.vendor.new_calls()
    assert (isp.balance("42"), isp.subscription(1)["renews"]) == ("45.00", True)
    isp.at = "2026-03-31T00:10:00+00:00"
    isp("worker", "--once")
    assert (isp.balance("42"), isp.subscription(1)["paid_until"]) == ("5.00", "2026-04-30T00:00:00+00:00")
    assert isp.vendor.new_calls() == [], "the vendor knows of no end"
    isp("worker", "--once")
    assert isp.balance("42") == "5.00", "once"
    isp.at = "2026-04-30T00:10:00+00:00"
    isp("worker", "--once")
    assert (isp.held_by(1), isp.at_vendor(1), status(isp)) == ("forecast", "suspended", "running"), "held, and not deleted"
    assert isp.balance("42") == "5.00"
    isp.at = "2026-05-10T00:00:00+00:00"
    isp("accounts", "pay", "42", "50.00")
    isp("worker", "--once")
    assert (isp.held_by(1), isp.at_vendor(1), isp.balance("42")) == ("", "active", "15.00")
    assert isp.subscription(1)["paid_until"] == "2026-06-09T00:00:00+00:00", "30 days from the payment"


@pytest.mark.acceptance("X23")
def test_a_cancelled_term_ends_instead_of_renewing_itself(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "500.00")
    isp("order", "42", "crypt", "--plan", "one_off", "--quantity", "2", "--auto-renew")
    isp("converge")
    isp.at = MARCH_10
    isp("cancel", "1")
    isp.at = "2026-03-31T00:10:00+00:00"
    isp("worker", "--once")
    assert (status(isp), isp.at_vendor(1), isp.balance("42")) == ("ended", "ended", "480.00")


@pytest.mark.acceptance("X24")
def test_fewer_are_renewed_and_the_rest_is_lost(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "500.00")
    isp("order", "42", "crypt", "--plan", "one_off", "--quantity", "5", "--auto-renew")
    isp("converge")
    isp.at = MARCH_10
    told = isp("subscriptions", "change", "1", "--quantity", "3").row
    assert (told["effect"], told["from_at"]) == ("pending", "2026-03-31T00:00:00+00:00")
    isp("subscriptions", "withdraw", "1")
    isp("subscriptions", "change", "1", "--quantity", "2")
    isp("subscriptions", "change", "1", "--quantity", "3")
    isp.at = "2026-03-31T00:10:00+00:00"
    isp("worker", "--once")
    found = isp.subscription(1)
    assert (found["quantity"], found["pending_quantity"], isp.balance("42")) == (3, None, "420.00")
    assert [each["deleted"] for each in isp.vendor.stations("42")].count(False) == 3


@pytest.mark.acceptance("X23")
def test_several_terms_that_were_missed_are_caught_up(isp: Isp) -> None:
    sells_terms(isp)
    isp.opens("42", "500.00")
    isp("order", "42", "crypt", "--plan", "one_off", "--auto-renew")
    assert isp.at == MARCH
    isp.at = "2026-06-15T00:00:00+00:00"
    isp("worker", "--once")
    assert (isp.balance("42"), isp.subscription(1)["paid_until"]) == ("460.00", "2026-06-29T00:00:00+00:00")


def test_only_a_one_off_term_renews_itself(shop: Isp) -> None:
    assert error(shop, "order", "42", "av", "--auto-renew", exits=2) == "bad_term"


def confirms(isp: Isp, step: str, *options: str) -> str:
    """A person does the one task that waits; returns what he was told."""
    (task,) = isp("tasks", "list").rows
    assert task["step"] == step
    told: str = isp("tasks", "show", task["licence"]).row["instructions"]
    isp("tasks", "confirm", task["licence"], *options)
    return told


@pytest.mark.acceptance("Z02")
def test_the_same_key_twice_stops_and_runs_again_once(shop: Isp) -> None:
    shop.at = APRIL
    shop.begins_periods()
    stop = ("subscriptions", "stop", "1", "--key", "web-1")
    again = ("subscriptions", "reactivate", "1", "--quantity", "2", "--key", "web-2")
    stopped = shop(*stop).row
    assert shop(*stop).row == stopped
    assert shop.balance("42") == "100.00"
    done = shop(*again).row
    assert shop(*again).row == done
    assert (shop(*stop).row, status(shop)) == (stopped, "running"), "it was stopped before it ran again"
    assert shop.balance("42") == "88.00"
    assert error(shop, "subscriptions", "reactivate", "1", "--quantity", "3", "--key", "web-2") == "key_used"
