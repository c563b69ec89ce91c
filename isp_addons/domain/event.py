"""Events: what happened in the billing or to it. A hint to look at the truth again, never the truth itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from isp_addons.domain.problem import BadInput
from isp_addons.domain.text import shorten


class Word(StrEnum):
    """The words of events. ``changed``: something about the account changed, look."""

    CHANGED = "changed"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    PAID = "paid"
    CHARGED = "charged"
    PERIOD_ENDING = "period_ending"
    PERIOD_BEGAN = "period_began"
    TARIFF_CHANGED = "tariff_changed"


ALIASES: Mapping[str, Word] = {
    "on_block": Word.BLOCKED,
    "on_unblock": Word.UNBLOCKED,
    "on_charge": Word.CHARGED,
    "before_period_end": Word.PERIOD_ENDING,
    # NetUP UTM5's firewall rules name the event, not the direction
    "block_changed": Word.CHANGED,
    "inet_on": Word.CHANGED,
    "inet_off": Word.CHANGED,
    "low_balance": Word.CHANGED,
    "payment": Word.PAID,
}
"""Other names for the same words: the hooks' own, and what billings call them."""

_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._@-]{0,63}")
_PLACEHOLDER = re.compile(r"[A-Z]+(_[A-Z]+)+|UID|UIP|EMAIL|[%$&#]?[{(%]?[A-Z_]{2,}[})%]|[%$&#{].*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. ``key`` makes it unique: the same key twice is one event. ``details`` may carry ``amount``, ``tariff``…"""

    key: str
    word: Word
    account: str
    source: str
    details: Mapping[str, str] = field(default_factory=dict)


def parse_word(text: str) -> Word:
    """The word of an event, by its own name or an alias."""
    if text in ALIASES:
        return ALIASES[text]
    try:
        return Word(text)
    except ValueError as error:
        known = ", ".join(sorted([*Word, *ALIASES]))
        raise BadInput(f"{text!r} is not an event; known are {known}.", code="unknown_event") from error


def parse_account(text: str) -> str:
    """An account as a billing names it. A placeholder that the billing did not replace is refused by name."""
    if _PLACEHOLDER.fullmatch(text):
        raise BadInput(
            f"The account is literally {text!r}: the billing did not replace its placeholder; check the spelling in its rule.",
            code="placeholder",
        )
    if not _ACCOUNT.fullmatch(text):
        shown = shorten(text)
        raise BadInput(f"{shown!r} is not an account: letters, digits and . _ @ - only, at most 64.", code="bad_account")
    return text
