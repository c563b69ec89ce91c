"""Seats follow the licence: from a trial to what is ordered instead, and back to the pool when a subscription is over."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from integration.users.conftest import Office
from isp_addons.domain.catalogue import TrialEnd
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Refused
from isp_addons.domain.subscription import Plan, Status
from isp_addons.services import cancel, hold, order, products
from isp_addons.store import holds, leases
from isp_addons.store.tables import Licence, Subscription


def tries(office: Office, quantity: int = 3) -> int:
    """The account tries a product for 14 days; those who are in it then are charged for."""
    new = products.NewProduct(code="tried", name="tried", vendor="phones", price=100, trial_days=14, trial_then=TrialEnd.CHARGE)
    products.add(office.context, office.cause(), new)
    wanted = order.Order(account="42", product="tried", plan=Plan.TRIAL, key="trial", quantity=quantity)
    return order.place(office.context, office.cause(), wanted)


def shown_to_the_plugin(office: Office, subscription: int) -> tuple[str, ...]:
    with office.store.read() as session:
        row = session.execute(leases.details(Licence.subscription_id == subscription)).one()
        return leases.with_users(session, [leases.leased(row)])[0].users


def status(office: Office, subscription: int) -> tuple[str, str]:
    with office.store.read() as session:
        row = session.execute(select(Subscription.plan, Subscription.status).where(Subscription.id == subscription)).one()
        return row.plan, row.status


def test_what_is_ordered_instead_of_a_trial_has_its_seats(office: Office) -> None:
    trial = tries(office)
    office.gives(trial, "anna", "bo")

    ordered = office.orders("tried", 3)

    assert (office.holders(trial), office.holders(ordered)) == ([], ["anna", "bo"])
    assert (office.pool(ordered), shown_to_the_plugin(office, ordered)) == (
        (3, 2, 1),
        ("anna@example.net", "bo@example.net"),
    )
    moved = [row for row in office.audit("seat") if "takes the trial" in row[4]]
    why = f"subscription {ordered} takes the trial {trial} over"
    assert sorted(moved, key=str) == sorted(
        (
            ("seat", before, after, "tester", why)
            for name in ("anna@example.net", "bo@example.net")
            for before, after in ((name, None), (None, name))
        ),
        key=str,
    )


def test_a_smaller_order_takes_over_the_seats_that_were_given_first(office: Office) -> None:
    trial = tries(office)
    for name in ("cleo", "anna", "bo"):
        office.gives(trial, name)
        office.later(minutes=1)

    ordered = office.orders("tried", 2)

    assert office.holders(ordered) == ["anna", "cleo"]
    assert office.pool(ordered) == (2, 2, 0)
    assert [(reference, seats) for reference, _, seats in office.users()] == [("anna", 1), ("bo", 0), ("cleo", 1)]


def test_a_subscription_that_is_ended_at_once_returns_its_seats(office: Office) -> None:
    subscription, other = office.orders("assist", 2), office.orders("assist", 1)
    office.gives(subscription, "anna", "bo")
    office.gives(other, "anna")

    cancel.cancel(office.context, office.cause(), subscription_id=subscription, at_once=True)

    assert office.holders(subscription) == []
    assert office.holders(other) == ["anna"]
    returned = [row for row in office.audit("seat") if row[2] is None]
    why = "the subscription is over, so the seat is free again"
    assert sorted(returned) == [("seat", f"{name}@example.net", None, "tester", why) for name in ("anna", "bo")]


def test_a_subscription_that_runs_out_keeps_its_seats_until_then(office: Office) -> None:
    subscription = office.orders("assist", 2)
    office.gives(subscription, "anna", "bo")
    cancel.cancel(office.context, office.cause(), subscription_id=subscription)
    assert office.holders(subscription) == ["anna", "bo"]

    office.later(days=60)
    assert cancel.finish(office.context, office.cause("the paid time is over")) == 1

    assert office.holders(subscription) == []
    assert [seats for _, _, seats in office.users()] == [0, 0, 0]


@pytest.mark.parametrize("owner", [HoldOwner.ADMIN, HoldOwner.ABUSE, HoldOwner.VENDOR])
def test_an_order_does_not_escape_the_hold_of_a_trial(office: Office, owner: HoldOwner) -> None:
    trial = tries(office)
    with office.store.write() as session:
        holds.choose(session, [trial])
        holds.put(session, office.cause("spam"), owner=owner)

    with pytest.raises(Refused, match=f"is held by {owner}, which an order does not lift") as caught:
        office.orders("tried", 3)

    assert caught.value.code == "held"
    assert status(office, trial) == ("trial", Status.RUNNING)
    with office.store.write() as session:
        holds.choose(session, [trial])
        holds.lift(session, office.cause("settled"), owner=owner)
    assert status(office, office.orders("tried", 3)) == ("recurring", Status.RUNNING)
    assert status(office, trial) == ("trial", Status.ENDED)


def test_the_accounts_own_hold_stays_behind_with_the_trial(office: Office) -> None:
    trial = tries(office)
    hold.put(office.context, office.cause("on holiday"), subscription_id=trial, owner=HoldOwner.USER)

    assert office.licence(office.orders("tried", 3)).wanted_state == "active"


@pytest.mark.parametrize("days", [3, 20], ids=["while it runs", "when it is over"])
def test_a_cancelled_trial_is_taken_over_too(office: Office, days: int) -> None:
    trial = tries(office)
    key = office.licence(trial).key
    cancel.cancel(office.context, office.cause(), subscription_id=trial)
    assert status(office, trial) == ("trial", Status.ENDING)
    office.later(days=days)

    ordered = order.place(
        office.context,
        replace(office.cause(), why="ordered"),
        order.Order(account="42", product="tried", plan=Plan.ONE_OFF, key="late", quantity=3),
    )

    licence = office.licence(ordered)
    assert (licence.key, licence.wanted_state) == (key, "active")
    assert status(office, trial) == ("trial", Status.ENDED)
