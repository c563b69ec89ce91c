"""What every plugin owes the product while nothing goes wrong: one licence for each key, and capabilities that are true."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from isp_addons.domain.licence import Step
from isp_addons.testing.bench import APRIL, MAY, Bench
from isp_addons.testing.proof import prove
from isp_addons.testing.suspending import SuspendingProof
from isp_addons.vendor_api import LicenceView, Rejected, SeenState, Unauthorised, VendorError, WebhookRequest

_GONE = (SeenState.ABSENT, SeenState.ENDED)
_NEEDED = ("on_order", "on_charge", "on_cancel", "read_licence", "check_vendor")


class VendorContract(SuspendingProof):
    """Subclass it for a vendor without a server, such as an executable; with one, subclass `VendorConformance`.

    See `isp_addons.testing.kit.VendorKit` for what to name.
    """

    def test_it_has_the_hooks_that_no_vendor_can_do_without(self, bench: Bench) -> None:
        missing = [hook for hook in _NEEDED if hook not in bench.vendor.hooks]
        prove(not missing, f"the plugin does not implement {', '.join(missing)}; every licence needs it")

    def test_the_check_proves_the_settings_and_changes_nothing(self, bench: Bench) -> None:
        before = bench.snapshot()
        findings = bench.vendor.check().findings
        prove(findings and all(each.strip() for each in findings), "check_vendor found nothing to say")
        prove(bench.snapshot() == before, "check_vendor changed the vendor; it must be harmless")

    def test_an_order_makes_one_active_licence(self, bench: Bench) -> None:
        licence = bench.ordered()
        stands, has = bench.one(licence, after="on_order"), bench.read(licence)
        prove(stands.state is SeenState.ACTIVE, f"after on_order the vendor has it as {stands.state}, not active")
        prove(has.state is SeenState.ACTIVE, f"after on_order read_licence says {has.state}, not active")
        prove(has.quantity == bench.quantity, f"{bench.quantity} were ordered, read_licence says {has.quantity}")
        prove(has.paid_until in (None, APRIL), f"paid until {APRIL} was ordered, read_licence says {has.paid_until}")
        prove(licence.reference, "neither on_order nor read_licence tells the vendor's reference")

    def test_ordering_twice_makes_one_licence(self, bench: Bench) -> None:
        first = bench.ordered()
        again = bench.do(Step.ORDER, replace(first, reference=None))
        bench.one(first, after="a second on_order")
        prove(
            again.reference in (None, first.reference), "a second on_order answers with another reference: it made another one"
        )

    def test_an_ended_licence_can_be_ordered_again(self, bench: Bench) -> None:
        licence = bench.ordered()
        bench.do(Step.CANCEL, licence)
        done = bench.do(Step.ORDER, replace(licence, reference=None))
        licence = replace(licence, reference=done.reference or bench.read(replace(licence, reference=None)).reference)
        bench.one(licence, after="on_cancel and a new on_order")
        prove(bench.read(licence).state is SeenState.ACTIVE, "a licence that was ended and ordered again is not active")

    def test_a_licence_is_found_by_our_key_alone(self, bench: Bench) -> None:
        licence = bench.ordered()
        found = bench.read(replace(licence, reference=None))
        prove(found.key == licence.key, f"read_licence answers with the key {found.key!r} where {licence.key!r} was asked for")
        prove(
            (found.state, found.reference) == (SeenState.ACTIVE, licence.reference),
            "an order whose answer was lost has no reference: read_licence must find it by our key, "
            f"but says {found.state} with reference {found.reference}",
        )

    def test_what_was_never_ordered_is_absent(self, bench: Bench) -> None:
        bench.ordered()
        state = bench.read(bench.licence()).state
        prove(state is SeenState.ABSENT, f"read_licence says {state} of a licence that the vendor never had; it is absent")

    def test_a_payment_moves_the_end(self, bench: Bench) -> None:
        licence = bench.ordered()
        told = bench.read(licence).paid_until
        bench.do(Step.CHARGE, replace(licence, paid_until=MAY))
        has = bench.read(licence)
        prove(has.state is SeenState.ACTIVE, f"after on_charge read_licence says {has.state}, not active")
        expected = None if told is None else MAY
        prove(has.paid_until == expected, f"paid until {MAY}, but read_licence says {has.paid_until}")
        bench.one(licence, after="on_charge")

    def test_the_quantity_changes_where_that_is_declared_and_nowhere_else(self, bench: Bench) -> None:
        licence = bench.ordered()
        changed = replace(licence, quantity=bench.quantity + 2)
        declared = bench.capabilities
        prove(not (declared.counts_seats and declared.changes_quantity), "counts_seats means that quantity is always 1")
        if not declared.changes_quantity:
            bench.unsupported(Step.CHANGE, changed, why="its capabilities say that it cannot change the quantity")
            return
        for wanted, old in ((bench.quantity + 2, bench.quantity), (bench.quantity - 1, bench.quantity + 2)):
            bench.do(Step.CHANGE, replace(licence, quantity=wanted), old_quantity=old)
            has, stands = bench.read(licence), bench.one(licence, after="on_change")
            both = (stands.quantity, has.quantity)
            prove(both == (wanted, wanted), f"{wanted} were asked for, the vendor has {both[0]}, read_licence says {both[1]}")
            prove(has.state is SeenState.ACTIVE, f"after on_change read_licence says {has.state}, not active")

    def test_a_licence_without_end_is_possible_where_that_is_declared(self, bench: Bench) -> None:
        end = None if bench.capabilities.endless else APRIL  # the product never orders without end what does not declare it
        licence = bench.ordered(paid_until=end)
        has = bench.read(licence)
        prove((has.state, has.paid_until) in _active(end), f"ordered until {end}, read_licence says {has}")
        bench.do(Step.CHARGE, replace(licence, paid_until=MAY))
        has = bench.read(licence)
        prove((has.state, has.paid_until) in _active(MAY), f"paid until {MAY}, read_licence says {has}")

    def test_only_cancelling_ends_a_licence(self, bench: Bench) -> None:
        licence = bench.ordered()
        for step, asked in _life(bench, licence):
            before = {each for each in bench.of(licence) if each.state is SeenState.ENDED}
            bench.do(step, asked, old_quantity=bench.quantity)
            licence = replace(licence, reference=bench.read(licence).reference or licence.reference)
            bench.one(licence, after=str(step))
            after = {each for each in bench.of(licence) if each.state is SeenState.ENDED}
            prove(step is Step.CHANGE or after == before, f"{step} ended something at the vendor; only on_cancel may")
        bench.do(Step.CANCEL, licence)
        live = [each for each in bench.of(licence) if each.state is not SeenState.ENDED]
        prove(not live, f"after on_cancel the vendor still has {live}")
        state = bench.read(licence).state
        prove(state in _GONE, f"after on_cancel read_licence says {state}; it is ended or absent")

    def test_cancelling_twice_is_cancelling_once(self, bench: Bench) -> None:
        licence = bench.ordered()
        bench.do(Step.CANCEL, licence)
        before = bench.snapshot()
        bench.do(Step.CANCEL, licence)
        prove(bench.snapshot() == before, "a second on_cancel must change nothing and succeed")

    def test_the_list_tells_all_that_stands_where_that_is_declared(self, bench: Bench) -> None:
        licences = [bench.ordered() for _ in range(5)]
        if bench.suspends:
            bench.do(Step.BLOCK, licences[0])
        bench.do(Step.CANCEL, licences[1])
        answer, _ = bench.during(lambda: [each for page in bench.vendor.list_licences() for each in page])
        if not bench.capabilities.lists:
            prove(
                isinstance(answer, VendorError), "its capabilities say that it cannot list; list_licences must be Unsupported"
            )
            return
        prove(isinstance(answer, list), f"its capabilities say that it lists, but list_licences raised {answer}")
        live = {each.key: each for each in answer if each.state not in _GONE} if isinstance(answer, list) else {}
        expected = {each.key for each in licences} - {licences[1].key}
        prove(set(live) == expected, f"list_licences tells {sorted(live)} where {sorted(expected)} stand")
        state = SeenState.SUSPENDED if bench.suspends else SeenState.ACTIVE
        prove(live[licences[0].key].state is state, f"list_licences says {live[licences[0].key].state} of one that is {state}")
        wrong = [each.key for each in live.values() if each.quantity != bench.quantity]
        prove(not wrong, f"list_licences tells a wrong quantity of {', '.join(wrong)}")

    def test_nobody_elses_licence_is_touched(self, bench: Bench) -> None:
        other = bench.ordered()
        before = bench.of(other)
        licence = bench.ordered()
        for step, asked in [*_life(bench, licence), (Step.CANCEL, licence)]:
            bench.do(step, asked, old_quantity=bench.quantity)
            prove(bench.of(other) == before, f"{step} of {licence.key} changed the licence {other.key} as well")

    def test_many_are_read_at_once_as_they_are_one_by_one(self, bench: Bench) -> None:
        if "read_licences" not in bench.vendor.hooks:
            return  # it is reconciled by its list, or not at all
        licences = [bench.ordered(), bench.ordered(), bench.licence()]
        if bench.suspends:
            bench.do(Step.BLOCK, licences[0])
        together = bench.vendor.read_all(licences)
        for licence in licences:
            alone = bench.read(licence)
            prove(together[licence.key] == alone, f"read_licences says {together[licence.key]} where read_licence says {alone}")

    def test_a_webhook_that_proves_nothing_is_unauthorised(self, bench: Bench) -> None:
        if "on_vendor_webhook" not in bench.vendor.hooks:
            return  # the product takes no calls from such a vendor
        hook: Any = bench.vendor.plugin
        unreadable = (Unauthorised, Rejected)
        bodies = {b"": unreadable, b"\xff\x00": unreadable, b"[]": unreadable, b"{}": (Unauthorised,)}
        for body, fitting in {**bodies, b'{"token": ""}': (Unauthorised,)}.items():
            answer, _ = bench.during(partial(hook.on_vendor_webhook, request=WebhookRequest(headers={}, body=body)))
            prove(isinstance(answer, fitting), f"on_vendor_webhook took {body!r}, which proves nothing: {answer!r}")

    def test_many_threads_may_call_at_once(self, bench: Bench) -> None:
        licences = [bench.licence() for _ in range(16)]
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(lambda licence: bench.do(Step.ORDER, licence), licences))
            states = list(pool.map(lambda licence: bench.read(licence).state, licences))
        prove(
            set(states) == {SeenState.ACTIVE}, "sixteen licences were ordered by eight threads, and not all of them are active"
        )


def _active(end: datetime | None) -> tuple[tuple[SeenState, datetime | None], ...]:
    """What may be read of an active licence: its end, or none where the vendor keeps no ends."""
    return (SeenState.ACTIVE, end), (SeenState.ACTIVE, None)


def _life(bench: Bench, licence: LicenceView) -> list[tuple[Step, LicenceView]]:
    """Every step that may happen to a licence before it is cancelled."""
    unpaid = replace(licence, suspend_from=APRIL)
    steps = [(Step.ORDER, licence), (Step.CHARGE, licence)]
    if bench.suspends:
        steps += [(Step.BEFORE_PERIOD_END, unpaid), (Step.UNBLOCK, licence), (Step.BLOCK, licence), (Step.BLOCK, licence)]
        steps += [(Step.UNBLOCK, licence)]
    if bench.capabilities.changes_quantity:
        steps.append((Step.CHANGE, replace(licence, quantity=bench.quantity + 2)))
    return steps
