"""The demo's checks on tampered states: each must be able to fail."""

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from isp_addons.domain.licence import SeenState
from isp_addons.sandbox.demo_checks import all_checks
from isp_addons.sandbox.demo_eset import EsetLicence
from isp_addons.sandbox.demo_findings import Evidence, Forecast, Licence, Said
from isp_addons.sandbox.demo_witness import Pass, Station

NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)


def _station(name: str, *, blocked: bool = False, deleted: bool = False) -> Station:
    begin, end = (NOW - timedelta(days=1), NOW + timedelta(days=364)) if blocked else (None, None)
    return Station(name, "1001", deleted, begin, end)


def _pass(**changes: Any) -> Pass:
    quiet = Pass(became=Counter(ordered=2), reads=0, failed=0, lost=0, calls=(), doubled=(), secret=())
    return dataclasses.replace(quiet, **changes)


ESET = (
    Licence("eset", "e-on", "active", "active"),
    Licence("eset", "e-held", "suspended", "suspended"),
    Licence("eset", "e-x", "suspended", "absent"),
)
AJAX = (Licence("ajax", "a-on", "active", "active"), Licence("ajax", "a-x", "suspended", "absent"))


def _at_eset(**states: str) -> dict[str, Any]:
    """What stands at ESET, one licence for each key."""
    found = {"e_on": "active", "e_held": "suspended", **states}
    licences = [EsetLicence(f"3AA-{key}", key.replace("_", "-"), SeenState(state)) for key, state in found.items()]
    return {"eset": [each for each in licences if each.state is not SeenState.ABSENT]}


def _said(state: str, source: str) -> dict[str, Any]:
    return {"said": [*HONEST.said, Said("a-on", state, source)]}


HONEST = Evidence(
    at=NOW,
    stations={"on": _station("on"), "held": _station("held", blocked=True)},
    ordered=frozenset({"on", "held"}),
    calls={"stations/add": 2, "stations/change": 1},
    passes=[_pass()],
    licences=[
        Licence("avdesk", "on", "active", "active"),
        Licence("avdesk", "held", "suspended", "suspended"),
        Licence("avdesk", "x", "suspended", "absent"),
        *ESET,
        *AJAX,
    ],
    eset=[EsetLicence("3AA-1", "e-on", SeenState.ACTIVE), EsetLicence("3AA-2", "e-held", SeenState.SUSPENDED)],
    eset_orders={"e-on": 1, "e-held": 1},
    tasks={"confirmed": 3, "could_not": 1},
    said=[Said("a-on", "pending", "vendor"), Said("a-on", "active", "admin")],
    left={1: Decimal(0), 2: Decimal("12.50"), 3: Decimal("-7.00")},
    below=frozenset({9}),
    unlimited=frozenset({3}),
    hooks_fired=5,
    events_handled=5,
    spooled=0,
    drift=[],
    given_up=[],
    forecast=Forecast(compared=10, different=()),
    changed_their_minds=(3, 0),
)

SABOTAGE: dict[str, tuple[dict[str, Any], str]] = {
    "a station deleted": (
        {"stations": {**HONEST.stations, "held": _station("held", blocked=True, deleted=True)}},
        "deleted nothing",
    ),
    "a station vanished": ({"stations": {"on": _station("on")}}, "deleted nothing"),
    "a call to delete": ({"calls": {"stations/delete": 1}}, "deleted nothing"),
    "a suspended one opened": ({"stations": {**HONEST.stations, "held": _station("held")}}, "suspended licences"),
    "an active one blocked": ({"stations": {**HONEST.stations, "on": _station("on", blocked=True)}}, "active licences"),
    "an add-on too many": ({"left": {1: Decimal("-0.01")}}, "Nobody is negative"),
    "a call doubled": ({"passes": [_pass(doubled=("on",))]}, "No call was doubled"),
    "a change that nobody asked for": ({"passes": [_pass(secret=("on",))]}, "No call was doubled"),
    "a call for nothing": ({"changed_their_minds": (3, 1)}, "before the vendor heard"),
    "a wrong forecast": ({"forecast": Forecast(compared=10, different=("1001",))}, "forecast equals"),
    "an event lost": ({"events_handled": 4}, "Nothing is lost"),
    "an event left in the spool": ({"spooled": 1}, "Nothing is lost"),
    "a difference": ({"drift": [{"licence": "on", "kind": "missing_there"}]}, "Reconciling finds 1"),
    "a call given up": ({"given_up": [{"licence": "on"}]}, "1 calls given up"),
    "a licence of ESET resumed": (_at_eset(e_held="active"), "ESET has what is wanted"),
    "a licence of ESET suspended": (_at_eset(e_on="suspended"), "ESET has what is wanted"),
    "a licence of ESET missing": (_at_eset(e_on="absent"), "ESET has what is wanted"),
    "a held licence of ESET missing": (_at_eset(e_held="absent"), "ESET has what is wanted"),
    "a licence of ESET ended": (_at_eset(e_held="ended"), "1 ended"),
    "a licence at ESET that nobody wants": (_at_eset(other="active"), "ESET has what is wanted"),
    "a licence of ESET ordered by two calls": ({"eset_orders": {"e-on": 2, "e-held": 1}}, "ordered twice at ESET"),
    "a licence that stands twice at ESET": (
        {"eset": [*HONEST.eset, EsetLicence("3AA-3", "e-on", SeenState.ACTIVE)]},
        "ordered twice at ESET",
    ),
    "a licence at ESET without an order": ({"eset_orders": {"e-on": 1}}, "ordered twice at ESET"),
    "a task without an answer": ({"tasks": {**HONEST.tasks, None: 1}}, "1 wait"),
    "a task answered otherwise than is wanted": (
        {"licences": [*HONEST.licences, Licence("ajax", "a-held", "suspended", "active")]},
        "Every operator task was answered",
    ),
    "a plugin that says done at Ajax": (_said("active", "vendor"), "before a person said so"),
    "a hook script that says done at Ajax": (_said("suspended", "hook"), "before a person said so"),
    "a timetable that asks for nothing": (_said("pending", "timetable"), "before a person said so"),
}


def test_an_honest_month_passes_every_check() -> None:
    assert [check.text for check in all_checks(HONEST) if not check.holds] == []


@pytest.mark.parametrize("what", SABOTAGE)
def test_sabotage_fails_a_check_that_names_it(what: str) -> None:
    changes, names = SABOTAGE[what]
    failed = [check.text for check in all_checks(dataclasses.replace(HONEST, **changes)) if not check.holds]
    assert any(names in text for text in failed), failed


def test_the_other_vendors_licences_are_not_looked_for_at_av_desk() -> None:
    texts = [check.text for check in all_checks(HONEST)]
    assert "Of 2 suspended licences 1 are blocked at AV-Desk, 1 were never ordered." in texts
    assert "All 1 active licences are open at AV-Desk." in texts


def test_a_month_in_which_nothing_happened_proves_nothing() -> None:
    empty = dataclasses.replace(
        HONEST,
        stations={},
        ordered=frozenset(),
        passes=[],
        licences=[],
        eset=[],
        eset_orders={},
        tasks={},
        said=[],
        left={},
        hooks_fired=0,
        events_handled=0,
        forecast=Forecast(compared=0, different=()),
        changed_their_minds=(0, 0),
    )
    assert sum(not check.holds for check in all_checks(empty)) >= 11
