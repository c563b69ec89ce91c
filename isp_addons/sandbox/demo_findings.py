"""What was found when the demo's month is over, and how a check on it is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from isp_addons.sandbox.demo_eset import EsetLicence
from isp_addons.sandbox.demo_witness import Pass, Station

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One check: whether it holds, and the sentence with the figures."""

    holds: bool
    text: str


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence of the product: its vendor, its key, what it is wanted to be, what was last seen of it."""

    vendor: str
    key: str
    wanted: str
    seen: str


@dataclass(frozen=True, slots=True)
class Said:
    """One change of what was seen of a licence at Ajax, as the audit has it: to which state, and through which door."""

    key: str
    state: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The dry run beside the expected answer: how many accounts were compared, and which differ."""

    compared: int
    different: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found at ``at``, the end: at the stand-ins, in the product's database, in UTM5's.

    ``stations``, ``ordered``, ``calls``, ``passes``: at AV-Desk. ``eset``: the licences that stand there; ``eset_orders``: how
    often each was ordered. ``tasks``: how many operator tasks were answered in each way; None: not yet. ``said``: see `Said`.
    ``left``: what each account still had, credit included, right after an add-on was charged. ``below``: the accounts that are
    below their limit now. ``unlimited``: those without a limit.
    """

    at: datetime
    stations: Mapping[str, Station]
    ordered: frozenset[str]
    calls: Mapping[str, int]
    passes: Sequence[Pass]
    licences: Sequence[Licence]
    eset: Sequence[EsetLicence]
    eset_orders: Mapping[str, int]
    tasks: Mapping[str | None, int]
    said: Sequence[Said]
    left: Mapping[int, Decimal]
    below: frozenset[int]
    unlimited: frozenset[int]
    hooks_fired: int
    events_handled: int
    spooled: int
    drift: Sequence[Mapping[str, Any]]
    given_up: Sequence[Mapping[str, Any]]
    forecast: Forecast
    changed_their_minds: tuple[int, int]

    def wanted(self, state: str, *, vendor: str) -> list[str]:
        """The keys of the licences of *vendor* that are wanted in *state*."""
        return [each.key for each in self.licences if each.vendor == vendor and each.wanted == state]


def named(what: str, names: Sequence[str]) -> str:
    """The end of a check's sentence that names what is wrong; nothing when nothing is."""
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f" {what}: {', '.join(names[:_SHOWN])}{more}."
