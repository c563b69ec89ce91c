"""What goes onto the wire for a licence, and which requests are repeats of each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from isp_addons.vendor_api import Done, LicenceView, NeedsOperator, Pending, Rejected, SeenLicence, SeenState
from isp_addons_gateway import translate, wire
from isp_addons_gateway.wire import State, Verb

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
LICENCE = LicenceView(
    key="L-1",
    reference=None,
    account="1042",
    product="Office",
    options={"plan": "business", "seats": "named"},
    quantity=3,
    paid_until=APRIL,
    suspend_from=APRIL,
)


def key(verb: Verb, licence: LicenceView = LICENCE, *, old_quantity: int | None = None) -> str:
    return translate.write(verb, licence, old_quantity=old_quantity).idempotency_key


def test_a_licence_goes_out_as_it_is_wanted() -> None:
    sent = translate.write(Verb.CHANGE, LICENCE, old_quantity=2).model_dump(mode="json")
    assert sent == {
        "idempotency_key": key(Verb.CHANGE),
        "old_quantity": 2,
        "licence": {
            "key": "L-1",
            "reference": None,
            "account": "1042",
            "product": "Office",
            "options": {"plan": "business", "seats": "named"},
            "quantity": 3,
            "paid_until": "2026-04-01T00:00:00Z",
            "suspend_from": None,
        },
    }


def test_only_a_suspension_names_a_date_to_suspend_from() -> None:
    dated = {verb for verb in Verb if translate.write(verb, LICENCE).licence.suspend_from is not None}
    assert dated == {Verb.SUSPEND}


def test_a_repeat_of_the_same_want_has_the_same_key() -> None:
    for verb in Verb:
        assert key(verb) == key(verb, replace(LICENCE, reference="V-1")), "a reference that became known is no new want"
        assert key(verb) == key(verb, replace(LICENCE, options={"seats": "named", "plan": "business"}))
    assert key(Verb.CHANGE, old_quantity=1) == key(Verb.CHANGE, old_quantity=2)
    assert key(Verb.SUSPEND) == key(Verb.SUSPEND, replace(LICENCE, paid_until=MAY))


def test_another_want_has_another_key() -> None:
    everything = [key(verb) for verb in Verb]
    everything += [key(verb, replace(LICENCE, key="L-2")) for verb in Verb]
    everything += [key(verb, replace(LICENCE, paid_until=MAY)) for verb in (Verb.ORDER, Verb.CHARGE, Verb.RESUME)]
    everything += [key(verb, replace(LICENCE, paid_until=None)) for verb in (Verb.ORDER, Verb.CHARGE, Verb.RESUME)]
    everything += [key(verb, replace(LICENCE, quantity=4)) for verb in (Verb.ORDER, Verb.CHANGE)]
    everything += [key(Verb.SUSPEND, replace(LICENCE, suspend_from=None)), key(Verb.ORDER, replace(LICENCE, options={}))]
    assert len(set(everything)) == len(everything)


def test_an_idempotency_key_stays_the_same_in_every_release() -> None:
    assert key(Verb.CANCEL) == "L-1.cancel.44136fa355b3678a"
    assert key(Verb.CHARGE) == "L-1.charge.b5d3f9846be05ac3"


def test_outcomes_become_those_of_the_contract() -> None:
    done = wire.Done(outcome="done", reference="V-1", suspended_until=MAY, show={"code": "AAAA"})
    assert outcome(done) == Done(reference="V-1", suspended_until=MAY, show={"code": "AAAA"})
    pending = wire.Pending(outcome="pending", poll_after_seconds=90, reference="V-1")
    assert outcome(pending) == Pending(poll_after=timedelta(seconds=90), reference="V-1")
    task = wire.NeedsOperator(outcome="needs_operator", instructions="Log in with s3cret.")
    assert outcome(task) == NeedsOperator(instructions="Log in with *.")
    with pytest.raises(Rejected, match=r"order L-1: the gateway rejects it: no stock for \* \(code no_stock\)\."):
        outcome(wire.Rejected(outcome="rejected", code="no_stock", text="no stock for s3cret"))


def outcome(told: wire.Outcome) -> object:
    return translate.outcome(told, teller="the gateway", action="order L-1", secrets=("s3cret",))


def test_a_licence_comes_back_as_it_stands() -> None:
    told = wire.Standing(key="L-1", state=State.SUSPENDED, quantity=3, account="1042", suspended_from=APRIL)
    assert translate.seen(told) == SeenLicence(
        key="L-1", state=SeenState.SUSPENDED, quantity=3, account="1042", suspended_from=APRIL
    )
