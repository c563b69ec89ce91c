"""Greenbone: who does not pay is locked out and keeps everything, in the vMSP portal and on an own server."""

from decimal import Decimal
from typing import Any

import pytest

from acceptance.kit import MARCH_10, MARCH_31, Isp
from isp_addons.vendor_api import LicenceView
from isp_addons_greenbone.sandbox import ALLOWED, GreenboneSandbox


@pytest.fixture
def portal(isp: Isp) -> Isp:
    """An ISP that sells scanning of 60 internal and 40 external addresses through the vMSP portal."""
    isp.configure("vendor:greenbone", plugin="greenbone", mode="operator", due_hours="4")
    sells(isp)
    return isp


@pytest.fixture
def server(isp: Isp) -> GreenboneSandbox:
    """A server of the ISP's own, which is reached through gvm-cli."""
    sandbox = GreenboneSandbox(isp.folder)
    isp.configure("vendor:greenbone", plugin="greenbone", **sandbox.options())
    sells(isp)
    return sandbox


def sells(isp: Isp) -> None:
    isp.prices["scan"] = Decimal("45.00")
    split = ["--option", "internal=60", "--option", "external=40"]
    isp("products", "add", "scan", "--vendor", "greenbone", "--price", "45.00", *split)


def has_account(isp: Isp, *, left: str = "100") -> int:
    """An account whose order a person carried out; returns the subscription."""
    (subscription,) = isp.subscriber("42", "scan", left=left)
    isp("converge")
    done(isp, "on_order", "--reference", "contact@customer.example")
    return subscription


def waiting(isp: Isp) -> list[dict[str, Any]]:
    return isp("tasks", "list").rows


def done(isp: Isp, step: str, *options: str) -> None:
    """A person does the one task that waits."""
    (task,) = waiting(isp)
    assert task["step"] == step
    isp("tasks", "confirm", task["licence"], *options)


@pytest.mark.acceptance("G23")
@pytest.mark.acceptance("G56")
def test_a_blocked_account_is_locked_by_a_person_and_its_subscription_is_untouched(portal: Isp) -> None:
    subscription = has_account(portal)
    portal.at = MARCH_10
    portal.hears("on_block", "42")

    (task,) = waiting(portal)
    told = portal("tasks", "show", task["licence"]).row["instructions"]
    assert told.startswith("Greenbone: lock account 42\n")
    assert "Do not cancel the subscription and do not delete the customer." in told
    assert "contact@customer.example" in told
    assert task["due_at"] == "2026-03-10T16:00:00+00:00"
    assert portal.at_vendor(subscription) != "suspended"

    done(portal, "on_block")
    assert portal.at_vendor(subscription) == "suspended"
    portal.hears("on_block", "42")
    assert waiting(portal) == [], "locked once is locked"

    portal.hears("on_unblock", "42")
    (task,) = waiting(portal)
    assert task["title"] == "Greenbone: unlock account 42"
    done(portal, "on_unblock")
    assert portal.at_vendor(subscription) == "active"
    assert portal.subscription(subscription)["status"] == "running"


@pytest.mark.acceptance("G56")
def test_on_an_own_server_a_block_empties_the_allow_list_and_stops_tasks_and_a_payment_gives_both_back(
    isp: Isp, server: GreenboneSandbox
) -> None:
    (subscription,) = isp.subscriber("42", "scan", left="44.99")
    isp("converge")
    (task,) = waiting(isp)
    assert f"Comment: {task['licence']} 1" in isp("tasks", "show", task["licence"]).row["instructions"]
    order = LicenceView(
        key=task["licence"], reference=None, account="42", product="scan", options={}, quantity=1, paid_until=None
    )
    server.perform("on_order", order)
    done(isp, "on_order")
    before = server.state()
    assert server.running() == {"task-1-running"}

    isp.at = MARCH_31
    isp.looks_ahead()

    assert (isp.at_vendor(subscription), isp.held_by(subscription), waiting(isp)) == ("suspended", "forecast", [])
    user = server.state()["users"]["user-1"]
    assert (user["allow"], user["hosts"], server.running()) == (True, "", set())
    assert {**user, "hosts": ALLOWED} == before["users"]["user-1"], "nothing else of the user is changed"

    isp.at = "2026-03-31T13:00:00+00:00"
    isp.hears("payment", "42", "amount=100.00")

    assert (isp.at_vendor(subscription), isp.held_by(subscription)) == ("active", "")
    after = server.state()
    assert (after["users"], after["tasks"]) == (before["users"], before["tasks"])
    assert "delete_user" not in after["calls"]
