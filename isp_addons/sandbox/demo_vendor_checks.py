"""What must be true at ESET and at Ajax when the demo's month is over; see `isp_addons.sandbox.demo_checks`."""

from collections import Counter

from isp_addons.domain.cause import Source
from isp_addons.domain.licence import SeenState
from isp_addons.domain.operator_task import TaskOutcome
from isp_addons.sandbox.demo_findings import Check, Evidence, Licence, Said, named

_ANSWERS = {TaskOutcome.CONFIRMED: "confirmed", TaskOutcome.COULD_NOT: "not done", TaskOutcome.ASKED_AGAIN: "asked again"}


def eset_has_what_is_wanted(evidence: Evidence) -> Check:
    """What is wanted active is active at ESET; what is wanted suspended is suspended, or was never ordered; nothing ended."""
    there = {each.key: each.state for each in evidence.eset}
    active, suspended = (evidence.wanted(state, vendor="eset") for state in ("active", "suspended"))
    ordered = [key for key in suspended if key in evidence.eset_orders]
    wrong = [key for key in active if there.get(key) is not SeenState.ACTIVE]
    wrong += [key for key in ordered if there.get(key) is not SeenState.SUSPENDED]
    wrong += sorted(there.keys() - {*active, *ordered})
    ended = [each.key for each in evidence.eset if each.state is SeenState.ENDED]
    text = (
        f"ESET has what is wanted there: {len(active):,} licences active, {len(ordered):,} suspended; {len(ended)} ended, "
        f"{len(suspended) - len(ordered):,} were never ordered."
    )
    return Check(bool(active and ordered) and not wrong and not ended, text + named("Wrong", wrong) + named("Ended", ended))


def ordered_once(evidence: Evidence) -> Check:
    """Each licence of ESET was ordered by one call, and stands there once."""
    standing = Counter(each.key for each in evidence.eset)
    twice = sorted(
        key for key in standing.keys() | evidence.eset_orders.keys() if standing[key] != 1 or evidence.eset_orders.get(key) != 1
    )
    orders = sum(evidence.eset_orders.values())
    text = f"No licence was ordered twice at ESET: {orders:,} orders, {len(evidence.eset):,} licences."
    return Check(bool(orders) and not twice, text + named("Not once", twice))


def tasks_answered(evidence: Evidence) -> Check:
    """A person has answered every operator task, and what was answered is what is wanted."""
    told = ", ".join(f"{evidence.tasks.get(outcome.value, 0):,} {word}" for outcome, word in _ANSWERS.items())
    waiting = evidence.tasks.get(None, 0)
    wrong = [each.key for each in evidence.licences if each.vendor == "ajax" and not _settled(each)]
    text = f"Every operator task was answered: {sum(evidence.tasks.values()):,} tasks, {told}; {waiting} wait."
    return Check(bool(evidence.tasks) and not waiting and not wrong, text + named("Not as wanted", wrong))


def nobody_but_a_person_said_so(evidence: Evidence) -> Check:
    """At Ajax nothing counted as done before a person said so: all that came without a person is *pending*."""
    by_hand = [each for each in evidence.said if each.source == Source.ADMIN.value]
    wrong = [f"{each.key} {each.state} by {each.source}" for each in evidence.said if not _honest(each)]
    text = f"At Ajax nothing counted as done before a person said so: {len(by_hand):,} changes, each said by a person."
    return Check(bool(by_hand) and not wrong, text + named("Unsaid", wrong))


def _honest(said: Said) -> bool:
    asked = said.source == Source.VENDOR.value and said.state == SeenState.PENDING.value
    return asked or said.source == Source.ADMIN.value


def _settled(licence: Licence) -> bool:
    never_ordered = licence.wanted == "suspended" and licence.seen == SeenState.ABSENT.value
    return licence.wanted == licence.seen or never_ordered
