"""Every hook of the gateway's plugin, called as the product calls it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    NeedsOperator,
    Pending,
    Rejected,
    ReplayClock,
    SeenLicence,
    SeenState,
    Unsupported,
)
from isp_addons.vendor_api.stand_in import Call, Reply
from isp_addons_gateway.sandbox import GatewaySandbox

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)

SEEN = SeenLicence(key="L-1", state=SeenState.ACTIVE, reference="V-1", account="1042", quantity=3, paid_until=APRIL)


def test_an_order_arrives_as_it_was_wanted(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    assert vendor.do(Step.ORDER, licence) == Done(reference="V-1")
    row = control.row("L-1")
    assert (row["account"], row["product"], row["quantity"], row["options"]) == ("1042", "Office", 3, {"plan": "business"})
    assert (row["paid_until"], row["state"]) == ("2026-04-01T00:00:00+00:00", "active")
    assert vendor.read(licence) == SEEN


def test_every_step_does_its_own_and_nothing_else(vendor: Vendor, licence: LicenceView) -> None:
    vendor.do(Step.ORDER, licence)
    other = replace(licence, reference="V-1", quantity=5, paid_until=MAY)
    vendor.do(Step.CHARGE, other)
    assert vendor.read(licence) == replace(SEEN, paid_until=MAY)
    vendor.do(Step.CHANGE, replace(other, paid_until=APRIL), old_quantity=3)
    assert vendor.read(licence) == replace(SEEN, quantity=5, paid_until=MAY)
    vendor.do(Step.BLOCK, replace(other, quantity=9))
    assert vendor.read(licence) == replace(SEEN, quantity=5, paid_until=MAY, state=SeenState.SUSPENDED)
    vendor.do(Step.UNBLOCK, replace(other, quantity=9, paid_until=APRIL))
    assert vendor.read(licence) == replace(SEEN, quantity=5, paid_until=APRIL)
    vendor.do(Step.CANCEL, other)
    assert vendor.read(licence).state is SeenState.ENDED


def test_a_block_is_at_once_whatever_date_the_forecast_had(vendor: Vendor, licence: LicenceView) -> None:
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.BLOCK, replace(licence, suspend_from=APRIL)) == Done()
    assert vendor.read(licence).suspended_from is None


def test_an_unpaid_period_is_suspended_from_its_beginning_where_that_can_be(vendor: Vendor, licence: LicenceView) -> None:
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL)) == Done(suspended_from=APRIL)
    found = vendor.read(licence)
    assert (found.state, found.suspended_from) == (SeenState.SUSPENDED, APRIL)


def test_an_unpaid_period_that_has_begun_is_suspended_now(vendor: Vendor, licence: LicenceView, clock: ReplayClock) -> None:
    vendor.do(Step.ORDER, licence)
    clock.moment = MAY
    assert vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL)) == Done()


def test_where_nothing_can_be_scheduled_the_suspension_is_at_once(make_vendor: Any, licence: LicenceView, control: Any) -> None:
    vendor = make_vendor(can_schedule="no")
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL)) == Done()
    assert control.row("L-1")["state"] == "suspended"


def test_a_suspension_that_ends_by_itself_is_told_even_when_the_gateway_does_not(
    make_vendor: Any, licence: LicenceView, control: Any
) -> None:
    vendor = make_vendor(longest_suspension_days="90")
    vendor.do(Step.ORDER, licence)
    assert vendor.do(Step.BLOCK, licence) == Done(suspended_until=NOW + timedelta(days=90))
    control.will_answer(action="suspend", body={"outcome": "done", "suspended_until": "2026-05-01T00:00:00Z"})
    assert vendor.do(Step.BLOCK, licence) == Done(suspended_until=MAY), "the gateway knows better"


def test_what_the_subscriber_may_see_is_passed_on(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.will_answer(body={"outcome": "done", "reference": "V-9", "show": {"activation code": "AAAA-BBBB"}})
    assert vendor.do(Step.ORDER, licence) == Done(reference="V-9", show={"activation code": "AAAA-BBBB"})


def test_a_verb_that_takes_its_time_is_pending_until_it_is_done(
    make_vendor: Any, licence: LicenceView, clock: ReplayClock
) -> None:
    with GatewaySandbox(pending_seconds=60) as slow:
        vendor = make_vendor(**slow.options())
        assert vendor.do(Step.ORDER, licence) == Pending(poll_after=timedelta(seconds=60), reference="V-1")
        assert vendor.read(licence).state is SeenState.PENDING
        clock.moment += timedelta(seconds=60)
        assert vendor.read(licence).state is SeenState.ACTIVE


def test_a_task_for_a_person_is_passed_on_and_is_not_done(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.will_answer(body={"outcome": "needs_operator", "instructions": "Add 3 seats of Office to customer 1042."})
    assert vendor.do(Step.ORDER, licence) == NeedsOperator(instructions="Add 3 seats of Office to customer 1042.")
    assert vendor.read(licence).state is SeenState.ABSENT


def test_a_refusal_is_told_in_the_gateways_words(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.will_answer(body={"outcome": "rejected", "code": "no_stock", "text": "There is no free licence."})
    with pytest.raises(
        Rejected, match=r"order L-1: the gateway http.* rejects it: There is no free licence\. \(code no_stock\)"
    ):
        vendor.do(Step.ORDER, licence)


def test_a_licence_of_another_account_is_left_alone(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, licence)
    with pytest.raises(Rejected, match="code taken"):
        vendor.do(Step.ORDER, replace(licence, account="7"))
    assert control.row("L-1")["account"] == "1042"


@pytest.mark.parametrize("step", [Step.CHARGE, Step.BLOCK, Step.UNBLOCK, Step.CHANGE])
def test_what_is_not_there_is_rejected_and_not_made(vendor: Vendor, licence: LicenceView, control: Any, step: Step) -> None:
    with pytest.raises(Rejected, match="code not_found"):
        vendor.do(step, licence)
    assert control("GET", "rows") == {"rows": []}


def test_cancelling_what_is_not_there_is_done(vendor: Vendor, licence: LicenceView) -> None:
    assert vendor.do(Step.CANCEL, licence) == Done()


def test_what_the_settings_do_not_declare_is_never_asked_for(make_vendor: Any, licence: LicenceView, control: Any) -> None:
    little = make_vendor(suspends="none", can_schedule="no", changes_quantity="no", endless="no", lists="no")
    for step in (Step.BLOCK, Step.BEFORE_PERIOD_END, Step.UNBLOCK, Step.CHANGE):
        with pytest.raises(Unsupported):
            little.do(step, licence)
    for step in (Step.ORDER, Step.CHARGE):
        with pytest.raises(Unsupported, match="endless = no"):
            little.do(step, replace(licence, paid_until=None))
    with pytest.raises(Unsupported, match="lists = no"):
        list(little.list_licences())
    assert control.calls() == []


def served(asked: list[Call], serve: Callable[[Call], Reply], call: Call) -> Reply:
    asked.append(call)
    return serve(call)


def test_a_known_reference_is_shown_to_the_gateway(vendor: Vendor, licence: LicenceView, sandbox: Any) -> None:
    asked: list[Call] = []
    serve = sandbox.serve
    sandbox.serve = lambda call: served(asked, serve, call)
    vendor.read(replace(licence, reference="V 1/ü"))
    assert dict(asked[0].request.query) == {"reference": "V 1/ü"}, "and its signature was accepted"
