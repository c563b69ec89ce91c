"""Finds, enables and calls vendor plugins: one instance for each configured vendor, one vendor at a time."""

import importlib.util
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pluggy
from isp_addons import hookspecs
from isp_addons.clock import Clock
from isp_addons.domain.licence import Step
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    NeedsOperator,
    Outcome,
    OutcomeUnknown,
    Pending,
    SeenLicence,
    Unsupported,
    VendorContext,
    VendorError,
    VendorOptions,
    VendorPlugin,
)

log = logging.getLogger(__name__)

ENTRY_POINTS = "isp_addons.vendors"


@dataclass(frozen=True, slots=True)
class VendorSection:
    """One ``[vendor:NAME]``, its plugin's options checked already; None: the plugin could not be loaded for that."""

    name: str
    plugin: str
    enabled: bool
    options: VendorOptions | None


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that is installed: where it comes from, and how to load it."""

    name: str
    version: str
    load: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class VendorStatus:
    """One configured vendor as an admin sees it; ``error`` says why it cannot be used."""

    name: str
    plugin: str
    version: str
    enabled: bool
    hooks: tuple[str, ...]
    error: str = ""


class Vendor:
    """One enabled vendor. Its own plugin manager: a hook called here reaches this plugin and no other."""

    def __init__(self, name: str, plugin: VendorPlugin[Any], version: str) -> None:
        self.name = name
        self.version = version
        self.plugin = plugin
        self._manager = pluggy.PluginManager("isp_addons")
        self._manager.add_hookspecs(hookspecs)
        self._manager.register(plugin, name)
        self._manager.check_pending()  # a misspelt hook would else be silent
        self.hooks = tuple(sorted(caller.name for caller in self._manager.get_hookcallers(plugin) or ()))

    @property
    def capabilities(self) -> Capabilities:
        """What this vendor can do."""
        return self.plugin.capabilities

    def do(self, step: Step, licence: LicenceView, *, old_quantity: int = 1) -> Outcome | SeenLicence:
        """Make the vendor call of *step*. Raises a `VendorError`; anything else that escapes a plugin is `OutcomeUnknown`."""
        if step is Step.BEFORE_PERIOD_END and step.value not in self.hooks:
            step = Step.BLOCK
        arguments: dict[str, Any] = {"licence": licence}
        if step is Step.CHANGE:
            arguments["old_quantity"] = old_quantity
        answer = self._call(step.value, **arguments)
        expected = SeenLicence if step is Step.READ else (Done, Pending, NeedsOperator)
        if not isinstance(answer, expected):
            raise OutcomeUnknown(
                f"{self.name}.{step.value} answered {type(answer).__name__}, which the contract does not know."
            )
        return answer

    def read(self, licence: LicenceView) -> SeenLicence:
        """What the vendor has under the licence's key."""
        answer = self.do(Step.READ, licence)
        assert isinstance(answer, SeenLicence)  # noqa: S101 - `do` has made sure of it
        return answer

    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        """Page through all that the vendor has; raises when a page fails, so that a cut-off list is never taken for all."""
        pages = self._call("list_licences")
        while True:
            try:
                page = next(pages)
            except StopIteration:
                return
            except VendorError:
                raise
            except Exception as error:
                raise self._unknown("list_licences", error) from error
            yield page

    def check(self) -> CheckReport:
        """Prove the settings with a harmless call."""
        report = self._call("check_vendor")
        return report if isinstance(report, CheckReport) else CheckReport(())

    def _call(self, hook: str, **arguments: Any) -> Any:
        if hook not in self.hooks:
            raise Unsupported(f"The plugin of vendor {self.name} has no {hook}.", action=hook)
        try:
            return getattr(self._manager.hook, hook)(**arguments)
        except VendorError:
            raise
        except Exception as error:
            raise self._unknown(hook, error) from error

    def _unknown(self, hook: str, error: Exception) -> OutcomeUnknown:
        log.exception("plugin of vendor %s raised in %s", self.name, hook)
        return OutcomeUnknown(f"the plugin of vendor {self.name} raised {type(error).__name__}: {error}", action=hook)


class Host:
    """All configured vendors. A broken one is listed with its error and disturbs nobody."""

    def __init__(self, sections: Iterable[VendorSection], *, clock: Clock, plugins_dir: Path | None = None) -> None:
        self._sections = {section.name: section for section in sections}
        self._clock = clock
        self._plugins_dir = plugins_dir
        self._vendors: dict[str, Vendor] = {}
        self._errors: dict[str, str] = {}
        self._load_errors: dict[str, str] = {}
        self._found: dict[str, FoundPlugin] | None = None

    def names(self) -> tuple[str, ...]:
        """Every configured vendor, enabled or not."""
        return tuple(self._sections)

    def usable(self) -> tuple[Vendor, ...]:
        """The vendors that are enabled and load."""
        return tuple(self._vendors[name] for name in self._sections if self._try(name))

    def vendor(self, name: str) -> Vendor:
        """One vendor to be called. Raises `NotFound` when unknown, `Refused` when disabled or broken."""
        section = self._sections.get(name)
        if section is None:
            known = ", ".join(self._sections) or "none is configured"
            raise NotFound(
                f"There is no vendor {name!r}; add a section [vendor:{name}] (known: {known}).", code="unknown_vendor"
            )
        if not section.enabled:
            raise Refused(f"The vendor {name} is disabled; set enabled = yes in [vendor:{name}].", code="vendor_disabled")
        if not self._try(name):
            raise Refused(f"The vendor {name} cannot be used: {self._errors[name]}", code="vendor_broken")
        return self._vendors[name]

    def statuses(self) -> list[VendorStatus]:
        """Every configured vendor with its health, broken ones with their error."""
        found = self.plugins()
        rows = []
        for name, section in self._sections.items():
            self._try(name)
            vendor = self._vendors.get(name)
            version = found[section.plugin].version if section.plugin in found else ""
            rows.append(
                VendorStatus(
                    name, section.plugin, version, section.enabled, vendor.hooks if vendor else (), self._errors.get(name, "")
                )
            )
        return rows

    def plugins(self) -> dict[str, FoundPlugin]:
        """Every installed plugin by name; nothing is imported yet."""
        if self._found is None:
            self._found = {point.name: _from_entry_point(point) for point in metadata.entry_points(group=ENTRY_POINTS)}
            for path in sorted(self._plugins_dir.glob("*.py")) if self._plugins_dir else ():
                self._found[path.stem] = FoundPlugin(path.stem, "file", lambda path=path: _from_file(path))  # type: ignore[misc]
        return self._found

    def plugin_class(self, name: str) -> type[VendorPlugin[Any]]:
        """Import one plugin. Raises `NotFound`, or whatever the plugin's own import raises."""
        found = self.plugins().get(name)
        if found is None:
            known = ", ".join(sorted(self.plugins())) or "none"
            raise NotFound(f"There is no plugin {name!r} (installed: {known}).", code="unknown_plugin")
        loaded = found.load()
        if not (isinstance(loaded, type) and issubclass(loaded, VendorPlugin)):
            raise TypeError(f"the plugin {name!r} is not a VendorPlugin class but {loaded!r}")
        return loaded

    def try_plugin_class(self, name: str) -> type[VendorPlugin[Any]] | None:
        """Import one plugin; None when it is missing or does not load, which `statuses` then says."""
        try:
            return self.plugin_class(name)
        except NotFound as error:
            self._load_errors[name] = error.message
        except Exception as error:  # a plugin may raise anything on import; it is listed, and the others go on
            log.exception("the plugin %s does not load", name)
            self._load_errors[name] = f"the plugin {name} does not load: {type(error).__name__}: {error}"
        return None

    def close(self) -> None:
        """Let every loaded plugin go of its connections."""
        for vendor in self._vendors.values():
            vendor.plugin.close()

    def _try(self, name: str) -> bool:
        section = self._sections[name]
        if section.enabled and name not in self._vendors and name not in self._errors:
            plugin = self.try_plugin_class(section.plugin)
            if plugin is not None:
                self._start(section, plugin)
            else:
                self._errors[name] = self._load_errors[section.plugin]
        return name in self._vendors

    def _start(self, section: VendorSection, plugin: type[VendorPlugin[Any]]) -> None:
        try:
            options = section.options if section.options is not None else plugin.Options()
            made = plugin(VendorContext(section.name, options, self._clock))
            self._vendors[section.name] = Vendor(section.name, made, self.plugins()[section.plugin].version)
        except Exception as error:  # a plugin may raise anything; it is listed, and the others go on
            log.exception("the plugin %s of vendor %s does not start", section.plugin, section.name)
            self._errors[section.name] = f"the plugin {section.plugin} does not start: {type(error).__name__}: {error}"


def _from_entry_point(point: metadata.EntryPoint) -> FoundPlugin:
    version = point.dist.version if point.dist else ""
    return FoundPlugin(point.name, version, point.load)


def _from_file(path: Path) -> Any:
    """Load a single-file plugin: the one `VendorPlugin` subclass that the file defines."""
    spec = importlib.util.spec_from_file_location(f"isp_addons_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, VendorPlugin) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise ImportError(f"{path} must define exactly one VendorPlugin class, found {len(classes)}")
    return classes[0]
