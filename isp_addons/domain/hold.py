"""Holds: reasons to be suspended, each with an owner. Usable only when none stands; only its owner lifts a hold."""

from enum import StrEnum


class HoldOwner(StrEnum):
    """Who put the hold, and so who alone may lift it."""

    BILLING = "billing"
    FORECAST = "forecast"
    ADMIN = "admin"
    ABUSE = "abuse"
    USER = "user"
    VENDOR = "vendor"


BY_HAND = (HoldOwner.ADMIN, HoldOwner.ABUSE, HoldOwner.USER)
"""Holds that a person puts and lifts by name; the others follow from what the billing or the vendor says."""
