"""Terms that are over, and those who renew them at the same moment."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from integration.users.conftest import VENDORS, Office
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.subscription import Plan
from isp_addons.services import charge, order, term_end
from isp_addons.services.context import Context
from isp_addons.store import holds
from isp_addons.store.tables import Hold, Licence


def runs_on(office: Office) -> Context:
    """The office, its vendor letting licences run on after their end."""
    vendors = {**VENDORS, "phones": replace(VENDORS["phones"], ends_by_itself=False)}
    return replace(office.context, capabilities=vendors.__getitem__)


def sells_a_term(office: Office, context: Context) -> int:
    wanted = order.Order(account="42", product="assist", plan=Plan.ONE_OFF, key="once", term="1")
    return order.place(context, office.cause(), wanted)


def at_vendor(office: Office, state: str) -> None:
    with office.store.write() as session:
        session.execute(update(Licence).values(seen_state=state))


def standing(office: Office, subscription: int) -> list[str]:
    with office.store.read() as session:
        mine = (Hold.subscription_id == subscription, Hold.lifted_at.is_(None))
        return list(session.scalars(select(Hold.owner).where(*mine)))


@pytest.mark.parametrize(
    ("place", "name"), [(term_end, "_lock_accounts"), (term_end, "_choose"), (holds, "put"), (holds.wants, "rework")]
)
def test_whoever_renews_while_terms_are_ended_is_not_suspended(
    office: Office, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    context = runs_on(office)
    subscription = sells_a_term(office, context)
    office.later(days=40)
    renewals: list[threading.Thread] = []
    real: Callable[..., Any] = getattr(place, name)

    def renewing_first(*args: Any, **named: Any) -> Any:
        if not renewals:
            renew = lambda: charge.renew(context, office.cause("renewed"), subscription_id=subscription)  # noqa: E731
            renewals.append(threading.Thread(target=renew))
            renewals[0].start()
            renewals[0].join(1)  # done, or waiting for us
        return real(*args, **named)

    monkeypatch.setattr(place, name, renewing_first)
    term_end.apply(context, office.cause("over"))
    renewals[0].join(30)

    assert not renewals[0].is_alive()
    assert (office.licence(subscription).wanted_state, standing(office, subscription)) == ("active", [])


def test_a_hold_that_stands_although_the_term_is_paid_again_is_lifted(office: Office) -> None:
    context = runs_on(office)
    subscription = sells_a_term(office, context)
    with office.store.write() as session:
        holds.choose(session, [subscription])
        holds.put(session, office.cause("slipped through"), owner=HoldOwner.FORECAST)
        session.execute(insert(Hold).values(subscription_id=subscription, owner="abuse", since=office.now, note=""))

    assert term_end.apply(context, office.cause("over")) == 1
    assert standing(office, subscription) == ["abuse"]
    assert term_end.apply(context, office.cause("over")) == 0


def test_a_term_that_is_over_is_held_once(office: Office) -> None:
    context = runs_on(office)
    subscription = sells_a_term(office, context)
    at_vendor(office, "active")
    office.later(days=40)

    assert [term_end.apply(context, office.cause("over")) for _ in range(2)] == [1, 0]
    assert (office.licence(subscription).wanted_state, standing(office, subscription)) == ("suspended", ["forecast"])


@pytest.mark.parametrize(
    ("seen", "wanted"), [("absent", "suspended"), ("ended", "suspended"), ("active", "active"), ("pending", "active")]
)
def test_what_ends_by_itself_is_held_only_where_it_would_be_ordered_after_its_end(
    office: Office, seen: str, wanted: str
) -> None:
    subscription = sells_a_term(office, office.context)
    at_vendor(office, seen)
    assert term_end.apply(office.context, office.cause("not over")) == 0
    office.later(days=40)

    term_end.apply(office.context, office.cause("over"))

    assert office.licence(subscription).wanted_state == wanted
    charge.renew(office.context, office.cause("renewed"), subscription_id=subscription)
    assert (office.licence(subscription).wanted_state, standing(office, subscription)) == ("active", [])
