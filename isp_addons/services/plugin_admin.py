"""Plugins as an admin sees them: what each can do, where it comes from, and what is wrong with it or a vendor's settings."""

import ast
import dataclasses
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pluggy

from isp_addons import hookspecs
from isp_addons.clock import Clock
from isp_addons.domain.problem import Problem
from isp_addons.host import ENTRY_POINTS, Host, VendorSection
from isp_addons.settings import Settings, check_vendor_options
from isp_addons.vendor_api import Capabilities, SuspendKind, VendorContext, VendorError, VendorOptions, VendorPlugin

Row = dict[str, str]
"""One finding: ``result`` (works, warns, fails), ``what``, ``finding``."""

HOOKS = tuple(name for name, value in vars(hookspecs).items() if hasattr(value, "isp_addons_spec"))
"""Every hook, in the order of the contract."""

NEEDED = ("on_order", "on_charge", "on_cancel", "check_vendor")
"""The hooks that no vendor can do without."""

_ASKS = ("NeedsOperator", "Instructions")
"""What a plugin imports that may ask a person for a step."""

_OTHERS_WRITE = 0o022
"""The bits of a file's mode that let its group and everybody else write it."""

_PLACEHOLDER = "1"
"""Stands for a required option without an example: a text and a number."""

FLAGS = tuple(field.name for field in dataclasses.fields(Capabilities) if field.type in (bool, "bool"))
"""The capabilities that a vendor has or has not."""


@dataclass(frozen=True, slots=True)
class Installed:
    """One plugin that was imported, or could not be: then ``error`` says why and the rest is empty.

    ``source``: the package it belongs to, or its file. ``capabilities`` None: they are known for a configured vendor only.
    """

    name: str
    version: str
    source: str
    plugin: type[VendorPlugin[Any]] | None = None
    hooks: tuple[str, ...] = ()
    capabilities: Capabilities | None = None
    error: str = ""


def installed(host: Host, *, clock: Clock, plugins_dir: Path | None = None) -> Iterator[Installed]:
    """Every plugin that is installed, one at a time; one that is broken is listed with its error."""
    for name in sorted(host.plugins()):
        yield look_at(host, name, clock=clock, plugins_dir=plugins_dir)


def look_at(host: Host, name: str, *, clock: Clock, plugins_dir: Path | None = None) -> Installed:
    """Import one plugin and see what it says of itself. Raises `NotFound` when there is none of that name."""
    if name not in host.plugins():
        host.plugin_class(name)  # raises with the known names
    file = plugins_dir / f"{name}.py" if plugins_dir else None
    packages = _packages()[name]
    sources = [*packages, *([str(file)] if file is not None and file.is_file() else [])]
    seen = Installed(name, host.plugins()[name].version, sources[-1] if sources else "")
    try:
        plugin = host.plugin_class(name)
        hooks = hooks_of(plugin)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too; the others are listed all the same
        return dataclasses.replace(seen, error=f"{type(error).__name__}: {error}")
    double = f"it is installed more than once: {', '.join(sources)}" if len(sources) > 1 else ""
    return dataclasses.replace(
        seen, plugin=plugin, hooks=hooks, capabilities=capabilities_of(plugin, clock=clock), error=double
    )


def hooks_of(plugin: type[VendorPlugin[Any]]) -> tuple[str, ...]:
    """The hooks that a plugin implements, in the order of the contract. Raises for a misspelt one or a wrong argument."""
    manager = pluggy.PluginManager("isp_addons")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, plugin.__name__)
    manager.check_pending()
    own = {caller.name for caller in manager.get_hookcallers(plugin) or ()}
    return tuple(name for name in HOOKS if name in own)


def capabilities_of(plugin: type[VendorPlugin[Any]], *, clock: Clock) -> Capabilities | None:
    """What a plugin can do under `sample_options`; None when no instance can be made with them."""
    try:
        return made_with(plugin, plugin.Options.model_validate(sample_options(plugin)), clock=clock)
    except Exception:  # noqa: BLE001 - a plugin may raise anything, and then nothing is known of it without a vendor
        return None


def sample_options(plugin: type[VendorPlugin[Any]]) -> dict[str, Any]:
    """Settings under which a plugin can be looked at, though not used: its stand-in's, else an example of what is required."""
    try:
        return dict(plugin.sandbox().options())
    except NotImplementedError:
        fields = plugin.Options.model_fields.items()
        return {name: (field.examples or [_PLACEHOLDER])[0] for name, field in fields if field.is_required()}


def made_with(plugin: type[VendorPlugin[Any]], options: VendorOptions, *, clock: Clock) -> Capabilities:
    """The capabilities of one instance, which is closed again. Raises `TypeError` when they are something else."""
    made = plugin(VendorContext(plugin.__name__.lower(), options, clock))
    try:
        found = made.capabilities
    finally:
        made.close()
    if not isinstance(found, Capabilities):
        raise TypeError(f"its capabilities are not Capabilities but {type(found).__name__}")
    return found


def asks_operators(plugin: type[VendorPlugin[Any]]) -> bool:
    """Whether the plugin's code, or that of a plugin it is built on, may answer that a person must do a step."""
    own = [kind for kind in plugin.__mro__ if issubclass(kind, VendorPlugin) and kind is not VendorPlugin]
    files = {file for kind in own for file in _files(kind)}
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files if not file.name.startswith("sandbox"))
    imports = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(each.name in _ASKS for node in imports for each in node.names)


def _files(kind: type) -> list[Path]:
    """The code of the package in which a class stands, or of its only file."""
    place = Path(inspect.getfile(kind))
    alone = "." not in kind.__module__ and place.name != "__init__.py"
    return [place] if alone else sorted(place.parent.rglob("*.py"))


def words(capabilities: Capabilities | None) -> str:
    """Capabilities in a line for people."""
    if capabilities is None:
        return "as its settings say"
    can = [name.replace("_", " ") for name in FLAGS if getattr(capabilities, name) and name != "ends_by_itself"]
    can += [] if capabilities.ends_by_itself else ["runs on after its end"]
    suspends = "cannot suspend" if capabilities.suspends is SuspendKind.NONE else f"suspends by {capabilities.suspends}"
    return ", ".join([suspends.replace("_", " "), *can])


def as_facts(capabilities: Capabilities | None) -> dict[str, str | int | bool | None] | None:
    """The same for machines: spans in days, the daily cut-off as ``18:00 Europe/Berlin``."""
    if capabilities is None:
        return None
    cut, longest = capabilities.daily_cut, capabilities.longest_suspension
    return {
        "suspends": capabilities.suspends.value,
        **{name: getattr(capabilities, name) for name in FLAGS},
        "batch": capabilities.batch,
        "daily_cut": None if cut is None else f"{cut[0]:%H:%M} {cut[1]}",
        "longest_suspension_days": None if longest is None else longest.days,
    }


def writable_by_others(plugins_dir: Path | None) -> list[str]:
    """A sentence for each file of *plugins_dir*, and for the folder itself, that somebody else may write."""
    return [] if plugins_dir is None else _writable([plugins_dir, *sorted(plugins_dir.glob("*.py"))])


def _writable(paths: Iterable[Path]) -> list[str]:
    return [
        f"others may write {path}, and what is in it runs with all rights of isp-addons; run: chmod go-w {path}"
        for path in paths
        if path.exists() and path.stat().st_mode & _OTHERS_WRITE
    ]


def examine(plugin: Installed) -> Iterator[Row]:
    """Everything that can be said of a plugin without a vendor."""
    if plugin.plugin is None:
        yield _row("fails", "plugin", f"{plugin.name} does not load: {plugin.error}")
        return
    yield _row("works", "plugin", f"{plugin.name} {plugin.version} from {plugin.source} loads as {plugin.plugin.__name__}")
    if plugin.error:
        yield _row("warns", "plugin", plugin.error)
    if plugin.version == "file":
        file = Path(plugin.source)
        yield from (_row("warns", "plugin", each) for each in _writable([file.parent, file]))
    yield _row("works", "hooks", ", ".join(plugin.hooks) or "none")
    missing = [hook for hook in NEEDED if hook not in plugin.hooks]
    if missing:
        yield _row("fails", "hooks", f"{', '.join(missing)} not implemented; every licence needs it")
    if "read_licence" not in plugin.hooks and not asks_operators(plugin.plugin):
        yield _row("warns", "hooks", "without read_licence an unknown outcome can never be settled")
    yield from _examine_options(plugin.plugin)
    if plugin.capabilities is None:
        yield _row(
            "warns", "capabilities", "known for a configured vendor only: it has no stand-in, and its options no examples"
        )
    else:
        yield from _examine_capabilities(plugin.hooks, plugin.capabilities)


def examine_vendor(settings: Settings, name: str, *, clock: Clock) -> Iterator[Row]:
    """Prove one configured vendor, enabled or not: its plugin, its options, and a harmless call to the vendor."""
    section = settings.vendors[name]
    folder = settings.general.plugins_dir
    finder = Host((), clock=clock, plugins_dir=folder)
    try:
        plugin = look_at(finder, section.plugin, clock=clock, plugins_dir=folder)
    except Problem as problem:
        yield _row("fails", "plugin", problem.message)
        return
    for row in examine(plugin):
        if row["what"] != "capabilities" or plugin.plugin is None:  # those of the vendor count
            yield row
    if plugin.plugin is not None:
        yield from _prove(settings, name, plugin, clock=clock)


def _prove(settings: Settings, name: str, plugin: Installed, *, clock: Clock) -> Iterator[Row]:
    section = settings.vendors[name]
    alone = dataclasses.replace(settings, vendors={name: section})
    try:
        options = check_vendor_options(alone, lambda _: plugin.plugin)[name]
    except Problem as problem:
        yield from (_row("fails", "settings", line) for line in problem.message.splitlines())
        return
    yield _row("works", "settings", f"[vendor:{name}] is right")
    sections = [VendorSection(name, section.plugin, True, options)]
    host = Host(sections, clock=clock, plugins_dir=settings.general.plugins_dir)
    try:
        vendor = host.vendor(name)
        yield from _examine_capabilities(vendor.hooks, vendor.capabilities)
        yield from (_row("works", "vendor", finding) for finding in vendor.check().findings)
    except (Problem, VendorError) as error:
        yield _row("fails", "vendor", str(error))
    finally:
        host.close()


def _examine_options(plugin: type[VendorPlugin[Any]]) -> Iterator[Row]:
    model: Any = plugin.Options
    if not (isinstance(model, type) and issubclass(model, VendorOptions)):
        yield _row("fails", "options", f"Options should be a VendorOptions class, not {model!r}")
        return
    bare = [name for name, field in model.model_fields.items() if not field.description]
    if bare:
        yield _row("fails", "options", f"{', '.join(bare)} without description, which the sample configuration shows")
    else:
        yield _row("works", "options", ", ".join(model.model_fields) or "none")


def _examine_capabilities(hooks: Sequence[str], can: Capabilities) -> Iterator[Row]:
    yield _row("works", "capabilities", words(can))
    promised: Mapping[str, tuple[bool, Sequence[str]]] = {
        f"suspends by {can.suspends}": (can.suspends is not SuspendKind.NONE, ("on_block", "on_unblock")),
        "can_schedule": (can.can_schedule, ("before_period_end",)),
        "changes_quantity": (can.changes_quantity, ("on_change",)),
        "lists": (can.lists, ("list_licences",)),
    }
    for capability, (declared, needed) in promised.items():
        missing = [hook for hook in needed if hook not in hooks]
        if declared and missing:
            yield _row("fails", "capabilities", f"it declares {capability}, but does not implement {', '.join(missing)}")
    if can.counts_seats and can.changes_quantity:
        yield _row("fails", "capabilities", "counts_seats means that the quantity is always 1: changes_quantity contradicts it")


def _packages() -> Mapping[str, list[str]]:
    """The names of the packages that bring each plugin."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for point in metadata.entry_points(group=ENTRY_POINTS):
        found[point.name].append(point.dist.name if point.dist else "?")
    return found


def _row(result: str, what: str, finding: str) -> Row:
    return {"result": result, "what": what, "finding": finding}
