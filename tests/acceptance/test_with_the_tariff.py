"""The tariff includes the add-on: charged with the plan, licensed without end."""

import pytest

from acceptance.kit import APRIL, MARCH_10, MAY, Isp
from acceptance.plugins import WITHOUT_ENDLESS


def add_on_entries(isp: Isp) -> list[int]:
    """What was taken for add-ons, in the order it was taken."""
    return [amount for _, _, amount, kind, *_ in isp.dump("ledger_entry")["ledger_entry"] if kind == "add_on"]


@pytest.mark.acceptance("F10")
@pytest.mark.parametrize(("base", "balance", "after"), [("300", "700", "100.00"), ("19.95", "39.90", "0.00")])
def test_a_tariff_with_the_add_on_takes_its_own_price_only(isp: Isp, base: str, balance: str, after: str) -> None:
    isp.sells("av", "150")
    isp("products", "include", "av", "Home+")
    isp.opens("42", balance, base_price=base)
    isp("hook", "tariff_changed", "--account", "42", "--tariff", "Home+")
    isp("converge")
    station = isp.vendor.station("42")
    assert station["expires"] is None, "without end"

    isp.vendor.new_calls()
    for moment in (APRIL, MAY):
        isp.at = moment
        isp.begins_periods()
    assert isp.balance("42") == after
    assert add_on_entries(isp) == []
    assert isp.vendor.new_calls() == [], "a month that is paid costs no call"


@pytest.mark.acceptance("F10")
def test_a_vendor_without_endless_licences_cannot_be_part_of_a_tariff(isp: Isp) -> None:
    isp.gets_plugin("nod", WITHOUT_ENDLESS)
    isp.sells("nod-1", "150", vendor="nod")
    before = isp.dump()
    refused = isp("products", "include", "nod-1", "Home+", exits=1)
    assert refused.row["error"] == "not_endless"
    assert "can be renewed by the subscriber" in refused.err
    assert isp.dump() == before

    isp.opens("42", "150", tariff="Home+")
    assert isp("order", "42", "nod-1", "--plan", "bundled", exits=1).row["error"] == "not_in_tariff"
    isp.orders("42", "nod-1", "one_off")
    assert isp.balance("42") == "0.00"


@pytest.mark.acceptance("F10")
def test_a_blocked_account_that_gets_the_tariff_gets_a_suspended_add_on(isp: Isp) -> None:
    isp.sells("av", "150")
    isp("products", "include", "av", "Home+")
    isp.opens("42", "0")
    isp("hook", "on_block", "--account", "42")
    isp("hook", "tariff_changed", "--account", "42", "--tariff", "Home+")
    isp("converge")
    assert isp.vendor.stations() == []
    isp("hook", "on_unblock", "--account", "42")
    isp("converge")
    assert isp.vendor.station("42")["state"] != "blocked"


@pytest.mark.acceptance("F11")
@pytest.mark.parametrize("plan", ["one_off", "recurring"])
def test_a_trial_month_becomes_the_same_licence_without_end(isp: Isp, plan: str) -> None:
    isp.sells("av", "150")
    isp("products", "include", "av", "Home+")
    isp.opens("42", "250")
    subscription = isp.orders("42", "av", plan)
    isp("converge")
    trial = isp.vendor.station("42")
    assert isp.balance("42") == "100.00"

    isp.at = MARCH_10
    isp("hook", "tariff_changed", "--account", "42", "--tariff", "Home+")
    isp("converge")
    station = isp.vendor.station("42")
    assert (station["id"], station["expires"], station["deleted"]) == (trial["id"], None, False)
    assert isp.subscription(subscription)["plan"] == "bundled"
    isp.at = APRIL
    isp.begins_periods()
    assert (isp.balance("42"), add_on_entries(isp)) == ("100.00", [-15000]), "the overlap is not charged again"


@pytest.mark.acceptance("F11")
def test_who_could_not_pay_and_moves_to_the_tariff_has_it_at_once(isp: Isp) -> None:
    isp.sells("av", "150")
    isp("products", "include", "av", "Home+")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp("converge")
    isp.at = APRIL
    isp.begins_periods()
    assert isp.vendor.station("42")["state"] == "blocked"
    isp("hook", "tariff_changed", "--account", "42", "--tariff", "Home+")
    isp("converge")
    assert isp.held_by(subscription) == ""
    assert isp.vendor.station("42")["state"] != "blocked"


@pytest.mark.acceptance("F11")
def test_leaving_the_tariff_ends_the_licence_with_the_period(isp: Isp) -> None:
    isp.sells("av", "150")
    isp("products", "include", "av", "Home+")
    isp.opens("42", "100", tariff="Home+")
    isp("hook", "changed", "--account", "42")
    isp("converge")
    isp.at = MARCH_10
    isp("hook", "tariff_changed", "--account", "42", "--tariff", "Home")
    isp("converge")
    station = isp.vendor.station("42")
    assert (station["expires"], station["state"]) == ("2026-04-01T00:00:00+00:00", "unactivated")
    isp.at = APRIL
    isp.begins_periods()
    assert isp.vendor.station("42")["deleted"]
    assert isp("subscriptions", "list").row["status"] == "ended"


@pytest.mark.acceptance("F11")
def test_coming_back_to_the_tariff_in_time_keeps_the_licence(isp: Isp) -> None:
    isp.sells("av", "150")
    isp("products", "include", "av", "Home+")
    isp.opens("42", "100", tariff="Home+")
    isp("hook", "changed", "--account", "42")
    isp("converge")
    before = isp.vendor.station("42")["id"]
    for tariff in ("Home", "Home+"):
        isp("hook", "tariff_changed", "--account", "42", "--tariff", tariff)
    isp.at = APRIL
    isp.begins_periods()
    station = isp.vendor.station("42")
    assert (station["id"], station["expires"], station["deleted"]) == (before, None, False)
    statuses = [(row["before"], row["after"]) for row in isp("audit").rows if row["field"] == "status"]
    assert statuses[:2] == [("ending", "running"), ("running", "ending")]
