"""An operator task: what a person was asked to do at a vendor's console, and whether it is still what is wanted."""

from enum import StrEnum

from isp_addons.domain.licence import Step, Wanted


class TaskStatus(StrEnum):
    """``open``: to be done. ``recalled``: not wanted any more; say whether it was done. ``refused``: the vendor said no."""

    OPEN = "open"
    RECALLED = "recalled"
    REFUSED = "refused"


class TaskOutcome(StrEnum):
    """How a person answered."""

    CONFIRMED = "confirmed"
    COULD_NOT = "could_not"
    ASKED_AGAIN = "asked_again"


def still_wanted(step: Step, *, asked: Wanted, wanted: Wanted) -> bool:
    """Whether doing *step*, asked for when *asked* was wanted, still leads to what is *wanted* now.

    Only what the step itself brings about counts: what else has changed meanwhile is asked for afterwards.
    """
    if asked.state is not wanted.state:
        return False
    if step in (Step.ORDER, Step.CHANGE):
        return (asked.quantity, asked.split) == (wanted.quantity, wanted.split)
    return step is not Step.CHARGE or asked.paid_until == wanted.paid_until
