"""The kit for vendors without an interface: who tells a person exactly what to do passes, who pretends fails."""

from typing import ClassVar

import pytest

from isp_addons.testing import OperatorConformance
from unit.testing import operator_vendors as vendors
from unit.testing.operator_vendors import ByHand
from unit.testing.running import Run, failed

pytest_plugins = ["pytester"]

BODY = """
from isp_addons.testing import OperatorConformance
from unit.testing.operator_vendors import {name}

class TestIt(OperatorConformance):
    plugin = {name}
    settings = {{"console": "https://console.example", "pin": "pin-of-the-shop"}}
"""

TOLD = "a_person_is_told_exactly_what_to_enter"
BROKEN = [
    (vendors.PretendsToBlock, TOLD),
    (vendors.AsksToDeleteToSuspend, "to_suspend_is_not_to_end"),
    (vendors.LeavesTheQuantityOut, TOLD),
    (vendors.ShowsItsPin, "no_secret_is_told_by_any_log_line_or_instruction"),
    (vendors.DoesMoreThanItDeclares, "what_it_does_not_declare_is_unsupported"),
    (vendors.NamesNoEnd, "where_licences_end_by_themselves_a_person_is_told_when"),
    (vendors.NamesNoLaterEnd, "where_licences_end_by_themselves_a_person_is_told_when"),
    (vendors.TellsEachTimeAnew, "asked_twice_it_tells_the_same"),
]


class TestByHand(OperatorConformance):
    plugin = ByHand
    settings: ClassVar = {"console": "https://console.example", "pin": "pin-of-the-shop"}


@pytest.mark.parametrize(("plugin", "proof"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_vendor_that_breaks_the_contract_fails_that_proof(run: Run, plugin: type[ByHand], proof: str) -> None:
    result = run(BODY.format(name=plugin.__name__))
    assert proof in failed(result)
    assert result.parseoutcomes()["passed"] >= 3
