"""A quantity is changed by HardCancel and Activate in one container; when only a part of it is done, nothing is lost."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.domain.licence import Licence, Seen, Step, Wanted, WantedState, next_step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Done, LicenceView, OutcomeUnknown, Rejected
from isp_addons.vendor_api.stand_in import Call, Reply
from isp_addons_kaspersky.sandbox import KasperskySandbox

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def next_of(vendor: Vendor, licence: LicenceView) -> Step | None:
    """What the product does next, after it has read the licence."""
    has = vendor.read(licence)
    wanted = Wanted(state=WantedState.ACTIVE, quantity=licence.quantity, paid_until=licence.paid_until)
    seen = Seen(state=has.state, quantity=has.quantity, paid_until=has.paid_until)
    return next_step(Licence(wanted=wanted, seen=seen), now=NOW)


def test_a_change_is_one_container_and_keeps_product_and_end(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, replace(licence, options={"product_id": "KTSMD"}))
    before = control.subscriber()
    answer = vendor.do(Step.CHANGE, replace(licence, quantity=7), old_quantity=3)
    row = control.subscriber()
    assert (row["status"], row["quantity"], row["product_id"], row["end"]) == ("Started", 7, "KTSMD", before["end"])
    assert control.calls() == ["Activate", "GetInfo", "HardCancel+Activate"]
    assert row["code"] != before["code"]
    assert answer == Done(show={"activation_code": row["code"]})


def test_where_the_code_outlives_a_change_it_is_shown_all_the_same(make_vendor: Any, licence: LicenceView) -> None:
    with KasperskySandbox(keeps_code=True) as server:
        vendor = make_vendor(server=server)
        first = vendor.do(Step.ORDER, licence)
        changed = vendor.do(Step.CHANGE, replace(licence, quantity=7), old_quantity=3)
    assert changed.show == first.show


@pytest.mark.parametrize("how", ["partial", "refused"])
def test_cancelled_but_not_activated_again_is_found_and_ordered(
    vendor: Vendor, ordered: LicenceView, control: Any, how: str
) -> None:
    more = replace(ordered, quantity=7)
    if how == "partial":
        control.fault("partial", action="HardCancel+Activate")
    else:
        control.refuse("Activate", 317, "Try later.")
    with pytest.raises(OutcomeUnknown, match=r"Kaspersky did HardCancel, but refuses Activate \(error (9103|317): .*is read"):
        vendor.do(Step.CHANGE, more, old_quantity=3)
    assert control.status() == "HardCancelled"
    assert next_of(vendor, more) is Step.ORDER
    answer = vendor.do(Step.ORDER, more)
    row = control.subscriber()
    assert (row["status"], row["quantity"], row["end"]) == ("Started", 7, "2026-04-01T00:00:00+00:00")
    assert answer == Done(reference="ia7f-1-1", show={"activation_code": row["code"]})
    assert next_of(vendor, more) is None


def test_when_neither_is_done_the_licence_stands_as_it_was(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    before = control.subscriber()
    control.refuse("HardCancel", 317, "Frozen.")
    with pytest.raises(Rejected, match=r"Kaspersky refuses HardCancel for ia7f-1-1 \(error 317: Frozen.\)"):
        vendor.do(Step.CHANGE, replace(ordered, quantity=7), old_quantity=3)
    assert control.subscriber() == before


@pytest.mark.parametrize("kind", ["timeout_after", "garbage", "error_500", "refuse_before"])
def test_a_change_whose_answer_was_lost_is_read_and_never_made_twice(
    vendor: Vendor, ordered: LicenceView, control: Any, kind: str
) -> None:
    more = replace(ordered, quantity=7)
    control.fault(kind, action="HardCancel+Activate")
    with pytest.raises(OutcomeUnknown, match=r"HardCancel\+Activate ia7f-1-1"):
        vendor.do(Step.CHANGE, more, old_quantity=3)
    done = kind in ("timeout_after", "garbage")
    assert next_of(vendor, more) is (None if done else Step.CHANGE)
    code = control.subscriber()["code"]
    answer = vendor.do(Step.CHANGE, more, old_quantity=3)
    assert control.subscriber()["quantity"] == 7
    assert (answer.show["activation_code"] == code) is done


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (b'SubscriberId="ia7f-1-1"', b'SubscriberId="ia7f-9-9"'),
        (b'UnitId="1"', b'UnitId="2"'),
        (b'UnitId="1"', b'UnitId="7"'),
        (b'UnitId="1"', b'UnitId="x"'),
        (b":HardCancel ", b":Pause "),
    ],
)
def test_an_answer_to_something_else_is_no_answer(
    vendor: Vendor,
    ordered: LicenceView,
    sandbox: KasperskySandbox,
    monkeypatch: pytest.MonkeyPatch,
    here: bytes,
    there: bytes,
) -> None:
    serve = sandbox.serve

    def twisted(call: Call) -> Reply:
        reply = serve(call)
        return replace(reply, body=reply.body.replace(here, there)) if call.action == "HardCancel+Activate" else reply

    monkeypatch.setattr(sandbox, "serve", twisted)
    more = replace(ordered, quantity=7)
    with pytest.raises(OutcomeUnknown, match="cannot be read: "):
        vendor.do(Step.CHANGE, more, old_quantity=3)
    assert next_of(vendor, more) is None
