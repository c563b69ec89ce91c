"""What a plugin can do, verb by verb, from its hooks and capabilities; where its settings decide, which of them."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from pydantic import ValidationError

from isp_addons.clock import Clock
from isp_addons.services.plugin_admin import asks_operators, hooks_of, made_with, sample_options
from isp_addons.vendor_api import Capabilities, SuspendKind, VendorPlugin

Told = Callable[[Capabilities], Mapping[str, str]]


def verbs(plugin: type[VendorPlugin[Any]], *, clock: Clock) -> dict[str, str]:
    """One cell for each verb: yes, how, ``–``, or ``by`` the options that decide. Raises what making an instance raises."""
    hooks = hooks_of(plugin)
    found = _varying(plugin, lambda can: _verbs(hooks, can), clock=clock)
    return {**found, "operator": _yes(asks_operators(plugin))}


def limits(plugin: type[VendorPlugin[Any]], *, clock: Clock) -> dict[str, str]:
    """The vendor's rules, in the same way."""
    return _varying(plugin, _limits, clock=clock)


def _verbs(hooks: Sequence[str], can: Capabilities) -> dict[str, str]:
    suspends = can.suspends is not SuspendKind.NONE
    return {
        "order": _yes("on_order" in hooks),
        "renew": _yes("on_charge" in hooks),
        "suspend": can.suspends.replace("_", " ") if suspends and "on_block" in hooks else _yes(False),
        "resume": _yes(suspends and "on_unblock" in hooks),
        "schedule": _yes(can.can_schedule),
        "quantity": _yes(can.changes_quantity and "on_change" in hooks),
        "seats": _yes(can.counts_seats),
        "codes": _yes(can.issues_codes),
        "users": _yes(can.has_users or can.invites_users),
        "cancel": _yes("on_cancel" in hooks),
        "read": _yes("read_licence" in hooks),
        "list": _yes(can.lists and "list_licences" in hooks),
        "check": _yes("check_vendor" in hooks),
        "webhook": _yes("on_vendor_webhook" in hooks),
    }


def _limits(can: Capabilities) -> dict[str, str]:
    cut, longest = can.daily_cut, can.longest_suspension
    return {
        "without end": _yes(can.endless),
        "daily cut-off": f"{cut[0]:%H:%M} {cut[1]}" if cut else "–",
        "longest suspension": f"{longest.days} days" if longest else "–",
    }


def _yes(can: bool) -> str:
    return "yes" if can else "–"


def _varying(plugin: type[VendorPlugin[Any]], told: Told, *, clock: Clock) -> dict[str, str]:
    """What is told of the usual capabilities; where another value of an option changes it, that option's name."""
    base = _base(plugin)
    usual = told(made_with(plugin, plugin.Options.model_validate(base), clock=clock))
    by: dict[str, list[str]] = {}
    for option in plugin.Options.model_fields:
        for head in sorted(_changed(plugin, base, option, usual, told, clock=clock)):
            by.setdefault(head, []).append(f"`{option}`")
    return {head: f"by {', '.join(by[head])}" if head in by else cell for head, cell in usual.items()}


def _base(plugin: type[VendorPlugin[Any]]) -> dict[str, Any]:
    """What the sample settings say of the required options; all that they say where that does not suffice."""
    given = sample_options(plugin)
    required = {name: given[name] for name in given if plugin.Options.model_fields[name].is_required()}
    try:
        plugin.Options.model_validate(required)
    except ValidationError:  # some that have defaults are needed all the same
        return given
    return required


def _changed(
    plugin: type[VendorPlugin[Any]], base: Mapping[str, Any], option: str, usual: Mapping[str, str], told: Told, *, clock: Clock
) -> set[str]:
    """The heads whose cell is another one under some value of *option*."""
    found = set()
    for value in _values(plugin.Options.model_fields[option].annotation):
        try:
            options = plugin.Options.model_validate({**base, option: value})
        except ValidationError:  # it does not go together with the rest
            continue
        other = told(made_with(plugin, options, clock=clock))
        found |= {head for head, cell in other.items() if cell != usual[head]}
    return found


def _values(annotation: Any) -> list[Any]:
    """All values of an option that has few; of others none."""
    if annotation is bool:
        return ["yes", "no"]
    return list(annotation) if isinstance(annotation, type) and issubclass(annotation, Enum) else []
