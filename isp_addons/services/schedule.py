"""The schedule of a product as the database has it."""

from collections.abc import Mapping
from datetime import date

from isp_addons.domain.schedule import Schedule
from isp_addons.store.tables import Product

_DAYS = ("assign_from", "grace_from", "enforce_from")


def schedule_of(product: Product) -> Schedule | None:
    """The schedule of *product*; None: seats count from the first day."""
    return from_plain(product.schedule)


def from_plain(plain: Mapping[str, str]) -> Schedule | None:
    """The schedule that `to_plain` wrote."""
    return Schedule(**{name: date.fromisoformat(plain[name]) for name in _DAYS}) if plain else None


def to_plain(schedule: Schedule | None) -> dict[str, str]:
    """*schedule* as JSON values; nothing for none."""
    return {} if schedule is None else {name: getattr(schedule, name).isoformat() for name in _DAYS}
